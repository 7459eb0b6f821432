// Equipment carried from the list to the map by mouse, pen or finger. A finger scrolls the list up and down; it carries an
// item by its sign in any direction, or sideways from anywhere on it.

import { el } from "../ui/dom.ts";

/** A pointer that has moved less has only clicked. */
const CLICK_PX = 6;

export interface CarryEvents {
  /** It is over this point of the page. */
  over(item: string, x: number, y: number): void;
  /** It is put down there. */
  drop(item: string, x: number, y: number): void;
  /** It is let go: nothing is placed. */
  cancel(): void;
}

/** `grip`: where a finger takes the row without scrolling the list. */
export function carriable(row: HTMLElement, grip: HTMLElement, item: string, events: CarryEvents): void {
  row.addEventListener("pointerdown", (down) => {
    if (!down.isPrimary || down.button !== 0) return;
    const byGrip = down.pointerType === "mouse" || (down.target instanceof Node && grip.contains(down.target));
    const listening = new AbortController();
    const { signal } = listening;
    let carried: HTMLElement | null = null;
    const end = (): void => {
      listening.abort();
      carried?.remove();
    };
    const move = (event: PointerEvent): void => {
      if (event.pointerId !== down.pointerId) return;
      const [right, below] = [Math.abs(event.clientX - down.clientX), Math.abs(event.clientY - down.clientY)];
      if (carried === null) {
        if (Math.hypot(right, below) < CLICK_PX || (!byGrip && below > right)) return;
        row.setPointerCapture(down.pointerId);
        carried = ghostOf(row);
      }
      event.preventDefault();
      carried.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`;
      events.over(item, event.clientX, event.clientY);
    };
    document.addEventListener("pointermove", move, { signal }); // a quick mouse has left the row before it has gone far
    document.addEventListener(
      "pointerup",
      (event) => {
        if (event.pointerId !== down.pointerId) return;
        const wasCarried = carried !== null;
        end();
        if (!wasCarried) return;
        ignoreClick(row, true);
        events.drop(item, event.clientX, event.clientY);
      },
      { signal },
    );
    const cancel = (): void => {
      const wasCarried = carried !== null;
      end();
      if (wasCarried) events.cancel();
    };
    document.addEventListener("pointercancel", (event) => event.pointerId === down.pointerId && cancel(), { signal });
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || carried === null) return;
        event.stopPropagation();
        ignoreClick(row, false);
        cancel();
      },
      { signal, capture: true },
    );
  });
  // a long press of a finger is a way to carry, not to open a menu
  row.addEventListener("contextmenu", (event) => event.preventDefault());
}

/** The sign of the item under the pointer. */
function ghostOf(row: HTMLElement): HTMLElement {
  const sign = row.querySelector(".pin-sample")?.cloneNode(true) ?? null;
  const name = row.querySelector(".item-name")?.textContent ?? "";
  const ghost = el("div", { class: "carried", data: { testid: "carried" }, aria: { hidden: "true" } }, sign, el("span", {}, name));
  document.body.append(ghost);
  return ghost;
}

/** The end of carrying is a click on the row for the browser; it is not one for a person. `lifted`: the pointer is up. */
function ignoreClick(row: HTMLElement, lifted: boolean): void {
  const ignore = (event: Event): void => event.stopImmediatePropagation();
  row.addEventListener("click", ignore, { capture: true, once: true });
  const forget = (): void => void setTimeout(() => row.removeEventListener("click", ignore, { capture: true }), 0);
  if (lifted) forget();
  else document.addEventListener("pointerup", forget, { once: true });
}
