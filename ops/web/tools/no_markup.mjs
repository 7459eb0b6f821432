// Sensors set many of the strings that the page shows. They may only ever become text, so nothing here may parse markup
// or code, and nothing may name an address outside this server.
import { readFileSync, readdirSync } from "node:fs";

const FORBIDDEN = [
  [
    /\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe|srcdoc|DOMParser)\b/,
    "parses markup",
  ],
  [/\bdocument\s*\.\s*write/, "parses markup"],
  [/\b(eval|Function)\s*\(/, "runs text as code"],
  [/setAttribute\(\s*["'`](on\w+|style)["'`]/, "sets a handler or style that the policy blocks"],
  [/["'`(](https?:)?\/\/[a-z0-9]/i, "names an address outside this server"],
];
const MARKUP = [
  [/<script(?![^>]*\bsrc=)/i, "inline script"],
  [/<style/i, "inline style"],
  [/\sstyle\s*=/i, "inline style"],
  [/\son\w+\s*=/i, "inline handler"],
  [/(https?:)?\/\/[a-z0-9]/i, "an address outside this server"],
];
const ALLOWED = '"http://www.w3.org/2000/svg"'; // a namespace, never requested

const root = new URL("..", import.meta.url);
const files = readdirSync(new URL("src", root), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|css)$/.test(entry.name))
  .map((entry) => `${entry.parentPath}/${entry.name}`);
const problems = [];
const pages = ["index.html", "plan.html", "nation.html", "field.html"].map((page) => [new URL(page, root), MARKUP]);
for (const [file, rules] of [...files.map((file) => [file, FORBIDDEN]), ...pages]) {
  readFileSync(file, "utf8")
    .replaceAll(ALLOWED, '""')
    .split("\n")
    .forEach((line, number) => {
      for (const [pattern, why] of rules) {
        if (pattern.test(line)) problems.push(`${file}:${number + 1}: ${why}: ${line.trim()}`);
      }
    });
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
