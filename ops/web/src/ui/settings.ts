// The settings of this page on this computer: language and units. A change takes effect by loading the page again.

import { LANGUAGE_NAMES } from "../words/catalogue.ts";
import { UNIT_SYSTEMS } from "../words/formats.ts";
import { say } from "../words/say.ts";
import { el, part } from "./dom.ts";
import { remember, remembered } from "./preferences.ts";

export class Settings {
  constructor() {
    const dialog = el("dialog", { id: "settings", data: { testid: "settings" }, aria: { labelledby: "settings-title" } });
    const language = choice("language", remembered("language") ?? "", [
      ["", say("page-settings-browser")],
      ...Object.entries(LANGUAGE_NAMES),
    ]);
    for (const option of language.options) if (option.value !== "") option.lang = option.value;
    const units = choice(
      "units",
      remembered("units") ?? "metric",
      UNIT_SYSTEMS.map((system) => [system, say("page-settings-units-of", { units: system })] as const),
    );
    const close = el(
      "button",
      { type: "button", data: { testid: "settings-close" }, on: { click: () => dialog.close() } },
      say("page-close"),
    );
    dialog.append(
      el("h2", { id: "settings-title" }, say("page-settings")),
      el("label", { class: "setting" }, say("page-settings-language"), language),
      el("label", { class: "setting" }, say("page-settings-units"), units),
      el("div", { class: "dialog-buttons" }, close),
    );
    document.body.append(dialog);
    part("settings-open").addEventListener("click", () => dialog.showModal());
  }
}

function choice(name: string, value: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  const select = el("select", { data: { testid: `settings-${name}` } });
  for (const [id, title] of options) {
    const option = el("option", {}, title);
    option.value = id;
    select.append(option);
  }
  select.value = value;
  select.addEventListener("change", () => {
    remember(name, select.value);
    const address = new URL(location.href);
    address.searchParams.delete(name);
    location.replace(address);
  });
  return select;
}
