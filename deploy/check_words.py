"""Refuse words in texts for people that plain professional English does not use, or that the glossary replaces.

It reads the prose of Markdown pages and notebooks, the English messages, the texts of the equipment catalogue, and in
Python source the docstrings and the strings of more than one word: errors, labels, help of options. Code spans, link
targets and identifiers are left out.
``make check`` runs it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("geo", "sensors", "ingest", "fusion", "ops")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "data/samples/README.md")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that texts may not contain, and what to write in its place."""

    pattern: re.Pattern[str]
    instead: str


def _rule(pattern: str, instead: str, *, flags: int = re.IGNORECASE) -> Rule:
    return Rule(re.compile(pattern, flags), instead)


RULES = (
    _rule(r"\b(?:no|some|any)body\b", "a passive, 'no sensor', 'an operator', 'a crosser'"),
    _rule(r"\b(?:told|tells?)\b(?! apart)", "'states', 'reports', 'is reported'"),
    _rule(r"\banew\b", "'again'"),
    _rule(r"\bfor ever\b", "'permanently', 'forever'"),
    _rule(
        r"(?<!there )\b(?:is|are|was|were) no\b(?! (?:longer|more|less|other|later|earlier|better|worse|greater))",
        "'is not a', 'does not'",
    ),
    _rule(r"\b(?:dearest|dearer)\b", "'most expensive', 'more expensive'"),
    _rule(r"\b(?:bettered|betters)\b", "'dominated', 'exceeds'"),
    _rule(r"\b(?:is|are) but an?\b", "'is only a'"),
    _rule(r"\b(?:by|drawn by) lot\b", "'randomised'"),
    _rule(r"\b(?:go|goes|going|went|gone) on\b(?! (?:the|a|to|an|foot)\b)", "'continue'"),
    _rule(r"\b(?:is|are) there already\b", "'existing'"),
    _rule(r"\bno working sensor (?:sees|has)\b|\bunwatched\b|\bnot watched\b", "'dead ground' or 'coverage gap'"),
    _rule(
        r"\bhow sure\b|\bless sure\b|\bmore sure\b|\b(?:is|are) (?:not )?sure\b|\bsurely\b", "'confidence', 'certain'"
    ),
    _rule(r"\bhome side\b|\btowards? home\b|\bhome's\b", "'own side', 'inbound'"),
    _rule(r"\bhead start\b", "'time margin'"),
    _rule(r"\bheld back\b", "'suppressed'"),
    _rule(r"\btaken up again\b|\btakes? up (?:a|the) track\b", "'re-acquired'"),
    _rule(r"\bway in\b", "'ingest'"),
    _rule(r"\blaws? of counts\b|\bstate laws\b", "'invariant'"),
    _rule(r"\bwall second\b", "'speed-up factor'"),
    _rule(r"\bwho(?:m|so)?ever\b", "'the person who', 'anyone who'"),
    _rule(r"\bleast detected\b", "'minimum-detection path', 'lowest probability of detection'"),
    _rule(r"\bstretch(?:es)?\b(?! \()", "'sub-section', 'part of the border'"),
    _rule(r"\b(?:doubled (?:track|picture)s?|names change)\b", "'duplicate track', 'track-ID swap'"),
    _rule(
        r"\b(?:present layout|what is (?:bought|left|kept|asked))\b",
        "'existing layout', 'purchase', 'rest', 'part used'",
    ),
    _rule(r"\bin the mean\b", "'on average'"),
    _rule(
        r"\d\S*(?: \w+)? (?:\w+s|[kM]?B) an? (?:second|minute|hour|CPU-second)"
        r"(?=[.,;:)]|$| (?:in|at|from|to|on|for|with|and|while|of|by|as|than)\b)",
        "'per second'",
    ),
    _rule(
        r"\b(?:report|page|file|command|record|status|docstring|layout|map|journal|message)s? (?:say|know|believe)s?\b",
        "'states', 'shows', 'has'",
    ),
    _rule(r"\bcounts? for nothing\b", "'is excluded', 'has no effect'"),
    _rule(
        r"\b(?:errors as|but for|once more|beforehand|hitherto|whither|manieth)\b",
        "'raises the errors of', 'except', 'again'",
    ),
    _rule(r"\b(?:from nothing|let go of)\b", "'from a cold start', 'release'"),
    _rule(r"\bof (?:equal|several) ones\b", "'ties go to', 'if several are equal'"),
    _rule(
        r"\d\N{NO-BREAK SPACE}?\N{NARROW NO-BREAK SPACE}? ?(?<=[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}])%",
        "'35%' in English",
    ),
    _rule(
        r"(?:^|(?<=[.;:] )|(?<=\n))(?:Who|Whom|Whose) (?:[^?.;:\n#|]|\n(?!\n))*[.;:]",
        "a sentence with a subject",
        flags=0,
    ),
    _rule(r"(?:^|(?<=[.;] )|(?<=\n))What (?:[^?.;:\n#|]|\n(?!\n))*[.;](?=\s|$)", "a sentence with a subject", flags=0),
)
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|WITH|ALTER|DROP) ")


