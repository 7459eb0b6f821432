"""Draw the diagrams of the documentation: docs/diagrams/NAME.mmd, text in Mermaid's language, becomes NAME.svg.

The first run fetches one file of the npm package mermaid and checks its hash; after that nothing needs a network. The
drawing itself happens in Debian's Chromium. Each SVG carries the hash of the text it was drawn from, so
``tests/test_documented.py`` finds a picture that is older than its text.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIAGRAMS = ROOT / "docs" / "diagrams"
MERMAID = "12.3.0"
MERMAID_SHA256 = "336df803d87a38b70a01e736e666c8f7601d2ce42f5e47c8fafe5d721074b9a3"
LIBRARY = ROOT / "out" / "mermaid" / f"mermaid-{MERMAID}.min.js"
CONFIG = {
    "startOnLoad": False,
    "deterministicIds": True,
    "htmlLabels": False,  # labels as SVG text, which every viewer shows
    "theme": "neutral",
    "fontFamily": "sans-serif",
    "themeCSS": ".edgeLabel rect, .edgeLabel .background { fill: white; opacity: 1; }",
    "flowchart": {"htmlLabels": False, "useMaxWidth": True, "wrappingWidth": 320, "nodeSpacing": 30, "rankSpacing": 30},
}


def digest(text: str) -> str:
    """Hash of all that a picture depends on: its text, Mermaid's version and the settings."""
    return hashlib.sha256(f"{MERMAID}\n{json.dumps(CONFIG, sort_keys=True)}\n{text}".encode()).hexdigest()


def drawn_from(svg: str) -> str | None:
    """The hash that a picture carries; None when it has none."""
    found = re.search(r"<!-- drawn from ([0-9a-f]{64}) -->", svg)
    return None if found is None else found[1]


def fetch() -> None:
    """Put Mermaid's script at LIBRARY, from npm; SystemExit when it is not the one expected."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from build_web import npm_command

    command, environment = npm_command()
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    pack = [*command, "pack", f"mermaid@{MERMAID}", "--silent", "--pack-destination", str(LIBRARY.parent)]
    subprocess.run(pack, env=environment, cwd=LIBRARY.parent, check=True, stdout=subprocess.DEVNULL)
    archive = LIBRARY.parent / f"mermaid-{MERMAID}.tgz"
    with tarfile.open(archive) as package:
        member = package.extractfile("package/dist/mermaid.min.js")
        assert member is not None
        script = member.read()
    archive.unlink()
    if hashlib.sha256(script).hexdigest() != MERMAID_SHA256:
        raise SystemExit(f"mermaid {MERMAID} from npm is not the expected file; nothing was drawn.")
    LIBRARY.write_bytes(script)


def draw(texts: dict[Path, str]) -> None:
    """Draw each text to the SVG file beside it."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed: 'apt-get install chromium', or run deploy/system_packages.py.")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=sandbox)
        page = browser.new_context(offline=True).new_page()
        page.set_content("<!doctype html><meta charset=utf-8><body></body>")
        page.add_script_tag(path=str(LIBRARY))
        page.evaluate("config => mermaid.initialize(config)", CONFIG)
        for path, text in texts.items():
            svg = page.evaluate(
                "async ([name, text]) => (await mermaid.render(name, text)).svg", [f"diagram-{path.stem}", text]
            )
            white = svg.replace("<svg ", f"<!-- drawn from {digest(text)} -->\n<svg ", 1).replace(
                'style="', 'style="background-color: white; ', 1
            )
            path.with_suffix(".svg").write_text(white.rstrip() + "\n", encoding="utf-8")
            print(path.with_suffix(".svg").relative_to(ROOT))
        browser.close()


def outdated() -> dict[Path, str]:
    """The texts whose picture is missing or was drawn from another text."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(DIAGRAMS.glob("*.mmd"))}
    pictures = {path: path.with_suffix(".svg") for path in texts}
    return {
        path: text
        for path, text in texts.items()
        if not pictures[path].is_file() or drawn_from(pictures[path].read_text(encoding="utf-8")) != digest(text)
    }


if __name__ == "__main__":
    wanted = outdated()
    if wanted and not LIBRARY.is_file():
        fetch()
    if wanted:
        draw(wanted)
    else:
        print("up to date")
