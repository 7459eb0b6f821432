"""Build the documentation site: docs/, the notebooks and pages generated from code become HTML in out/site.

All pages are first copied to out/site-source, at the same paths as in the repository, so that every relative link is
the same on the site and in the repository. Then the reference pages that come from code are added, and Sphinx runs
with warnings as errors. At the end every link inside the built site is followed, and files from other servers are
refused: the site works without a network.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]

CONF = ROOT / "docs" / "site"
SOURCE = ROOT / "out" / "site-source"
SITE = ROOT / "out" / "site"
PAGES = (
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "benchmarks/README.md",
    "data/samples/README.md",
    "data/samples/cumberland/indicators.csv",
    "data/samples/cumberland/outcomes.csv",
)
"""Files outside docs/ that the site contains, or that its pages link to."""
ACTIONS = ("get", "post", "put", "delete")
FILES = ("catalogue", "layout", "sector", "settings")
"""Schemas of files that people write; all others are of messages."""


# --- pages generated from code


def python_pages() -> dict[str, str]:
    """Return one page for each module with public names, by path: their documentation in numpydoc form."""
    from doc_pages.public_api import public_names

    by_module: dict[str, list[Any]] = {}
    for public in public_names():
        by_module.setdefault(public.module, []).append(public)
    pages = {}
    for module, names in by_module.items():
        lines = [f"# {module}", "", "```{eval-rst}", f".. currentmodule:: {module}", ""]
        for public in names:
            directive = {"function": "autofunction", "class": "autoclass", "exception": "autoexception"}
            lines.append(f".. {directive.get(public.kind, 'autodata')}:: {module}.{public.name}")
            if public.kind == "class":
                lines.append("   :members:")
            if directive.get(public.kind) is None:
                lines.append("   :no-value:")
            lines.append("")
        pages[f"docs/python/{module}.md"] = "\n".join([*lines, "```"]) + "\n"
    index = ["# Python API", "", "Parameters, units and errors of each [public name](api.md), by module.", ""]
    index += ["```{toctree}", ":maxdepth: 1", "", *(f"python/{module}" for module in by_module), "```"]
    pages["docs/python.md"] = "\n".join(index) + "\n"
    return pages


def message_pages() -> dict[str, str]:
    """Return the page of the messages: a table of the fields of each JSON Schema in docs/schema."""
    lines = [
        "# Messages",
        "",
        "Fields of the messages that sensors, units and programs send and receive, from their JSON Schemas. A field",
        "in bold is required. [Connect a sensor](adapters.md) and [field units](units.md) explain their use.",
    ]
    for path in sorted((ROOT / "docs" / "schema").glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        name = path.name.removesuffix(".schema.json")
        if name in FILES:
            continue
        lines += ["", f"## {name}", "", f"Schema: [{path.name}](schema/{path.name})"]
        for title, definition in _definitions(schema):
            if "properties" not in definition:
                continue
            if title.lower() != name:
                lines += ["", f"### {name}: {title}"]
            lines += [
                "",
                *(_plain(definition.get("description", "")),),
                "",
                "| field | type | meaning |",
                "|---|---|---|",
            ]
            required = set(definition.get("required", ()))
            for field, content in definition["properties"].items():
                shown = f"**`{field}`**" if field in required else f"`{field}`"
                lines.append(f"| {shown} | {_type_of(content)} | {_plain(content.get('description', ''))} |")
    return {"docs/messages.md": "\n".join(lines) + "\n"}


def http_pages() -> dict[str, str]:
    """Return the page of the HTTP API, from FastAPI's description of it."""
    api = open_api()
    lines = [
        "# HTTP API",
        "",
        "Requests that the web server of `watchline run`, `demo` and `serve` answers, on 127.0.0.1 only. The running",
        "server describes itself at `/api/openapi.json`. Bodies are JSON; an error has the field `detail`.",
        "",
        "| request | meaning |",
        "|---|---|",
    ]
    for path, operations in sorted(api["paths"].items()):
        for action in ACTIONS:
            if action in operations:
                operation = operations[action]
                meaning = _plain(operation.get("description") or operation.get("summary", ""))
                parameters = ", ".join(f"`{item['name']}`" for item in operation.get("parameters", ()))
                lines.append(
                    f"| `{action.upper()} {path}` | {meaning}{f' Parameters: {parameters}.' if parameters else ''} |"
                )
    return {"docs/http-api.md": "\n".join(lines) + "\n"}


