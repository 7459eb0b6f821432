import { defineConfig } from "vite";

// No inlined assets: the page's policy allows scripts and styles only as files of this server.
export default defineConfig({
  base: "/",
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
    rollupOptions: { input: ["index.html", "plan.html"] },
    license: { fileName: "third-party-licences.md" },
  },
});
