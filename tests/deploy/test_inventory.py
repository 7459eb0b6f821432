"""Bills of materials are valid by CycloneDX's schema and complete; no licence is left without a decision."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from deploy import inventory

ROOT = Path(__file__).parents[2]


def valid(file: Path) -> dict[str, Any]:
    """The bill in a file, which the schema of its version, as OWASP publishes it, must allow."""
    text = file.read_text(encoding="utf-8")
    bill: dict[str, Any] = json.loads(text)
    assert bill["bomFormat"] == "CycloneDX"
    error = JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text)
    assert error is None, str(error)[:500]
    return bill


def components(bill: dict[str, Any]) -> set[tuple[str, str]]:
    return {(canonicalize_name(part["name"]), part["version"]) for part in bill["components"]}


def test_the_bill_of_the_environment_is_valid_and_lists_what_is_installed(tmp_path: Path) -> None:
    """A small environment: the schema of CycloneDX takes 17 s for one of 300 packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "small")], check=True)
    [packages] = (tmp_path / "small").glob("lib/python*/site-packages")
    for name, version in (("a.package", "1.0"), ("another", "2.0.post1")):
        record = packages / f"{name}-{version}.dist-info"
        record.mkdir()
        needs = "Requires-Dist: another\n" if name == "a.package" else ""
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n{needs}"
        (record / "METADATA").write_text(text)
    installed = {"url": "file:///home/builder/a.package", "dir_info": {"editable": True}}  # PEP 610
    [direct] = packages.glob("a.package-*")
    (direct / "direct_url.json").write_text(json.dumps(installed))
    file = tmp_path / "python.cdx.json"
    python = str(tmp_path / "small" / "bin" / "python")
    inventory.write_python_bill(python, file)
    bill = valid(file)
    assert components(bill) == {("a-package", "1.0"), ("another", "2.0.post1")}
    assert "file:" not in file.read_text(encoding="utf-8"), "no path of the machine that made it"
    needed = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert [ref for ref in needed if needed[ref]] == ["a.package==1.0"]
    first = file.read_bytes()
    inventory.write_python_bill(python, file)
    assert file.read_bytes() == first, "the same environment gives the same bill"


def test_the_bill_of_the_live_map_is_valid_and_lists_what_the_lock_file_pins(tmp_path: Path) -> None:
    file = tmp_path / "web.cdx.json"
    inventory.write_web_bill(file)
    bill = valid(file)
    locked = json.loads((ROOT / "ops" / "web" / "package-lock.json").read_text())["packages"]
    tools = locked[""]["devDependencies"]  # npm leaves these out also where another package names their types
    pinned = {
        (name.rpartition("node_modules/")[2], entry["version"])
        for name, entry in locked.items()
        if name
        and not entry.get("dev")
        and not entry.get("optional")
        and name.removeprefix("node_modules/") not in tools
    }
    listed = {(f"{part['group']}/{part['name']}" if part.get("group") else part["name"], part["version"])
              for part in bill["components"]}  # fmt: skip
    assert pinned, "the live map needs packages"
    assert pinned <= listed


def test_an_installation_contains_what_its_packages_require_and_no_tools_of_tests() -> None:
    found = set(inventory.installed_packages())
    assert {"watchline", "numpy", "dask", "distributed", "psycopg", "psycopg-binary", "libasterix"} <= found
    assert found.isdisjoint({"pytest", "hypothesis", "mypy", "playwright"})
    assert inventory.installed_packages("no-such-package") == []


@pytest.mark.parametrize(
    ("licence", "accepted"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("LGPL-3.0-only", True),
        ("BSD License; MIT License", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("GNU General Public License v2 (GPLv2)", False),
        ("BSD-3-Clause AND GPL-2.0-only", False),
        ("MIT License; GNU General Public License v3 (GPLv3)", False),
        ("GPLv2+; LGPLv2+; MPL 1.1", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licences_by_hand(licence: str, accepted: bool) -> None:
    """All licences joined by AND or ; apply, and one of those joined by OR may be chosen (SPDX 2.3, annex D)."""
    assert inventory.is_accepted(licence) is accepted


def test_no_package_of_an_installation_has_a_licence_that_no_person_accepted(tmp_path: Path) -> None:
    packages = inventory.installed_packages()
    rows = inventory.licences_of(sys.executable, packages=packages)
    assert inventory.refused_licences(rows) == []
    assert {canonicalize_name(row["Name"]) for row in rows} >= set(packages) - {"watchline"}
    inventory.write_licences(rows, tmp_path / "licences.csv")
    with (tmp_path / "licences.csv").open(newline="", encoding="utf-8") as table:
        assert len(list(csv.DictReader(table))) == len(rows)


def test_a_decision_is_about_one_licence_as_its_package_states_it() -> None:
    [name, stated] = next(iter(inventory.DECIDED.items()))
    assert inventory.refused_licences([{"Name": name, "Version": "1", "License": stated}]) == []
    assert inventory.refused_licences([{"Name": name, "Version": "1", "License": "GPL-3.0-only"}])


def test_a_package_without_a_known_licence_is_named() -> None:
    rows = [{"Name": "a", "Version": "1", "License": "MIT"}, {"Name": "b", "Version": "2", "License": ""}]
    assert inventory.refused_licences(rows) == ["b 2: none stated"]
