"""Marks of parts: what is finished is kept, what is changed, damaged or unfinished is computed again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.runtime.batch import parts
from ops.runtime.batch.parts import FinishedPart, PartMarks, key_of
from tests.patience import PATIENT_S


@pytest.fixture
def marks(tmp_path: Path) -> PartMarks:
    return PartMarks(tmp_path / "parts", tmp_path / "out")


@pytest.fixture
def writes(marks: PartMarks) -> Callable[..., Any]:
    """Work that writes two files, and counts how often it was done."""

    def work(text: str = "x") -> Callable[[], dict[str, Any]]:
        def write() -> dict[str, Any]:
            folder = marks.out / "a" / "within"
            folder.mkdir(parents=True, exist_ok=True)
            count = marks.out / "count"
            count.write_text(count.read_text() + "1" if count.exists() else "1")
            (folder / "one").write_text(text)
            (marks.out / "a" / "two").write_text(text)
            return {"text": text, "pair": (1, 2)}

        return write

    return work


def done(marks: PartMarks) -> int:
    return len((marks.out / "count").read_text())


def test_a_finished_part_is_kept_with_equal_figures(marks: PartMarks, writes: Callable[..., Any]):
    first, second = (marks.part("a", "key", writes()) for _ in range(2))
    assert (first.state, second.state, done(marks)) == ("new", "kept", 1)
    assert first.figures == second.figures == {"text": "x", "pair": [1, 2]}


def test_other_input_is_computed_and_leaves_nothing_of_the_former(marks: PartMarks, writes: Callable[..., Any]):
    marks.part("a", "key", writes())
    (marks.out / "a" / "old").write_text("of nobody")
    again = marks.part("a", "another", writes("y"))
    assert (again.state, done(marks)) == ("new", 2)
    assert (marks.out / "a" / "two").read_text() == "y"


def spoil_file(marks: PartMarks) -> None:
    (marks.out / "a" / "two").write_text("z")


def remove_file(marks: PartMarks) -> None:
    (marks.out / "a" / "within" / "one").unlink()


def add_file(marks: PartMarks) -> None:
    (marks.out / "a" / "three").write_text("z")


def cut_mark(marks: PartMarks) -> None:
    mark = marks.marks / "a.json"
    mark.write_bytes(mark.read_bytes()[:40])


def empty_mark(marks: PartMarks) -> None:
    (marks.marks / "a.json").write_text('{"key": "key", "files": [], "figures": {}}')


@pytest.mark.parametrize("spoil", [spoil_file, remove_file, add_file, cut_mark, empty_mark])
def test_a_damaged_part_is_computed_again_and_said(
    spoil: Callable[[PartMarks], None], marks: PartMarks, writes: Callable[..., Any]
):
    marks.part("a", "key", writes())
    spoil(marks)
    assert marks.part("a", "key", writes()).state == "again"
    assert (marks.out / "a" / "two").read_text() == (marks.out / "a" / "within" / "one").read_text() == "x"
    assert done(marks) == 2


def test_a_mark_that_names_files_elsewhere_removes_none(marks: PartMarks, writes: Callable[..., Any], tmp_path: Path):
    other = tmp_path / "other.txt"
    other.write_text("of somebody")
    marks.marks.mkdir()
    for name in ("../../other.txt", str(other)):
        (marks.marks / "a.json").write_text(json.dumps({"key": "old", "files": {name: ""}, "figures": {}}))
        marks.part("a", "key", writes())
    assert other.read_text() == "of somebody"


@pytest.mark.parametrize("whole", [False, True])
def test_a_part_that_was_interrupted_is_computed_again(marks: PartMarks, writes: Callable[..., Any], whole: bool):
    def interrupted() -> dict[str, Any]:
        writes("half")()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        marks.part("a", "key", interrupted, whole=whole)
    assert marks.part("a", "key", writes(), whole=whole).figures["text"] == "x"
    assert marks.part("a", "key", writes(), whole=whole).state == "kept"


def test_work_that_needs_an_empty_folder_removes_no_files_of_others(marks: PartMarks, writes: Callable[..., Any]):
    own = marks.out / "a" / "mine.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(BadInput, match="holds other files"):
        marks.part("a", "key", writes(), whole=True)
    assert own.read_text() == "mine"


WORKER = """
import sys
from pathlib import Path
from ops.runtime.batch.parts import PartMarks

marks = PartMarks(Path(sys.argv[1]), Path(sys.argv[2]))


def work():
    folder = marks.out / "a"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one").write_text("begun")
    print("begun", flush=True)
    sys.stdin.readline()
    (folder / "one").write_text("whole")
    return {"text": "whole"}


