"""The documentation is current: commands, docstrings of public names, generated pages, names in prose."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest
import typer.main
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

from ops.cli.app import app
from tests.patience import PATIENT_S

ROOT = Path(__file__).resolve().parents[1]
PROSE = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "data/samples/README.md")),
]
ENTRY_POINTS = {
    "geo.frame": {"LocalFrame"},
    "geo.terrain": {"open_terrain"},
    "geo.border": {"Border"},
    "geo.visibility": {"line_of_sight", "viewshed", "viewshed_array", "viewsheds"},
    "geo.challenge": {"challenge", "terrain_ruggedness_index", "vector_ruggedness"},
    "geo.mobility": {"tobler_speed"},
    "sensors.layout": {"Layout"},
    "sensors.coverage": {"coverage"},
    "sensors.gaps": {"gaps", "least_detected_crossing", "barrier", "time_average_gap", "k_barrier"},
    "sensors.planning": {"compare", "choose_sites"},
    "sensors.simulate": {"simulate"},
    "sensors.detections": {"to_dataset"},
    "sensors.radar": {"detection_probability"},
    "sensors.camera": {"range_for_pixels", "detection_probability"},
    "sensors.interdiction": {"probability_of_interruption"},
    "fusion.tracker": {"Tracker", "track"},
    "fusion.scoring": {"gospa", "ospa", "identity_switches", "continuity"},
    "ingest.decode": {"decode"},
}
"""Names that programs outside this repository import: they stay where they are."""
NUMPYDOC = {
    *("GL08", "SS01", "SS02", "SS03", "SS04", "SS05", "SS06"),  # a summary of one line that ends with a period
    *("PR01", "PR02", "PR03", "PR04"),  # every parameter, no other, in order, each with its type
    *("RT01", "RT03"),  # what is returned, described
}
"""The checks of numpydoc.validate that public names pass."""


def script(name: str) -> ModuleType:
    """A script of deploy/, or a module beside it, imported as scripts import each other."""
    folder = str(ROOT / "deploy")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


write_docs = script("write_docs")
public_api = script("doc_pages.public_api")
source_text = script("doc_pages.source_text")
draw_diagrams = script("draw_diagrams")
API = sorted(
    module
    for module, file in source_text.modules().items()
    if module.partition(".")[0] in public_api.LIBRARY and "__all__ = " in file.read_text(encoding="utf-8")
)
"""The modules that may define ``__all__``: one test each, so that a collection need not parse every file."""


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Functions and classes of a module that other modules may use; of an overloaded one, its body."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not node.name.startswith("_") and "overload" not in decorators:
                yield node


def test_every_file_and_every_public_name_has_a_docstring():
    bare = []
    for module, file in source_text.modules().items():
        if module.partition(".")[0] in public_api.LIBRARY:
            tree = source_text.tree(module)
            bare += [] if ast.get_docstring(tree) else [name_of(file)]
            bare += [f"{name_of(file)}: {node.name}" for node in public(tree) if not ast.get_docstring(node)]
    assert bare == []


@cache
def public_names() -> dict[str, tuple[Any, ...]]:
    """The public functions and classes, by the module from which they are imported."""
    names: dict[str, list[Any]] = {}
    for name in public_api.public_names():
        if name.kind not in ("constant", "type"):
            names.setdefault(name.module, []).append(name)
    return {module: tuple(found) for module, found in names.items()}


def test_no_module_with_public_names_is_left_out():
    assert public_names().keys() <= set(API)
    assert sum(map(len, public_names().values())) > 200


@pytest.mark.parametrize("module", API)
def test_public_names_are_documented_in_numpydoc_form(module: str):
    wrong = []
    for name in public_names().get(module, ()):
        thing = getattr(importlib.import_module(name.module), name.name)
        # An exception that adds no constructor has the parameters of its base, which are documented there.
        checks = NUMPYDOC - {"PR01"} if name.kind == "exception" and "__init__" not in vars(thing) else NUMPYDOC
        errors = validate(get_doc_object(thing))["errors"]
        wrong += [f"{name.name}: {code} {text}" for code, text in errors if code in checks]
    assert wrong == []


@cache
def findings() -> list[tuple[Path, int, str]]:
    """What ruff's rules of docstrings (D, numpy's convention) find in the files that define public names."""
    files = sorted({str(source_text.modules()[name.defined_in]) for names in public_names().values() for name in names})
    command = [sys.executable, "-m", "ruff", "check", "--select=D", "--ignore=D105", "--output-format=json", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENT_S)
    assert done.returncode in (0, 1), done.stderr
    return [
        (Path(found["filename"]), found["location"]["row"], f"{found['code']} {found['message']}")
        for found in json.loads(done.stdout)
    ]


@pytest.mark.parametrize("module", API)
def test_public_definitions_follow_numpys_convention(module: str):
    wrong = []
    for name in public_names().get(module, ()):
        file = source_text.modules()[name.defined_in]
        _, node = source_text.definition(name.module, name.name)
        wrong += [
            f"{name.name}, line {row}: {text}"
            for at, row, text in findings()
            if at == file and node.lineno <= row <= node.end_lineno
        ]
    assert wrong == []


@pytest.mark.parametrize("module", API)
def test_the_examples_of_public_names_run(module: str):
    output: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for name in public_names().get(module, ()):
        thing = getattr(importlib.import_module(name.module), name.name)
        home = importlib.import_module(name.defined_in)
        for example in doctest.DocTestFinder().find(inspect.unwrap(thing), name.name, home, dict(vars(home))):
            runner.run(example, out=output.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(output)


def test_the_entry_points_are_public_where_they_always_were():
    missing = {module: names - set(source_text.exported(module)) for module, names in ENTRY_POINTS.items()}
    assert {module: names for module, names in missing.items() if names} == {}


def test_every_public_constant_says_what_it_is():
    constants = [public for public in public_api.public_names() if public.kind in ("constant", "type")]
    assert [f"{public.module}.{public.name}" for public in constants if not public.described] == []


def test_the_generated_documentation_is_current():
    outdated = [
        name_of(path)
        for path, text in write_docs.generated().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert outdated == [], "run deploy/write_docs.py"


def test_every_picture_was_drawn_from_its_text():
    assert len(list(draw_diagrams.DIAGRAMS.glob("*.mmd"))) >= 3
    assert [name_of(path) for path in draw_diagrams.outdated()] == [], "run deploy/draw_diagrams.py"


def test_an_older_picture_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(draw_diagrams, "DIAGRAMS", tmp_path)
    (tmp_path / "a.mmd").write_text("flowchart LR\n  a --> b\n")
    assert list(draw_diagrams.outdated()) == [tmp_path / "a.mmd"]
    (tmp_path / "a.svg").write_text(f"<!-- drawn from {draw_diagrams.digest('flowchart LR')} -->\n<svg/>\n")
    assert list(draw_diagrams.outdated()) == [tmp_path / "a.mmd"]
    digest = draw_diagrams.digest("flowchart LR\n  a --> b\n")
    (tmp_path / "a.svg").write_text(f"<!-- drawn from {digest} -->\n<svg/>\n")
    assert draw_diagrams.outdated() == {}


@cache
def sources(folder: Path) -> tuple[Path, ...]:
    """Every file of a folder, but those of npm's packages."""
    return tuple(path for path in folder.rglob("*") if path.is_file() and "node_modules" not in path.parts)


