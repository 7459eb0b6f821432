// On a phone the header is one row: its buttons and the sector's name open below it.

import { part } from "./dom.ts";

export function followStripMenu(): void {
  const [strip, button] = [part("strip"), part("strip-menu")];
  const open = (shown: boolean): void => {
    strip.dataset["menu"] = shown ? "open" : "closed";
    button.setAttribute("aria-expanded", String(shown));
  };
  open(false);
  button.addEventListener("click", () => open(strip.dataset["menu"] !== "open"));
  strip.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || strip.dataset["menu"] !== "open") return;
    event.preventDefault();
    open(false);
    button.focus();
  });
  part("strip-buttons").addEventListener("click", () => open(false));
}
