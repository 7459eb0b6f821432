// The words of the national page. Imported first, so that nothing is said before.

import { setLanguage } from "../words/language_setting.ts";

setLanguage(
  import.meta.glob<string>("../../../words/*/{alerts,common,incidents,nation_page,page}.ftl", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
