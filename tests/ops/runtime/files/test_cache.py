"""Files kept between starts: whole or missing, bounded, shared by processes, and never needed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.runtime.files import cache as cache_module
from ops.runtime.files.cache import FileCache

LIMIT = 100_000


def cache(folder: Path, limit: int = LIMIT) -> FileCache:
    return FileCache(folder, limit, least_free_bytes=0)


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the cache logged; an object of another test that is taken away meanwhile may log something, too."""
    return [one.getMessage() for one in caplog.records if one.name == cache_module.__name__]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_kept_is_there_for_the_next_start(tmp_path: Path):
    cache(tmp_path).put("a/1", b"one")
    cache(tmp_path).put("a/2", b"")
    again = cache(tmp_path)
    assert (again.get("a/1"), again.get("a/2"), again.get("a/3")) == (b"one", b"", None)


@given(body=st.binary(max_size=40), at=st.integers(0), value=st.integers(1, 255), length=st.integers(0))
def test_a_damaged_file_is_missing_and_is_replaced(tmp_path_factory, body: bytes, at: int, value: int, length: int):
    folder = tmp_path_factory.mktemp("kept")
    kept = cache(folder)
    kept.put("key", body)
    (file,) = files(folder)
    whole = file.read_bytes()
    spot = at % len(whole)
    for damaged in (whole[:spot] + bytes([whole[spot] ^ value]) + whole[spot + 1 :], whole[: length % len(whole)]):
        file.write_bytes(damaged)
        assert kept.get("key") is None
    kept.put("key", body)
    assert kept.get("key") == body


def test_the_content_of_another_key_counts_as_damage(tmp_path: Path):
    kept = cache(tmp_path)
    kept.put("here", b"mine")
    (here,) = files(tmp_path)
    kept.put("there", b"theirs")
    (there,) = set(files(tmp_path)) - {here}
    here.write_bytes(there.read_bytes())
    assert (kept.get("here"), kept.get("there")) == (None, b"theirs")


def test_the_folder_stays_below_its_limit_and_keeps_what_was_used_last(tmp_path: Path):
    kept = cache(tmp_path)
    for number in range(60):
        kept.put(f"old {number}", bytes(1000))
    for file in files(tmp_path):
        os.utime(file, (1.0, 1.0))
    used = range(0, 60, 6)
    assert all(kept.get(f"old {number}") for number in used), "and so they are no longer old"
    for number in range(60):
        kept.put(f"new {number}", bytes(1000))
        assert sum(file.stat().st_size for file in files(tmp_path)) <= LIMIT
    assert [number for number in used if kept.get(f"old {number}") is None] == []
    assert [number for number in range(60) if kept.get(f"new {number}") is None] == []
    assert sum(kept.get(f"old {number}") is not None for number in range(60)) < 40


def test_processes_share_a_folder(tmp_path: Path):
    """Three processes write and read the same keys and remove each other's files; a content is never wrong."""
    code = """
import sys
from pathlib import Path
from ops.runtime.files.cache import FileCache
kept = FileCache(Path(sys.argv[1]), 40_000, least_free_bytes=0)
for turn in range(300):
    key = f"tile {turn % 60}"
    body = key.encode() * 150
    found = kept.get(key)
    assert found in (None, body), (key, found)
    if found is None:
        kept.put(key, body)
assert kept._usable
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 3
    assert not [file for file in files(tmp_path) if file.name.startswith("new-")]


def test_without_a_folder_nothing_is_kept_and_it_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    taken = tmp_path / "file"
    taken.write_text("a file where the folder should be")
    kept = cache(taken)
    with caplog.at_level(logging.WARNING):
        kept.put("a", b"one")
        kept.put("b", b"two")
    assert kept.get("a") is None
    assert len(logged(caplog)) == 1
    assert taken.read_text() == "a file where the folder should be"


def test_space_for_detections_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    kept = FileCache(tmp_path, LIMIT, least_free_bytes=2**62)
    with caplog.at_level(logging.WARNING):
        kept.put("a", b"one")
    assert files(tmp_path) == []
    assert len(logged(caplog)) == 1


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = tmp_path / "cache"
    cache(folder).put("a/1", b"one")
    assert [one.stat().st_mode & 0o777 for one in (folder, *folder.iterdir())] == [0o700, 0o700]
    assert cache(folder).get("a/1") == b"one"
    folder.chmod(0o777)
    shared = cache(folder)
    shared.put("a/2", b"two")
    assert (shared.get("a/1"), shared.get("a/2")) == (None, None)
    assert "others may write in it" in caplog.text
