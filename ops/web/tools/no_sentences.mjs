// Everything that people read comes from the message catalogue (ops/words), so no text for them may stand in the code
// or in the pages: this finds literals that read as words, wherever they could reach the screen.
import { readFileSync, readdirSync } from "node:fs";

const root = new URL("..", import.meta.url);

/** Literals that are no text for people, although they look like it. */
const CODE = [
  /^[\w-]+\/[\w+.-]+$/, // media types
  /^([#.[:]|input:)[\w\s#.:[\]='"*>(),-]+$/, // selectors
  /^(sight blocked|hidden-text [\w-]+)$/, // classes
  /^\(.*\)$/, // media queries
  /^IBM Plex Sans$/, // a font
  /^\+proj=/,
  /px system-ui, sans-serif$/, // fonts of a canvas
  /^(ETag|If-None-Match|QuotaExceededError|Last-Event-ID|Content-(Type|Disposition)|Watchline|MGRS|UTC|English|Français)$/,
  /^(GET|POST|Enter|Escape|Esc|Delete|Home|End|Arrow(Up|Down|Left|Right)|Map\.Title|NFD)$/,
  /^(Feature|FeatureCollection|Point|Multi(LineString|Polygon)|LineString|Polygon)$/,
  /^(GR|ST)\.(EQ|IC)\.[A-Z .]+$/, // icons of APP-6
  /^(Civilian|Friend|Hostile|Neutral|Unknown|Suspect)$/,
  /^(DOMContentLoaded|WEBGL_lose_context|(UTM|MGRS) \$\{.*|NM|EPSG:.*|km \$\{.*)$/,
  /^(D, T, S, Y|A, C, R|G, V|R, J, K, N, B|↑ ↓ Home End|[A-Z])$/, // keys
];
/** Words next to each other, or a single capitalised word. */
const READS_AS_TEXT = /[A-Za-zÀ-ÿ]{2,}[,;:.]? [A-Za-zÀ-ÿ]{2,}|^[A-ZÀ-Ý][A-Za-zÀ-ÿ]+\b/;
/** Statements whose literals people do not see. */
const FOR_DEVELOPERS = /\b(throw new (Error|TypeError)|console\.\w+)\(/;

const problems = [];

function walk(folder) {
  return readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

for (const file of walk("src")) {
  const source = readFileSync(file, "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/(^|[\s;,{}()])\/\/.*$/gm, "$1");
  source.split("\n").forEach((line, number) => {
    if (/^\s*(import|export .* from)\b/.test(line) || FOR_DEVELOPERS.test(line)) return;
    for (const [, quoted, template] of line.matchAll(/"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)) {
      const literal = (quoted ?? template).replaceAll(/\$\{[^}]*\}/g, "${}");
      if (READS_AS_TEXT.test(literal) && !CODE.some((pattern) => pattern.test(quoted ?? template)))
        problems.push(`${file}:${number + 1}: text outside the catalogue: ${JSON.stringify(literal)}`);
    }
  });
}

for (const page of ["index.html", "plan.html", "nation.html", "field.html"]) {
  const markup = readFileSync(new URL(page, root), "utf8").replaceAll(/<noscript>[\s\S]*?<\/noscript>/g, "");
  const texts = markup.matchAll(/>([^<>]*[A-Za-zÀ-ÿ]{2,}[^<>]*)</g);
  const attributes = markup.matchAll(/\b(?:aria-label|title|placeholder|alt)="([^"]*)"/g);
  for (const [, text] of [...texts, ...attributes])
    if (!/^\s*(Watchline|UTC)\s*$/.test(text)) problems.push(`${page}: text outside the catalogue: ${text.trim()}`);
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
