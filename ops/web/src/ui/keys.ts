// Single keys of the page. They are silent while somebody types or a dialog is open, and can be switched off in the help.

import { singleKeysOn } from "../panels/help.ts";

export function listenForKeys(actions: Readonly<Record<string, () => void>>, escape: () => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.repeat || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape") return escape();
    const target = event.target as Element;
    if (!singleKeysOn() || target.closest("input:not([type=checkbox], [type=range]), textarea, select") !== null) return;
    const action = actions[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}
