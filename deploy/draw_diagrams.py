"""Draw the diagrams of the documentation: docs/diagrams/NAME.mmd, text in Mermaid's language, becomes NAME.svg.

The first run downloads one file of the npm package mermaid and checks its hash; later runs need no network. Debian's
Chromium draws the diagrams. Each SVG contains the hash of its source text, so that ``tests/test_documented.py`` detects
a picture that is older than its text.
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
    """Return the hash of everything that a picture depends on: its text, Mermaid's version and the settings."""
    return hashlib.sha256(f"{MERMAID}\n{json.dumps(CONFIG, sort_keys=True)}\n{text}".encode()).hexdigest()


def drawn_from(svg: str) -> str | None:
    """Return the hash stored in a picture; None when it has none."""
    match = re.search(r"<!-- drawn from ([0-9a-f]{64}) -->", svg)
    return None if match is None else match[1]


def fetch() -> None:
    """Download Mermaid's script from npm to LIBRARY; SystemExit when its hash differs."""
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
    """Return the texts whose picture is missing or was drawn from another text."""
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
