// milsymbol's module of parts (see vite.config.ts); its own types describe the whole library only.
declare module "milsymbol/sets" {
  import type { SymbolOptions } from "milsymbol";
  class DrawnSymbol {
    constructor(sidc: string, options: SymbolOptions);
    asCanvas(ratio: number): HTMLCanvasElement;
    getAnchor(): { x: number; y: number };
    getSize(): { width: number; height: number };
  }
  export const ms: { addIcons(set: unknown): void; Symbol: typeof DrawnSymbol };
  export const numberlandcivilian: unknown;
  export const numberlandequipment: unknown;
}
