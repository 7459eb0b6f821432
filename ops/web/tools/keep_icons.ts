// Leaves in the library's module of icons only those that the pages draw, and those that they are made of.

import { parseAst } from "vite";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [name: string]: unknown;
}

const USED = /icn\[\s*"([^"]+)"\s*\]/g;

/** The module's text without the statements that make other icons. */
export function keepIcons(source: string, names: ReadonlySet<string>): string {
  const program = parseAst(source) as unknown as { body: Node[] };
  const made = program.body.find(({ type }) => type === "ExportDefaultDeclaration");
  const body = ((made?.["declaration"] as Node | undefined)?.["body"] as { body: Node[] } | undefined)?.body;
  if (body === undefined) throw new Error("The library's module of icons is not one function.");
  const statements = body.map((node) => ({ ...node, icons: iconsOf(node), text: source.slice(node.start, node.end) })).filter(({ icons }) => icons.size > 0);
  const wanted = new Set(names);
  const isWanted = ({ icons }: { readonly icons: ReadonlySet<string> }): boolean => [...icons].some((name) => wanted.has(name));
  for (let before = -1; before < wanted.size; ) {
    before = wanted.size;
    for (const { text } of statements.filter(isWanted)) for (const [, used] of text.matchAll(USED)) wanted.add(String(used));
  }
  const known = new Set(statements.flatMap(({ icons }) => [...icons]));
  const unknown = [...wanted].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`The library has no icon ${unknown.join(", ")}.`);
  const dropped = statements.filter((statement) => !isWanted(statement));
  return dropped.reduceRight((text, { start, end }) => text.slice(0, start) + text.slice(end), source);
}

/** The icons that a statement makes or changes: `icn["NAME"] = …` or `icn["NAME"].push(…)`, also under a condition. */
function iconsOf(node: Node): Set<string> {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const one = value as Node;
    if (one.type === "AssignmentExpression") add(one["left"] as Node);
    if (one.type === "CallExpression") add(one["callee"] as Node);
    Object.values(one).forEach(look);
  };
  const add = (target: Node): void => {
    if (target.type !== "MemberExpression") return;
    const [object, property] = [target["object"] as Node, target["property"] as Node];
    if (object["name"] === "icn" && property.type === "Literal") found.add(String(property["value"]));
    else add(object);
  };
  look(node);
  return found;
}
