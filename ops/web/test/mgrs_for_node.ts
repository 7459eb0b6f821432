// For tests of modules that import packages without an entry for node: of MGRS there is one for bundlers only, and of the
// symbols the build takes single files.

import { registerHooks } from "node:module";

const PACKAGES = new URL("../node_modules/", import.meta.url).href;
const PARTS = "milsymbol/parts/";

function resolved(name: string): string {
  if (name === "mgrs") return `${PACKAGES}mgrs/dist/mgrs.esm.js`;
  return name.startsWith(PARTS) ? `${PACKAGES}milsymbol/src/${name.slice(PARTS.length)}` : name;
}

registerHooks({ resolve: (name, context, next) => next(resolved(name), context) });
