import { appendFileSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const FONT = new URL("node_modules/@fontsource-variable/ibm-plex-sans/", import.meta.url);

/** The licence of the font, which no script imports, beside those of the packages. */
const fontLicence: Plugin = {
  name: "font-licence",
  writeBundle: ({ dir = "dist" }) =>
    appendFileSync(`${dir}/third-party-licences.md`, `\n## IBM Plex Sans (OFL-1.1)\n\n${readFileSync(new URL("LICENSE", FONT), "utf8")}`),
};

/** The browser fetches the map's code and the letters of Latin while it still runs the page's own code, not after it. */
const preloads: Plugin = {
  name: "preloads",
  transformIndexHtml: {
    order: "post",
    handler(_, { bundle = {}, chunk }) {
      const later = (chunk?.type === "chunk" ? chunk.dynamicImports : []).flatMap((name) => {
        const found = bundle[name];
        return found?.type === "chunk" ? [name, ...found.imports] : [];
      });
      const scripts = [...new Set(later)].filter((name) => name !== chunk?.fileName && !chunk?.imports.includes(name));
      const fonts = Object.keys(bundle).filter((name) => /latin-wght.*\.woff2$/.test(name));
      const link = (attrs: Record<string, string>) => ({ tag: "link", attrs: { ...attrs, crossorigin: "" }, injectTo: "head" as const });
      return [
        ...fonts.map((name) => link({ rel: "preload", as: "font", type: "font/woff2", href: `/${name}` })),
        ...scripts.map((name) => link({ rel: "modulepreload", href: `/${name}` })),
      ];
    },
  },
};

// No inlined assets: the page's policy allows scripts and styles only as files of this server.
export default defineConfig({
  base: "/",
  plugins: [fontLicence, preloads],
  resolve: {
    // milsymbol's package gives only the whole library; its index.mjs lets us take the few symbol sets we draw.
    alias: { "milsymbol/sets": new URL("node_modules/milsymbol/index.mjs", import.meta.url).pathname },
  },
  worker: { format: "es" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2500,
    rollupOptions: { input: ["index.html", "plan.html", "src/styles/font.css"] },
    license: { fileName: "third-party-licences.md" },
  },
});