@dataclass(frozen=True, slots=True)
class Finding:
    """A word that a text for people may not contain."""

    file: Path
    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text!r}: write {self.instead}"


# --- the texts


def prose_of_markdown(text: str) -> str:
    """Return a page with code, link targets and comments blanked, line by line as before."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    text = re.sub(r"^(```|~~~|:::).*?^\1[^\n]*$", blank, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)
    text = re.sub(r"`+[^`\n]*(?:\n[^`\n]+)?`+", lambda match: re.sub(r"[^\n]", "x", match[0]), text)
    return re.sub(r"(?<=\])\([^)\s]*\)", blank, text)


def prose_of_messages(text: str) -> str:
    """Return the values of a Fluent file: identifiers, comments and placeables are blanked."""
    lines = []
    for line in text.split("\n"):
        if line.startswith("#"):
            lines.append("")
            continue
        value = re.sub(r"^\s*(?:\.?[\w-]+\s*=|\*?\[[\w-]+\])", "", line)
        lines.append(re.sub(r"\{[^{}]*\}", "x", value).strip())
    return "\n".join(lines)


def prose_of_notebook(text: str) -> str:
    """Return the Markdown cells of a notebook's text form, line by line as before."""
    lines, in_markdown = [], False
    for line in text.split("\n"):
        if line.startswith("# %%"):
            in_markdown = "[markdown]" in line
            lines.append("")
        else:
            lines.append(line.removeprefix("#").strip() if in_markdown else "")
    return prose_of_markdown("\n".join(lines))


def prose_of_catalogue(text: str) -> str:
    """Return the titles, notes and sources of a catalogue file, line by line as before."""
    return "\n".join(" ".join(re.findall(r'"([^"]* [^"]*)"', line)) for line in text.split("\n"))


def texts_of_code(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of the texts for people in Python source: docstrings, and each string of more than one word.

    Docstrings of commands are their help. Other strings are labels, errors, help of options, and parts of reports.
    """
    tree = ast.parse(text)
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if " " in node.value and id(node) not in statements | parts and not SQL.match(node.value):
                yield node.lineno, node.value
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.body[0].lineno if node.body else 1, ast.get_docstring(node) or ""


def texts(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Yield (file, first line, text) of everything that people read."""
    for name in PAGES:
        if (root / name).is_file():
            yield Path(name), 1, prose_of_markdown((root / name).read_text(encoding="utf-8"))
    for path in sorted((root / "docs").rglob("*.md")):
        yield path.relative_to(root), 1, prose_of_markdown(path.read_text(encoding="utf-8"))
    for path in sorted((root / "ops" / "words" / "en").glob("*.ftl")):
        yield path.relative_to(root), 1, prose_of_messages(path.read_text(encoding="utf-8"))
    for path in sorted((root / "data" / "samples").glob("*.toml")):
        yield path.relative_to(root), 1, prose_of_catalogue(path.read_text(encoding="utf-8"))
    for path in sorted((root / "notebooks").glob("*.py")):
        yield path.relative_to(root), 1, prose_of_notebook(path.read_text(encoding="utf-8"))
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*.py")):
            if "node_modules" not in path.parts:
                for line, text in texts_of_code(path.read_text(encoding="utf-8")):
                    yield path.relative_to(root), line, prose_of_markdown(text)


# --- the check


def findings_in(file: Path, first_line: int, text: str) -> Iterator[Finding]:
    """Yield each word of one text that a rule refuses."""
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            line = first_line + text.count("\n", 0, match.start())
            yield Finding(file, line, " ".join(match[0].split())[:60], rule.instead)


def findings(root: Path) -> list[Finding]:
    """Return every finding in the texts of a repository, by file and line."""
    found = (finding for text in texts(root) for finding in findings_in(*text))
    return sorted(found, key=lambda finding: (str(finding.file), finding.line))


def main(arguments: Iterable[str] = ()) -> int:
    """Print the findings, of all files or of those whose path begins with an argument; return the exit status."""
    wanted = tuple(arguments)
    found = [finding for finding in findings(ROOT) if not wanted or str(finding.file).startswith(wanted)]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