def open_api() -> dict[str, Any]:
    """Return the OpenAPI document of the web server with all its routes."""
    from ops.services.api.app import ApiSettings, create_app

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("this application only describes itself")

    app = create_app(Path("store.db"), ApiSettings("sector"), act=refuse, now_ns=lambda: 0, ground=refuse)
    return app.openapi()


def _definitions(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    top = str(schema.get("$ref", "")).rpartition("/")[2]
    definitions = schema.get("$defs", {})
    if top in definitions:
        yield str(schema["title"]).removeprefix("Watchline "), definitions[top]
    elif "properties" in schema:
        yield str(schema["title"]).removeprefix("Watchline "), schema
    yield from ((name, content) for name, content in definitions.items() if name != top)


def _type_of(content: dict[str, Any]) -> str:
    if "$ref" in content:
        return content["$ref"].rpartition("/")[2]
    if "anyOf" in content:
        return " or ".join(dict.fromkeys(_type_of(part) for part in content["anyOf"]))
    if "enum" in content:
        return ", ".join(f"`{value}`" for value in content["enum"])
    if "const" in content:
        return f"`{content['const']}`"
    kind = content.get("type", "any")
    if kind == "array" and isinstance(content.get("items"), dict):
        return f"array of {_type_of(content['items'])}"
    low, high = content.get("minimum"), content.get("maximum")
    limits = (
        f" {'' if low is None else f'{low:g}'}…{'' if high is None else f'{high:g}'}"
        if (low, high) != (None, None)
        else ""
    )
    return (" or ".join(kind) if isinstance(kind, list) else str(kind)) + limits


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").replace("|", "\\|").split())


# --- staging and building


def stage(folder: Path) -> None:
    """Copy all pages to a folder, at their paths in the repository, and add the generated ones."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("site", "__pycache__"))
    for name in PAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, folder / "notebooks" / notebook.name)
    for name, text in {**python_pages(), **message_pages(), **http_pages()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def build(source: Path, site: Path, *options: str) -> int:
    """Run Sphinx with warnings as errors; return its exit status."""
    from sphinx.cmd.build import build_main

    shutil.rmtree(site, ignore_errors=True)
    doctrees = source.with_name(f"{source.name}-doctrees")
    status = build_main(
        ["-q", "-W", "--keep-going", "-c", str(CONF), "-d", str(doctrees), *options, str(source), str(site)]
    )
    if status == 0:
        (site / "index.html").write_text(
            '<!doctype html><meta charset="utf-8"><title>Watchline</title>'
            '<meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">Watchline</a>\n',
            encoding="utf-8",
        )
    return int(status)


# --- links of the built site


class _Page(HTMLParser):
    """The anchors of a page, where its links lead, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.update(value for key in ("id", "name") if (value := values.get(key)))
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        elif tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.loaded.append(str(values["src"]))
        elif tag == "link" and values.get("href") and values.get("rel") not in ("index", "search", "next", "prev"):
            self.loaded.append(str(values["href"]))


def faults(site: Path) -> list[str]:
    """Return what is wrong with the links of a built site: pages, files or anchors that do not exist, and files that
    a page would load from another server."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site)
        for link in page.loaded:
            address = urlsplit(link)
            if address.scheme not in ("", "data") or address.netloc:
                found.append(f"{here}: loads {link}")
            elif address.path and not (path.parent / unquote(address.path)).exists():
                found.append(f"{here}: {link} does not exist")
        for link in page.links:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.exists():
                found.append(f"{here}: {link} does not exist")
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].anchors:
                found.append(f"{here}: {link} has no such anchor")
    return sorted(dict.fromkeys(found))


def main(arguments: Iterable[str] | None = None) -> int:
    """Build the site and check its links; return the exit status."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--out", type=Path, default=SITE, help="folder of the built site")
    parser.add_argument("--no-notebooks", action="store_true", help="show notebooks without executing them")
    options = parser.parse_args(None if arguments is None else list(arguments))
    stage(SOURCE)
    status = build(SOURCE, options.out, *(["-D", "nb_execution_mode=off"] if options.no_notebooks else []))
    if status:
        return status
    broken = faults(options.out)
    print("\n".join(broken), file=sys.stderr)
    if not broken:
        print(options.out / "index.html")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
