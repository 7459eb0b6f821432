// Fills the page's own elements: the text and attributes of the message that `data-l10n` names.

import { words } from "./say.ts";

const ATTRIBUTES = ["aria-label", "placeholder", "title"] as const;

export function localize(root: HTMLElement): void {
  for (const node of root.querySelectorAll<HTMLElement>("[data-l10n]")) {
    const id = node.dataset["l10n"] ?? "";
    const attributes = ATTRIBUTES.filter((name) => words().has(`${id}.${name}`));
    for (const name of attributes) node.setAttribute(name, words().say(`${id}.${name}`));
    if (words().has(id) || attributes.length === 0) node.textContent = words().say(id);
  }
}
