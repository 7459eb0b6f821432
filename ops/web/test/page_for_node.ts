// A page for the tests, without a browser: elements as far as panels and dialogs use them, each found by its id.

import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";

/** Until every answer that was given is heard: answers need no turn of the network. */
export async function heard(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

export class Part extends EventTarget {
  readonly tag: string;
  className = "";
  children: Part[] = [];
  parent: Part | null = null;
  dataset: Record<string, string> = {};
  hidden = false;
  disabled = false;
  checked = false;
  open = false;
  src = "";
  alt = "";
  onclick: (() => void) | null = null;
  readonly style = {};
  #text = "";
  #value: string | null = null;

  constructor(tag = "div") {
    super();
    this.tag = tag;
  }

  get textContent(): string {
    return this.#text + this.children.map((child) => child.textContent).join("");
  }
  set textContent(text: string) {
    this.#text = text;
    this.children = [];
  }

  /** Of a list of options that of the first, unless one of them was set; as in a browser, "" where there is no such option. */
  get value(): string {
    if (this.options.length === 0) return this.#value ?? "";
    return this.options.find(({ value }) => value === (this.#value ?? value))?.value ?? "";
  }
  set value(value: string) {
    this.#value = value;
  }

  get options(): Part[] {
    return this.children.filter(({ tag }) => tag === "option");
  }
  get firstElementChild(): Part | null {
    return this.children[0] ?? null;
  }
  get nextElementSibling(): Part | null {
    const beside = this.parent?.children ?? [];
    return beside[beside.indexOf(this) + 1] ?? null;
  }

  /** This and all that is in it. */
  *all(): Generator<Part> {
    yield this;
    for (const child of this.children) yield* child.all();
  }

  append(...added: (Part | string)[]): void {
    for (const one of added) {
      if (typeof one === "string") this.#text += one;
      else this.insertBefore(one, null);
    }
  }
  appendChild(added: Part): Part {
    this.append(added);
    return added;
  }
  insertBefore(added: Part, next: Part | null): void {
    added.remove();
    const at = next === null ? this.children.length : this.children.indexOf(next);
    this.children.splice(at, 0, added);
    added.parent = this;
  }
  replaceChildren(...added: Part[]): void {
    this.#value = null;
    for (const child of [...this.children]) child.remove();
    this.append(...added);
  }
  remove(): void {
    if (this.parent !== null) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }
  contains(other: Part | null): boolean {
    return other !== null && [...this.all()].includes(other);
  }
  /** By the name of the element, or by its class with a dot; `:not([hidden])` may follow. */
  querySelectorAll(wanted: string): Part[] {
    const [name = "", ...shown] = wanted.split(":not([hidden])");
    return [...this.all()].filter((one) => one.is(name) && (shown.length === 0 || !one.hidden));
  }
  querySelector(wanted: string): Part | null {
    return this.querySelectorAll(wanted)[0] ?? null;
  }
  closest(wanted: string): Part | null {
    return this.is(wanted) ? this : (this.parent?.closest(wanted) ?? null);
  }
  is(wanted: string): boolean {
    if (wanted === "[hidden]") return this.hidden;
    return wanted.startsWith(".") ? this.className.split(" ").includes(wanted.slice(1)) : this.tag === wanted;
  }

  setAttribute(name: string, value: string): void {
    if (name.startsWith("data-")) this.dataset[name.slice("data-".length)] = value;
  }
  getAttribute(name: "src" | "alt"): string {
    return this[name];
  }
  removeAttribute(name: "src" | "alt"): void {
    this[name] = "";
  }
  load(): void {}
  getBoundingClientRect() {
    return { x: 0, y: 0, width: 0, height: 0 };
  }
  focus(): void {
    page.activeElement = this;
  }
  click(): void {
    this.onclick?.();
    this.dispatchEvent(new Event("click"));
  }
  scrollIntoView(): void {}
  showModal(): void {
    this.open = true;
  }
  close(): void {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  }
}

const page: { activeElement: Part | null } = { activeElement: null };

/** What the window hears is dispatched to `window`. */
export function openPage(context: TestContext): { readonly window: EventTarget; readonly part: (id: string) => Part } {
  const [window, parts] = [new EventTarget(), new Map<string, Part>()];
  const part = (id: string): Part => {
    if (!parts.has(id)) parts.set(id, new Part());
    return parts.get(id) as Part;
  };
  page.activeElement = null;
  const made = { getElementById: part, createElement: (tag: string) => new Part(tag), querySelector: () => null };
  const document = Object.assign(new EventTarget(), made);
  Object.defineProperty(document, "activeElement", { get: () => page.activeElement });
  const before = Object.fromEntries(["document", "addEventListener"].map((name) => [name, Reflect.get(globalThis, name)]));
  Object.assign(globalThis, { document, addEventListener: window.addEventListener.bind(window) });
  context.after(() => void Object.assign(globalThis, before));
  return { window, part };
}

/** A tab that keeps nothing yet. */
export function openTab(context: TestContext): void {
  const kept = new Map<string, string>();
  const sessionStorage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), clear: () => kept.clear() };
  const before = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
  Object.defineProperty(globalThis, "sessionStorage", { value: sessionStorage, configurable: true });
  context.after(() => (before === undefined ? Reflect.deleteProperty(globalThis, "sessionStorage") : Object.defineProperty(globalThis, "sessionStorage", before)));
}

/** An event of the pointer; a touch unless it states something else. */
export function pointer(type: string, pointerId: number, more: object = {}): Event {
  return Object.assign(new Event(type), { button: 0, buttons: 1, pointerId, pointerType: "touch", ...more });
}

/** The press of a key while `target` has the focus, as it is heard around it. */
export function key(name: string, target: Part, more: object = {}): Event {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key: name, repeat: false, ...more });
  return Object.defineProperty(event, "target", { value: target });
}