READERS_FOLDERS = ("andorra/", "out/", "room/", "site/")
"""Folders that a reader makes while following a guide; tests of the guides look for them."""
FILE_ENDINGS = ("py", "ts", "json", "md", "db", "toml", "csv", "parquet", "geojson")


def dotted_names(page: str) -> set[str]:
    """What a page names of our packages, ``geo.visibility.viewshed``; names of files are left out."""
    found = re.findall(r"(?<![\w./-])(?:geo|sensors|ingest|fusion|ops)(?:\.[A-Za-z_]\w*)+(?![\w/-])", page)
    return {name for name in found if name.rpartition(".")[2] not in FILE_ENDINGS}


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of one."""
    module = name
    while module not in source_text.modules():
        module = module.rpartition(".")[0]
    thing: Any = importlib.import_module(module)
    for part in name.removeprefix(module).split(".")[1:]:
        fields = getattr(thing, "__annotations__", {})
        if not hasattr(thing, part) and part not in fields:
            return False
        thing = getattr(thing, part, None)
    return True


@pytest.mark.parametrize("file", PROSE, ids=name_of)
def test_the_names_in_the_documentation_resolve(file: Path):
    names = dotted_names(file.read_text(encoding="utf-8"))
    assert sorted(name for name in names if not resolves(name)) == []


def test_a_name_that_is_gone_does_not_resolve():
    assert dotted_names("`geo.frame.LocalFrame`, ops/web, sensors.json") == {"geo.frame.LocalFrame"}
    assert resolves("geo.frame.LocalFrame.around")
    assert not resolves("geo.no_such_module")
    assert not resolves("geo.frame.NoSuchName")


@pytest.mark.parametrize("file", PROSE, ids=name_of)
def test_the_files_that_the_documentation_names_exist(file: Path):
    """A path may begin anywhere in the tree: ``map/layers.ts`` is below ops/web/src."""
    folders = (
        "geo",
        "sensors",
        "ingest",
        "fusion",
        "ops",
        "tests",
        "docs",
        "deploy",
        "data",
        "benchmarks",
        "notebooks",
    )
    there = [f"/{name_of(path)}" for folder in folders for path in sources(ROOT / folder)]
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|ts|md|mmd|toml))`", file.read_text(encoding="utf-8"))
    wanted = [name for name in named if "NAME" not in name and not name.startswith(READERS_FOLDERS)]
    assert [name for name in wanted if not any(path.endswith(f"/{name}") for path in there)] == []


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))
def test_every_command_is_documented_and_helps(command: str):
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[`watchline {command}`\]\(#watchline-{command}\) \| \S", page, flags=re.MULTILINE)
    assert f"\n### watchline {command}\n" in page
    assert typer.main.get_command(app).commands[command].help


def test_the_readme_names_no_command_that_is_not_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`watchline ([a-z-]+)", readme))
    assert named <= set(typer.main.get_command(app).commands)


@pytest.mark.parametrize("file", PROSE, ids=name_of)
def test_links_lead_somewhere(file: Path):
    links = [link for link in re.findall(r"\]\(([^)#\s]+)\)", file.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_the_readme_has_links():
    assert "](docs/architecture.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_table_of_the_settings_is_documented():
    from ops.sector.settings import Settings

    tables = [
        name
        for name, described in get_type_hints(Settings).items()
        if is_dataclass(described) or any(is_dataclass(part) for part in get_args(described))
    ]
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert {"cue", "media", "goods", "hold"} <= set(tables)
    assert [name for name in tables if f"## `[{name}]`" not in page and f"## `[[{name}]]`" not in page] == []
