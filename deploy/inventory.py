"""Write ``out/inventory``: bills of materials (CycloneDX) and licences of the packages that this environment runs.

``sbom-python.cdx.json`` lists what is installed beside this Python, ``sbom-web.cdx.json`` what ``npm`` builds the live
map from, and ``licences.csv`` the licence of every package that an installation of Watchline contains. A licence that
is not in ``ACCEPTED`` fails the step, so that a person decides.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from deploy.build_web import WebBuildFailed, npm_command

ROOT: Final = Path(__file__).resolve().parents[1]
EXTRAS: Final = ("asterix", "dashboard", "gmti", "onvif", "otel", "postgres")
"""Extras that an installation may contain."""
ACCEPTED: Final = (
    "0BSD",
    "Apache",
    "BSD",
    "CC0",
    "CNRI-Python",
    "EPL",
    "Eclipse Public License",
    "HPND",
    "Historical Permission Notice and Disclaimer",
    "ISC",
    "LGPL",
    "Lesser General Public License",
    "MIT",
    "MIT-CMU",
    "MPL",
    "Mozilla Public License",
    "PSF",
    "Public Domain",
    "Python Software Foundation",
    "Unlicense",
    "Zlib",
)
"""Beginnings or parts of names of licences under which a package may be installed beside Watchline unchanged."""
COPYLEFT: Final = ("AGPL", "Affero", "GPL", "GNU General Public License")
"""Parts of names that are refused unless an accepted name contains them."""
DECIDED: Final = {
    # the files of Leaflet, BSD-2-Clause
    "xstatic-leaflet": "(same as Leaflet)",
    # one of the three may be chosen (its README): the MPL
    "pyphen": "GNU General Public License v2 or later (GPLv2+);"
    " GNU Lesser General Public License v2 or later (LGPLv2+); Mozilla Public License 1.1 (MPL 1.1)",
}
"""Packages whose stated licence a person has read and accepted. Another text is refused again."""


class InventoryFailed(Exception):
    """A step failed; the message is one sentence."""


def installed_packages(name: str = "watchline", extras: Iterable[str] = EXTRAS) -> list[str]:
    """Return the packages that an installation of a package contains, by canonical name, without those not installed.

    Follows the requirements of each installed package for this machine; an extra counts only where it is asked for.
    """
    found: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while waiting:
        package, extra = waiting.pop()
        if (package, extra) in found:
            continue
        try:
            stated = metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            continue
        found.add((package, extra))
        for text in stated:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), part) for part in ("", *needed.extras)]
    return sorted({package for package, _ in found})


def refused_licences(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return ``name version: licence`` of the packages whose licence is not accepted, or is not stated."""
    return [
        f"{row['Name']} {row['Version']}: {row['License'] or 'none stated'}"
        for row in rows
        if not is_accepted(row["License"]) and DECIDED.get(canonicalize_name(row["Name"])) != row["License"]
    ]


def is_accepted(licence: str) -> bool:
    """Return whether a licence, or one of several of which the user may choose, is in ``ACCEPTED``.

    Alternatives are joined by ``OR``; licences that all apply are joined by ``AND`` or ``;``.
    """
    return any(
        all(_accepted(part) for part in choice.replace(";", " AND ").split(" AND "))
        for choice in licence.strip("() ").split(" OR ")
    )


def _accepted(name: str) -> bool:
    plain = name.strip("() ")
    for known in ACCEPTED:
        plain_of_known = plain.replace(known, "")
        if plain_of_known != plain:
            return not any(word in plain_of_known for word in COPYLEFT)
    return False


def write_python_bill(python: str, file: Path, *, tool: str | None = None) -> None:
    """Write the bill of materials of the environment of an interpreter. InventoryFailed if that is not possible.

    Where a package was installed from a folder, the tool states the path; the bill leaves it out.
    """
    command = [tool] if tool else [sys.executable, "-m", "cyclonedx_py"]
    _run(
        "list the Python packages",
        [*command, "environment", python, "--output-reproducible", "--output-file", str(file)],
    )
    bill = json.loads(file.read_text(encoding="utf-8"))
    for component in (*bill.get("components", ()), bill.get("metadata", {}).get("component", {})):
        references = component.pop("externalReferences", [])
        if public := [one for one in references if not one["url"].startswith("file:")]:
            component["externalReferences"] = public
    file.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_web_bill(file: Path) -> None:
    """Write the bill of materials of the live map, from its lock file. InventoryFailed if that is not possible."""
    npm, environment = npm_command()
    web = ["--prefix", str(ROOT / "ops" / "web"), "sbom", "--sbom-format", "cyclonedx", "--omit", "dev",
           "--package-lock-only"]  # fmt: skip
    file.write_bytes(_run("list the packages of the live map", [*npm, *web], environment=environment))


def licences_of(python: str, *, packages: Sequence[str] = (), tool: str | None = None) -> list[dict[str, str]]:
    """Return Name, Version, License and URL of packages of an interpreter, of all that it has by default."""
    command = [tool] if tool else [sys.executable, "-m", "piplicenses"]
    wanted = ["--packages", *packages] if packages else []
    listed = _run(
        "list the licences",
        [*command, "--python", python, "--from=mixed", "--with-urls", "--format=json", *wanted],
    )
    rows: list[dict[str, str]] = json.loads(listed)
    return rows


def write_licences(rows: Sequence[Mapping[str, str]], file: Path) -> None:
    """Write a table of licences as CSV, by name."""
    with file.open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, ["Name", "Version", "License", "URL"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["Name"].lower()))


def _run(doing: str, command: list[str], *, environment: Mapping[str, str] | None = None) -> bytes:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise InventoryFailed(f"Could not {doing}: {command[0]} ended with {done.returncode}. {said}")
    return done.stdout


def main(folder: str) -> int:
    """Write the three files into ``folder``; 1 with one sentence if a step failed or a licence needs a decision."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    try:
        write_python_bill(sys.executable, out / "sbom-python.cdx.json")
        write_web_bill(out / "sbom-web.cdx.json")
        rows = licences_of(sys.executable, packages=installed_packages())
        write_licences(rows, out / "licences.csv")
    except (InventoryFailed, WebBuildFailed) as failure:
        print(failure, file=sys.stderr)
        return 1
    if refused := refused_licences(rows):
        print(f"Licences that need a decision (ACCEPTED in {Path(__file__).name}): {'; '.join(refused)}",
              file=sys.stderr)  # fmt: skip
        return 1
    print(f"{folder}: bills of materials, and the licences of the {len(rows)} packages of an installation.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "out/inventory"))
