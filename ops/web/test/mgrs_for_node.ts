// For tests of modules that write or read MGRS: the package has no entry for node, only one for bundlers.

import { registerHooks } from "node:module";

const ENTRY = new URL("../node_modules/mgrs/dist/mgrs.esm.js", import.meta.url).href;

registerHooks({ resolve: (name, context, next) => next(name === "mgrs" ? ENTRY : name, context) });
