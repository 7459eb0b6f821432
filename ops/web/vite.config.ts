import { appendFileSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const FONT = new URL("node_modules/@fontsource-variable/ibm-plex-sans/", import.meta.url);

/** The licence of the font, which no script imports, beside those of the packages. */
const fontLicence: Plugin = {
  name: "font-licence",
  writeBundle: ({ dir = "dist" }) =>
    appendFileSync(`${dir}/third-party-licences.md`, `\n## IBM Plex Sans (OFL-1.1)\n\n${readFileSync(new URL("LICENSE", FONT), "utf8")}`),
};

// No inlined assets: the page's policy allows scripts and styles only as files of this server.
export default defineConfig({
  base: "/",
  plugins: [fontLicence],
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
