"""The documentation site builds without a warning, no link is broken, and nothing comes from other servers."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from tests.notebooks.kernels import with_kernels
from tests.patience import patient_s

ROOT = Path(__file__).parents[2]
LONGEST_S = round(patient_s(1200.0))
"""A build takes two minutes beside other tests; the rest is for a busy machine."""
pytestmark = pytest.mark.timeout(LONGEST_S + 120)
EXECUTED = "01_coverage"
"""One notebook with figures is executed here, the one that takes least; tests/notebooks runs all of them."""


def script(name: str) -> ModuleType:
    """A script of deploy/, imported."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


build_site = script("build_site")


def build(source: Path, site: Path, *options: str, notebooks: str = "") -> subprocess.CompletedProcess[str]:
    """Sphinx in a process of its own, because it keeps state between builds."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import build_site; "
        "raise SystemExit(build_site.build(Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:]))"
    )
    arguments = [str(ROOT / "deploy"), str(source), str(site), *options]
    environment = {**os.environ, "WATCHLINE_SITE_NOTEBOOKS": notebooks}
    with with_kernels(code) if notebooks else nullcontext(["-c", code]) as words:
        return subprocess.run(
            [sys.executable, *words, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
            check=False, timeout=LONGEST_S,
        )  # fmt: skip


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "source"
    build_site.stage(folder)
    return folder


@pytest.fixture(scope="module")
def site(staged: Path) -> Path:
    """The site as `make docs` builds it, with one notebook executed."""
    built = staged.with_name("built")
    done = build(staged, built, "-D", "nb_execution_mode=force", notebooks=EXECUTED)
    assert done.returncode == 0, done.stderr[-4000:]
    return built


def two_pages(folder: Path) -> Path:
    """Two pages that link to each other."""
    source = folder / "source"
    (source / "docs").mkdir(parents=True)
    (source / "docs" / "index.md").write_text("# One\n\nSee [two](two.md#part).\n\n```{toctree}\ntwo\n```\n")
    (source / "docs" / "two.md").write_text("# Two\n\n## Part\n\nSee [one](index.md).\n")
    return source


def test_the_site_builds_without_a_warning_and_no_link_is_broken(site: Path):
    assert build_site.faults(site) == []


def test_it_has_the_pages_that_come_from_code(site: Path):
    viewshed = (site / "docs/python/geo.visibility.html").read_text(encoding="utf-8")
    assert "Parameters" in viewshed
    assert "max_range_m" in viewshed
    alert = (site / "docs/messages.html").read_text(encoding="utf-8")
    assert "raised_at" in alert
    requests = (site / "docs/http-api.html").read_text(encoding="utf-8")
    assert "/api/alerts/{identity}/acknowledge" in requests
    assert "/api/stream" in requests


def test_it_can_be_searched_without_a_server(site: Path):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")
    assert "viewshed" in index


def test_executed_notebooks_show_their_figures(site: Path):
    page = (site / "notebooks" / f"{EXECUTED}.html").read_text(encoding="utf-8")
    assert page.count("_images/") >= 1


def test_a_small_site_without_faults_builds(tmp_path: Path):
    small, built = two_pages(tmp_path), tmp_path / "built"
    assert build(small, built).returncode == 0
    assert build_site.faults(built) == []


BROKEN = {
    "page": ("[two](three.md)", "three.md"),
    "anchor": ("[two](two.md#no-such-part)", "no-such-part"),
    "picture": ("![a picture](missing.png)", "missing.png"),
}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Sphinx says of a site with a page for each fault of ``BROKEN``, and one page outside the index."""
    source = two_pages(tmp_path_factory.mktemp("spoilt"))
    index = source / "docs" / "index.md"
    index.write_text(index.read_text().replace("\ntwo\n", "\ntwo\n" + "".join(f"{name}\n" for name in BROKEN)))
    for name, (text, _) in BROKEN.items():
        (source / "docs" / f"{name}.md").write_text(f"# {name}\n\n{text}\n")
    (source / "docs" / "lost.md").write_text("# Lost\n")
    done = build(source, source.with_name("built"))
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_link_fails(spoilt: str, name: str):
    assert re.search(rf"docs/{name}\.md:.*WARNING: .*{re.escape(BROKEN[name][1])}", spoilt), spoilt


def test_a_page_outside_the_index_fails(spoilt: str):
    assert re.search(r"docs/lost\.md: WARNING: document isn't included in any toctree", spoilt), spoilt


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<a href="gone.html">x</a>', "gone.html does not exist"),
        ('<a href="#gone">x</a>', "#gone has no such anchor"),
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', "loads //fonts.example/x.css"),
    ],
)
def test_faults_of_the_built_pages_are_found(tmp_path: Path, markup: str, fault: str):
    (tmp_path / "page.html").write_text(f"<title>x</title>{markup}")
    assert build_site.faults(tmp_path) == [f"page.html: {fault}"]


def test_the_front_page_leads_to_the_index(site: Path, tmp_path: Path):
    assert (site / "index.html").is_file()
    copy = shutil.copytree(site, tmp_path / "copy", ignore=shutil.ignore_patterns("python"))
    assert any("does not exist" in fault for fault in build_site.faults(copy))
