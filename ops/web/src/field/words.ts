// The words of the field page: only its own messages and those that all pages share. Imported first.

import { setLanguage } from "../words/language_setting.ts";

setLanguage(
  import.meta.glob<string>("../../../words/*/{common,field}.ftl", { query: "?raw", import: "default", eager: true }),
);