marks.part("a", "key", work)
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def slow(marks: PartMarks) -> Iterator[subprocess.Popen[str]]:
    """A worker that has begun part a, and ends it when it is sent a line."""
    command = [sys.executable, "-c", WORKER, str(marks.marks), str(marks.out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def test_a_part_of_a_worker_that_was_taken_for_lost_is_waited_for_and_kept(
    marks: PartMarks, writes: Callable[..., Any], slow: subprocess.Popen[str]
):
    assert slow.stdin is not None
    found: list[FinishedPart] = []
    successor = threading.Thread(target=lambda: found.append(marks.part("a", "key", writes())))
    successor.start()
    successor.join(0.5)
    assert successor.is_alive(), "it would write the files of the first"
    assert not (marks.out / "count").exists()
    slow.stdin.write("\n")
    slow.stdin.flush()
    successor.join(PATIENT_S)
    assert [(one.state, one.figures) for one in found] == [("kept", {"text": "whole"})]
    assert not (marks.out / "count").exists()


def test_a_part_of_a_worker_that_was_killed_is_computed_again(
    marks: PartMarks, writes: Callable[..., Any], slow: subprocess.Popen[str]
):
    slow.kill()
    assert marks.part("a", "key", writes()).figures["text"] == "x"


def test_a_part_of_a_worker_that_does_not_end_is_refused_and_left(
    marks: PartMarks, writes: Callable[..., Any], slow: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parts, "WAIT_S", 0.0)
    with pytest.raises(BadInput, match="another worker still writes the part a; expected that worker to end"):
        marks.part("a", "key", writes(), whole=True)
    assert (marks.out / "a" / "one").read_text() == "begun"
    assert not (marks.out / "count").exists()


def test_two_runs_do_not_work_in_one_folder(marks: PartMarks):
    with marks.held(), pytest.raises(BadInput, match="in use by another run"), marks.held():
        pass
    with marks.held():
        pass


def test_a_key_is_that_of_values_and_of_the_content_of_files_wherever_they_are(tmp_path: Path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "border.shp").write_text("line")
        (tmp_path / name / "border.dbf").write_text("names")
    first, second = (key_of("x", 1, files=[tmp_path / name / "border.shp"]) for name in "ab")
    assert first == second
    (tmp_path / "b" / "border.dbf").write_text("other names")
    keys = {
        first,
        key_of("x", 1, files=[tmp_path / "b" / "border.shp"]),
        key_of("x", 2, files=[tmp_path / "a" / "border.shp"]),
        key_of("x", 1, files=["https://example.org/dem.tif"]),
        key_of("x", 1),
    }
    assert len(keys) == 5
    assert key_of("x", 1, files=[tmp_path / "a"]) == first, "the same files, as a folder"
    assert key_of("x", 1, files=[tmp_path / "a" / "*.shp"]) == first, "and as a pattern"


def test_a_key_is_also_that_of_the_rasters_behind_a_virtual_one_and_of_what_is_beside_the_files_of_a_pattern(
    tmp_path: Path,
):
    tiles = tmp_path / "tiles" / "north"
    tiles.mkdir(parents=True)
    (tmp_path / "outer.vrt").write_text(
        '<VRTDataset><SourceFilename relativeToVRT="1">tiles/in&amp;ner.vrt</SourceFilename></VRTDataset>'
    )
    (tmp_path / "tiles" / "in&ner.vrt").write_text(
        "<VRTDataset><SourceFilename>../outer.vrt</SourceFilename>"  # a circle ends
        '<SourceFilename relativeToVRT="1" shared="0">north/a.tif</SourceFilename></VRTDataset>'
    )
    (tiles / "a.tif").write_text("heights")
    (tiles / "a.tfw").write_text("place")
    named = (tmp_path / "outer.vrt", f"{tmp_path}/tiles/**/*.tif", tmp_path)
    before = [key_of(files=[one]) for one in named]
    assert [key_of(files=[one]) for one in named] == before
    (tiles / "a.tif").write_text("other heights")
    second = [key_of(files=[one]) for one in named]
    assert not set(before) & set(second)
    (tmp_path / "tiles" / "in&ner.vrt").write_text("<VRTDataset><SourceFilename>north/a.tif</SourceFilename>")
    assert key_of(files=[named[0]]) != second[0]
    (tiles / "a.tfw").write_text("other place")
    assert key_of(files=[named[1]]) != second[1]


def test_a_part_whose_former_files_were_being_removed_when_it_was_killed_leaves_none_of_them(
    marks: PartMarks, writes: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    marks.part("a", "key", writes())
    remove = Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path.name == "one":
            raise KeyboardInterrupt
        remove(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        marks.part("a", "another", writes())
    monkeypatch.undo()
    again = marks.part("a", "another", dict)
    assert again.state == "new"
    assert [path for path in (marks.out / "a").rglob("*") if path.is_file()] == []
