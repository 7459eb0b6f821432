"""The floors hold: imports only go down, and below ops nothing reads a clock, throws dice or opens a socket."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
PURE = ("geo", "sensors", "fusion")
LINKS = {"connection.py", "publisher.py", "sender.py", "subscriber.py"}
"""The files of ingest that hold a connection: they measure waiting, on the monotonic clock and on no other."""
SEARCHES = {"sensors/planning/solver/solve.py", "sensors/patrols/game.py"}
"""Searches that are given seconds: they take a clock as an argument, whose default is the monotonic one; none is asked
by name. What they found when time was up says so by its gap."""
OF_TIME_AND_CHANCE = {"time", "random", "secrets", "uuid", "socket", "ssl", "asyncio", "selectors", "subprocess"}
CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
NEW_RANDOM = {"default_rng", "Generator", "SeedSequence", "PCG64", "Philox"}


def files_of(*packages: str) -> list[Path]:
    return sorted(file for package in packages for file in (ROOT / package).rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def dotted(node: ast.expr) -> str:
    """``np.random.default_rng``; what stands before the first name in brackets or as a call is not part of it."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Call:
    """A call by a dotted name, as in ``np.random.default_rng(3)``, and whether anything is given."""

    name: str
    line: int
    given: bool

    @staticmethod
    def of(node: ast.Call) -> Call:
        return Call(dotted(node.func), node.lineno, bool(node.args or node.keywords))


@dataclass(frozen=True)
class Content:
    """Of a file: the first names of all imported modules, every call, and the types that it defines at its top."""

    imported: frozenset[str]
    calls: tuple[Call, ...]
    types: tuple[str, ...]


@cache
def content(file: Path) -> Content:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported, calls = set[str](), list[Call]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls.append(Call.of(node))
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module.partition(".")[0])
    return Content(frozenset(imported), tuple(calls), tuple(types_of(tree)))


def types_of(tree: ast.Module) -> Iterator[str]:
    """Names of the classes, aliases of types and type variables of a module: what is written in CapWords."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        name = node.name if isinstance(node, ast.ClassDef) else getattr(targets[0], "id", "")
        if name[:1].isupper() and not name.isupper():
            yield name


def test_the_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(ROOT)
    failed = lint_imports()
    assert not failed, capsys.readouterr().out


def test_only_one_package_talks_to_paho():
    packages = ("geo", "sensors", "ingest", "fusion", "ops")
    users = {file.parent for file in files_of(*packages) if "paho" in content(file).imported}
    assert users == {ROOT / "ingest" / "mqtt"}


def test_no_circle_of_files():
    """A module, with all that it imports anywhere in its body, never leads back to itself."""
    graph = grimp.build_graph(
        "geo", "sensors", "ingest", "fusion", "ops", exclude_type_checking_imports=False, cache_dir=None
    )
    waiting = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    packages = {module for module in waiting if (ROOT / Path(*module.split("."))).is_dir()}
    waiting = {module: imports - packages for module, imports in waiting.items() if module not in packages}
    while free := [module for module, imports in waiting.items() if not imports & waiting.keys()]:
        for module in free:
            del waiting[module]
    assert waiting == {}


def test_no_public_type_has_its_name_in_two_modules():
    homes: dict[str, list[str]] = {}
    for file in files_of("geo", "sensors", "ingest", "fusion", "ops"):
        for name in content(file).types:
            homes.setdefault(name, []).append(name_of(file))
    assert len(homes) > 400
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_what_is_pure_imports_neither_clock_nor_chance_nor_network():
    wrong = {}
    for file in files_of(*PURE):
        found = OF_TIME_AND_CHANCE & content(file).imported
        asked = [call.name for call in content(file).calls if call.name.startswith("time.")] if found else []
        if asked or not found <= ({"time"} if name_of(file) in SEARCHES else set()):
            wrong[name_of(file)] = (found, asked)
    assert wrong == {}


def test_only_the_links_of_ingest_measure_time():
    wrong = {}
    for file in files_of("ingest"):
        found = OF_TIME_AND_CHANCE & content(file).imported
        asked = {call.name for call in content(file).calls if call.name.startswith("time.")} if found else set()
        if not (found <= ({"time"} if file.name in LINKS else set()) and asked <= {"time.monotonic", "time.sleep"}):
            wrong[name_of(file)] = (found, asked)
    assert wrong == {}


def impure(call: Call) -> str:
    """What is wrong with a call below ops; empty where nothing is."""
    if any(call.name == clock or call.name.endswith(f".{clock}") for clock in CLOCKS):
        return "asks a clock"
    before, _, last = call.name.rpartition(".")
    if before.endswith("random") and last not in NEW_RANDOM:
        return "is the global random generator of numpy"
    return "has no seed" if last == "default_rng" and not call.given else ""


def test_nothing_below_ops_asks_what_time_it_is_or_throws_dice_without_a_seed():
    wrong = [
        f"{name_of(file)}, line {call.line}: {call.name} {fault}"
        for file in files_of(*PURE, "ingest")
        for call in content(file).calls
        if (fault := impure(call))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("time.time()", True),
        ("datetime.datetime.now()", True),
        ("date.today()", True),
        ("time.monotonic()", False),
        ("np.random.rand(3)", True),
        ("np.random.default_rng()", True),
        ("np.random.default_rng(3)", False),
        ("default_rng()", True),
        ("f(3).time.time()", True),
    ],
)
def test_what_is_impure_is_found(text: str, wrong: bool):
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert bool(impure(Call.of(call))) is wrong


def test_ingest_starts_without_what_it_does_not_need():
    """An ingest process that loaded the analysis libraries would cost 200 MB and seconds at every start."""
    code = "import sys, ops.services.ingest.process; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"paho", "msgspec", "ingest"} <= loaded
    assert not {"xarray", "pandas", "numba", "scipy", "geopandas", "matplotlib", "dask", "rasterio"} & loaded


@pytest.mark.parametrize("module", ["ops.room.demo.command", "ops.room.run_command", "ops.room.serve_command"])
def test_the_parent_starts_without_the_analysis(module: str):
    """It runs beside all others: what it loaded for its report would be loaded during the whole demonstration."""
    code = f"import sys, {module}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    serves = module == "ops.room.serve_command"  # in this process; the others leave that to one of their own
    heavy = {"xarray", "pandas", "numba", "scipy", "rasterio", "matplotlib", *([] if serves else ["fastapi"])}
    assert not heavy & set(done.stdout.split())


def test_the_api_starts_without_the_analysis():
    """Reports, exports and features are made in other processes or load what they need when they are asked for."""
    code = "import sys, ops.services.api.process; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "numpy",
        "pyproj",
        "xarray",
        "pandas",
        "numba",
        "scipy",
        "rasterio",
        "matplotlib",
        "pygeoapi",
        "sqlalchemy",
    }
    assert not heavy & set(done.stdout.split())


def test_fusion_starts_without_what_it_does_not_need():
    code = "import sys, ops.services.fusion.process; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"geopandas", "matplotlib", "folium", "dask", "distributed", "fastapi"} & set(done.stdout.split())
