import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { ICON_NAMES } from "./src/map/icon_set.ts";
import { keepIcons } from "./tools/keep_icons.ts";

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
    handler(_, { bundle = {}, chunk, path }) {
      if (path === "/field.html") return []; // the field page has the system's font and no map library
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

/** The library's module of icons without those that no page draws: a hundred kilobytes less to load. */
const fewIcons: Plugin = {
  name: "few-icons",
  transform: {
    filter: { id: /milsymbol\/src\/iconparts\/ground\.js$/ },
    handler: (source) => keepIcons(source, ICON_NAMES),
  },
};

/** The file of colours also has those of reports and tiles: the pages' style sheets keep what their sources name. */
const usedColours = () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|css)$/.test(name));
  const texts = sources.map((name) => readFileSync(`src/${name}`, "utf8"));
  const used = new Set(texts.flatMap((text) => text.match(/--[a-z0-9-]+/g) ?? []));
  return {
    postcssPlugin: "used-colours",
    Declaration: (stated: { prop: string; value: string; remove: () => void }) => {
      if (stated.prop.startsWith("--") && /^#[0-9a-f]+$/.test(stated.value) && !used.has(stated.prop)) stated.remove();
    },
  };
};

// No inlined assets: the page's policy allows scripts and styles only as files of this server.
export default defineConfig({
  base: "/",
  resolve: {
    // milsymbol's package gives only the whole library; its modules let us take the few icons we draw.
    alias: { "milsymbol/parts": new URL("node_modules/milsymbol/src", import.meta.url).pathname },
  },
  worker: { format: "es" },
  plugins: [fontLicence, preloads, keptFiles(), fewIcons],
  css: { postcss: { plugins: [usedColours()] } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2500,
    rollupOptions: {
      input: { index: "index.html", plan: "plan.html", nation: "nation.html", field: "field.html", sw: "src/field/sw.ts", font: "src/styles/font.css" },
      // The service worker of the field page has a fixed address, from which browsers ask for updates.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "field/sw.js" : "assets/[name]-[hash].js") },
    },
    license: { fileName: "third-party-licences.md" },
  },
});

/** Writes into the service worker of the field page what it keeps: the page, and exactly the files that it loads. */
function keptFiles(): Plugin {
  return {
    name: "kept-files",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const page = bundle["field.html"];
        const worker = bundle["field/sw.js"];
        if (page?.type !== "asset" || worker?.type !== "chunk") throw new Error("The field page or its service worker was not built.");
        if (worker.imports.length > 0) throw new Error("The service worker imports other files, which browsers do not load.");
        const markup = String(page.source);
        const files = new Set([...markup.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => String(file)));
        for (const file of files) {
          const chunk = bundle[file.slice(1)];
          if (chunk?.type !== "chunk") continue;
          for (const more of [...chunk.imports, ...chunk.dynamicImports, ...(chunk.viteMetadata?.importedCss ?? []), ...(chunk.viteMetadata?.importedAssets ?? [])])
            files.add(`/${more}`);
        }
        const version = createHash("sha256").update(markup).update([...files].join()).digest("hex").slice(0, 16);
        worker.code = worker.code
          .replace(/(["'`])__FIELD_FILES__\1/, JSON.stringify(["/field", ...files]))
          .replace("__FIELD_CACHE__", `watchline-field-${version}`);
        if (!worker.code.includes(version) || worker.code.includes("__FIELD_")) throw new Error("The service worker has no list of files.");
      },
    },
  };
}
