// Elements of drawings in the page; strings from outside only ever become text nodes.

const SVG = "http://www.w3.org/2000/svg";

export type SvgAttributes = Readonly<Record<string, string | number>>;

export function svg<K extends keyof SVGElementTagNameMap>(name: K, attributes: SvgAttributes = {}, ...children: Node[]): SVGElementTagNameMap[K] {
  const node = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, String(value));
  node.append(...children);
  return node;
}

export function svgText(words: string, attributes: SvgAttributes): SVGTextElement {
  const node = svg("text", attributes);
  node.textContent = words;
  return node;
}
