// Small helpers over the DOM. Strings from outside only ever become text nodes.

export type Child = Node | string | null;

export interface Attributes {
  readonly class?: string;
  readonly id?: string;
  readonly type?: string;
  readonly title?: string;
  readonly role?: string;
  readonly hidden?: boolean;
  /** A name or code, which is the same in every language. */
  readonly code?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly aria?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (attributes.class !== undefined) node.className = attributes.class;
  if (attributes.id !== undefined) node.id = attributes.id;
  if (attributes.title !== undefined) node.title = attributes.title;
  if (attributes.role !== undefined) node.setAttribute("role", attributes.role);
  if (attributes.type !== undefined) node.setAttribute("type", attributes.type);
  if (attributes.hidden === true) node.hidden = true;
  if (attributes.code === true) node.translate = false;
  for (const [name, value] of Object.entries(attributes.data ?? {})) node.dataset[name] = value;
  for (const [name, value] of Object.entries(attributes.aria ?? {})) node.setAttribute(`aria-${name}`, value);
  for (const [name, run] of Object.entries(attributes.on ?? {})) node.addEventListener(name, run);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** An element that index.html holds. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`The page has no element ${id}.`);
  return node as T;
}

/** Change text only when it differs: nothing is laid out, and nothing is announced, without need. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setData(node: HTMLElement, name: string, value: string): void {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

/**
 * Bring the children of `parent` into the order of `items`. Nodes are kept by key, so what has the focus keeps it and
 * nothing flickers; a node is moved only when it must be.
 */
export function keyed<T, N extends HTMLElement>(
  parent: HTMLElement,
  items: readonly T[],
  key: (item: T) => string,
  create: (item: T) => N,
  update: (node: N, item: T) => void,
): void {
  const known = new Map<string, N>();
  for (const child of parent.children) known.set((child as N).dataset["key"] ?? "", child as N);
  let next = parent.firstElementChild;
  const placed = new Set<string>();
  for (const item of items) {
    const name = key(item);
    if (placed.has(name)) continue;
    placed.add(name);
    let node = known.get(name);
    known.delete(name);
    if (node === undefined) {
      node = create(item);
      node.dataset["key"] = name;
    }
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else moveBefore(parent, node, next);
  }
  for (const gone of known.values()) gone.remove();
}

function moveBefore(parent: HTMLElement, node: HTMLElement, next: Element | null): void {
  const focused = node.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  parent.insertBefore(node, next);
  if (focused !== null && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** `code`: the value is a name or code, which is the same in every language. */
export type Fact = readonly [name: string, value: string, code?: "code"];

/** Bring a description list to these rows, touching only what differs. */
export function showFacts(list: HTMLElement, rows: readonly Fact[]): void {
  rows.forEach(([name, value, code], row) => {
    const title = list.children[2 * row] ?? list.appendChild(el("dt"));
    const cell = (list.children[2 * row + 1] ?? list.appendChild(el("dd"))) as HTMLElement;
    setText(title, name);
    setText(cell, value);
    cell.translate = code === undefined;
  });
  while (list.children.length > rows.length * 2) list.lastElementChild?.remove();
}
