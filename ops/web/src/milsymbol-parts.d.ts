// milsymbol's modules (see vite.config.ts); its own types describe the whole library only.
declare module "milsymbol/parts/milsymbol.js" {
  import type { SymbolOptions } from "milsymbol";
  class DrawnSymbol {
    constructor(sidc: string, options: SymbolOptions);
    asCanvas(ratio: number): HTMLCanvasElement;
    getAnchor(): { x: number; y: number };
    getSize(): { width: number; height: number };
  }
  export const ms: { addIcons(set: unknown): void; Symbol: typeof DrawnSymbol };
}
declare module "milsymbol/parts/iconparts/ground.js" {
  const icons: unknown;
  export default icons;
}
declare module "milsymbol/parts/numbersidc/metadata.js" {
  export const metadata: unknown;
}
declare module "milsymbol/parts/numbersidc/geticons.js" {
  export const geticons: unknown;
}
