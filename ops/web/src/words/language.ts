// The words of the operations and planning pages. Imported first, so that nothing is said before.

import { setLanguage } from "./language_setting.ts";

setLanguage(
  import.meta.glob<string>("../../../words/*/{alerts,common,compare,equipment,forces,incidents,map,overview,page,pictures,planner,replay,sensors,share}.ftl", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
