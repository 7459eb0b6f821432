"""Installing without a network: what was built is what is installed, or one sentence and nothing installed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deploy.air_gapped import build, install

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
RECORD = "watchline-1.0.dist-info"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built folder whose one wheel is a small package of the name."""
    built = tmp_path / "built"
    wheels = built / "wheels"
    wheels.mkdir(parents=True)
    with zipfile.ZipFile(wheels / "watchline-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small_watchline.py", "SEEN = 1\n")
        wheel.writestr(f"{RECORD}/METADATA", "Metadata-Version: 2.1\nName: watchline\nVersion: 1.0\n")
        wheel.writestr(f"{RECORD}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{RECORD}/RECORD", "")
    (built / "requirements.txt").write_text(build.requirements(wheels))
    (built / "BUILT-FOR").write_text(install.this_machine() + "\n")
    (built / "install.py").write_bytes((ROOT / "deploy" / "air_gapped" / "install.py").read_bytes())
    (built / "SHA256SUMS").write_text(build.sums(built))
    return built


def run(folder: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "install.py"), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment or None)


def test_requirements_pin_name_version_and_hash_of_each_wheel(tmp_path: Path) -> None:
    """By hand: SHA-256 of nothing is e3b0c442… (FIPS 180-4 examples); names are normalised as PEP 503 says."""
    (tmp_path / "Some_Thing-2.0.post1-py3-none-any.whl").touch()
    (tmp_path / "a.b-1!1.0-cp311-cp311-manylinux_2_17_x86_64.whl").touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert build.requirements(tmp_path) == (
        f"a-b==1!1.0 --hash=sha256:{empty}\nsome-thing==2.0.post1 --hash=sha256:{empty}\n"
    )


def test_the_list_of_files_is_one_that_sha256sum_checks(folder: Path) -> None:
    command, english = ["sha256sum", "--check", "--strict", "SHA256SUMS"], {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=english)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == 4 == install.check_files(folder)


def test_it_installs_without_an_index(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "opt" / "watchline"
    target.parent.mkdir()
    hostile = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_DEPS": "nonsense"}
    done = run(folder, target, **hostile)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    seen = [str(target / "bin" / "python"), "-c", "import small_watchline; print(small_watchline.SEEN)"]
    assert subprocess.run(seen, capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "1\n"
    again = run(folder, target)
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    assert "not an empty folder" in again.stderr
    assert run(folder, target / "pyvenv.cfg").stderr.count("\n") == 1  # a file


@pytest.mark.parametrize("what", ["changed", "missing", "added"])
def test_a_folder_that_is_not_what_was_built_is_refused_by_the_name_of_the_file(
    folder: Path, tmp_path: Path, what: str
) -> None:
    wheel = next((folder / "wheels").iterdir())
    if what == "changed":
        body = bytearray(wheel.read_bytes())
        body[-30] ^= 1
        wheel.write_bytes(body)
    elif what == "missing":
        wheel.unlink()
    else:
        wheel = folder / "wheels" / "evil-1.0-py3-none-any.whl"
        wheel.touch()
    done = run(folder, tmp_path / "target")
    assert done.returncode == 1
    assert done.stderr.startswith(f"wheels/{wheel.name}: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "target").exists()


def test_a_wheel_with_another_hash_than_the_requirement_is_refused_by_pip_too(folder: Path, tmp_path: Path) -> None:
    """Whoever changes a wheel and the list of files, but not the pinned requirements."""
    wheel = next((folder / "wheels").iterdir())
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("evil.py", "")
    (folder / "SHA256SUMS").write_text(build.sums(folder))
    target = tmp_path / "target"
    done = run(folder, target)
    assert done.returncode == 1
    assert "could not install the wheels" in done.stderr
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in done.stderr
    assert not target.exists()


def test_another_python_is_refused_before_anything_is_made(folder: Path, tmp_path: Path) -> None:
    (folder / "BUILT-FOR").write_text("cp399 linux-sparc64\n")
    done = run(folder, tmp_path / "target")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert install.this_machine() in done.stderr
    assert "cp399 linux-sparc64" in done.stderr
    assert not (tmp_path / "target").exists()


def test_a_folder_without_its_machine_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "BUILT-FOR").unlink()
    done = run(folder, tmp_path / "target")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("BUILT-FOR: ")


def test_a_build_removes_nothing_but_an_earlier_build(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(build.BuildFailed, match="holds other files"):
        build.build(tmp_path)
    assert (tmp_path / "photos").is_dir()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_service_is_valid_and_confined(unit: Path, tmp_path: Path) -> None:
    """systemd's own judgement, of 0 (confined) to 100: at most 20, where it calls a service without settings 96."""
    installed = tmp_path / unit.name.replace("@", "@north")
    text = unit.read_text(encoding="utf-8")
    installed.write_text(text.replace("/opt/watchline/bin/watchline", "/bin/true"), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(installed)], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0
    assert [line for line in verified.stderr.splitlines() if "watchline" in line] == []
    judged = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(installed)]
    done = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_services_run_commands_that_watchline_accepts_and_are_confined_alike() -> None:
    from typer.main import get_command

    from ops.cli.app import app

    settings = []
    for unit in UNITS:
        lines = unit.read_text(encoding="utf-8").splitlines()
        [start] = [line.removeprefix("ExecStart=") for line in lines if line.startswith("ExecStart=")]
        program, *words = start.split()
        assert program == "/opt/watchline/bin/watchline"
        assert words.pop() == "$WATCHLINE_OPTIONS"
        command: Any = get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        context = command.make_context("", words, resilient_parsing=True)
        assert context.params["data"] == Path("%S/watchline/%i")
        settings.append(lines[lines.index("DynamicUser=yes") :])
    without_files = [[line for line in lines if not line.startswith("LimitNOFILE")] for lines in settings]
    assert all(lines == without_files[0] for lines in without_files)
