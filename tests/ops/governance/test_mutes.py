"""Mutes end by themselves, whatever the clock or the file says."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ops.governance import mutes
from ops.governance.mutes import FILE, MOST_S, MutedSensors, mute, muted

NOW_S = 1_772_400_000.0


def test_a_mute_lasts_until_its_end_and_at_most_a_day(tmp_path: Path) -> None:
    seen = MutedSensors(tmp_path)
    assert set(seen.at(NOW_S)) == set()
    mute(tmp_path, "r1", NOW_S + 60.0, now_s=NOW_S)
    mute(tmp_path, "r2", NOW_S + 10 * MOST_S, now_s=NOW_S)
    assert set(seen.at(NOW_S)) == {"r1", "r2"}
    assert set(seen.at(NOW_S + 60.0)) == {"r2"}
    assert set(seen.at(NOW_S + MOST_S)) == set()
    assert set(seen.at(NOW_S - 10.0)) == {"r1"}, "of a clock that was set back, no mute is longer than a day"
    mute(tmp_path, "r2", NOW_S + 1.0, now_s=NOW_S)
    os.utime(tmp_path / FILE, ns=(1, 1))  # a change that the time of the file shows
    assert set(seen.at(NOW_S + 2.0)) == {"r1"}
    mute(tmp_path, "r3", NOW_S + 400.0, now_s=NOW_S + 300.0)
    assert set(muted(tmp_path)) == {"r3"}, "what is over is forgotten"


def test_two_mutes_at_the_same_time_both_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins while the first has read the file, and not yet written it."""
    write, others = mutes.write_private, list[threading.Thread]()

    def writes_later(path: Path, content: bytes) -> None:
        if not others:
            others.append(threading.Thread(target=mute, args=(tmp_path, "r2", NOW_S + 60.0), kwargs={"now_s": NOW_S}))
            others[0].start()
            while others[0].is_alive() and not mutes._CHANGING.locked():  # without a lock, the second is done here
                pass
        write(path, content)

    monkeypatch.setattr(mutes, "write_private", writes_later)
    mute(tmp_path, "r1", NOW_S + 60.0, now_s=NOW_S)
    others[0].join()
    assert set(muted(tmp_path)) == {"r1", "r2"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "no JSON",
        '{"r1": "soon"}',
        '{"r1": true}',
        '{"r1": null}',
        '{"r1": {}}',
        '{"r1": {"until_ns": -1}}',
        '{"r1": 1e400}',
        '{"r1": 1e300}',
    ],
)
def test_a_damaged_file_mutes_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert MutedSensors(tmp_path).at(NOW_S) == {}
