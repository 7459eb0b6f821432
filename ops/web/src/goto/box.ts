// The search box of the map: type, choose with the arrows, Enter moves the map there and selects.

import { list, number, object, text } from "../model/parse.ts";
import { getJson, RequestFailed } from "../net/api.ts";
import { el, part, setText } from "../ui/dom.ts";
import { say } from "../words/say.ts";
import type { Found, NamedPlace } from "./find.ts";

const KINDS = ["settlement", "river", "road"] as const;

export class GoToBox {
  readonly #input = part<HTMLInputElement>("go-to-input");
  readonly #list = part("go-to-list");
  readonly #note = part("go-to-note");
  readonly #find: (text: string, places: readonly NamedPlace[]) => Found[];
  readonly #go: (found: Found) => void;
  #places: readonly NamedPlace[] | null = null;
  #found: readonly Found[] = [];
  #chosen = 0;

  /** `find`: what a text finds; `go`: to what was chosen. */
  constructor(find: (text: string, places: readonly NamedPlace[]) => Found[], go: (found: Found) => void) {
    this.#find = find;
    this.#go = go;
    part("go-to").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take(this.#found[this.#chosen]);
    });
    this.#input.addEventListener("focus", () => void this.#loadPlaces());
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#show([]));
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the box
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  #search(): void {
    this.#chosen = 0;
    const words = this.#input.value.trim();
    const found = words === "" ? [] : this.#find(words, this.#places ?? []);
    this.#show(found);
    setText(this.#note, words === "" ? "" : say("goto-found", { count: found.length }));
    this.#note.dataset["none"] = String(words !== "" && found.length === 0);
  }

  /** With more to find; what is chosen stays chosen. */
  #searchAgain(): void {
    const chosen = this.#found[this.#chosen];
    this.#search();
    const at = this.#found.findIndex(({ name, kind }) => name === chosen?.name && kind === chosen.kind);
    if (at > 0) this.#choose(at);
  }

  #show(found: readonly Found[]): void {
    this.#found = found;
    this.#list.replaceChildren(
      ...found.map((one, index) => {
        const names = [el("span", { class: "name", code: one.to?.kind !== "segment" }, one.name), el("span", { class: "kind" }, one.kind)];
        if (one.hint !== "") names.push(el("span", { class: "hint" }, one.hint));
        const data = { testid: "go-to-found", kind: one.to?.kind ?? "place" };
        const on = { click: () => this.#take(one), pointermove: () => this.#choose(index) };
        return el("li", { id: `go-to-${index}`, role: "option", data, on, aria: { selected: String(index === 0) } }, ...names);
      }),
    );
    this.#list.hidden = found.length === 0;
    this.#input.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length === 0) {
      setText(this.#note, "");
      this.#note.dataset["none"] = "false";
    }
    this.#choose(0);
  }

  #choose(index: number): void {
    this.#chosen = index;
    const rows = [...this.#list.children];
    for (const [at, row] of rows.entries()) row.setAttribute("aria-selected", String(at === index));
    if (rows[index] === undefined) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", rows[index].id);
    rows[index]?.scrollIntoView({ block: "nearest" });
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && this.#found.length > 0)
      this.#choose((this.#chosen + step + this.#found.length) % this.#found.length);
    else if (event.key === "Escape" && this.#input.value !== "") {
      this.#input.value = "";
      this.#search();
    } else return;
    event.preventDefault();
  }

  #take(found: Found | undefined): void {
    if (found === undefined) return;
    this.#input.value = "";
    this.#input.blur();
    this.#go(found);
  }

  /** Names of the sector's map files, once; without them everything else is still found. */
  async #loadPlaces(): Promise<void> {
    if (this.#places !== null) return;
    try {
      this.#places = list(object(await getJson("/api/places"))?.["places"]).flatMap((entry): NamedPlace[] => {
        const row = object(entry);
        const [lon, lat, name] = [number(row?.["lon"]), number(row?.["lat"]), text(row?.["name"], 80)];
        const kind = KINDS.find((one) => one === row?.["kind"]);
        return lon === null || lat === null || name === "" || kind === undefined ? [] : [{ lon, lat, name, kind }];
      });
      if (document.activeElement === this.#input && this.#input.value !== "") this.#searchAgain();
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error; // asked again at the next focus
    }
  }
}
