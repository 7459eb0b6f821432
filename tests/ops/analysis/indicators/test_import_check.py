"""An import is checked against a long history as against the whole of it, without reading the whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.analysis.indicators import history_index, import_check, index_file, newest
from ops.analysis.indicators.history import add_import, as_known, end_of, read_history
from ops.analysis.indicators.import_check import CheckedImport, check_import
from ops.analysis.indicators.records import Indicator
from ops.analysis.risk.indicators import NAMES, risk_indicators

FIRST = date(2026, 1, 1)
PLACES = ("North", "South")
days = st.integers(0, 12).map(lambda count: FIRST + timedelta(days=count))


@st.composite
def records(draw: st.DrawFn) -> Indicator:
    day = draw(days)
    withdrawn = draw(st.integers(0, 4)) == 0
    return Indicator(
        place=draw(st.sampled_from(PLACES)),
        family="crime_and_governance",
        name=draw(st.sampled_from(("cases", "seizures"))),
        value=None if withdrawn else draw(st.sampled_from((1.0, 1.0, 1.0, 2.0))),
        unit=draw(st.sampled_from(("cases", "cases", "cases", "1"))),
        day=day,
        source=draw(st.sampled_from(("police", "customs"))),
        target=None if withdrawn else draw(st.sampled_from((None, None, 2.0))),
        better=draw(st.sampled_from((None, None, "higher", "lower"))),
        start=draw(st.none() | st.integers(0, 5).map(lambda count: day - timedelta(days=count))),
        definition=draw(st.sampled_from((None, None, None, "2nd edition"))),
        illustrative=draw(st.integers(0, 9)) == 0,
        origin="t.csv",
        withdrawn=withdrawn,
        reason="error" if withdrawn else "",
    )


def numbered(found: Sequence[Indicator]) -> list[Indicator]:
    return [replace(one, row=row) for row, one in enumerate(found, start=1)]


def add(path: Path, found: Sequence[Indicator], checked: CheckedImport, known_on: date) -> None:
    add_import(path, Path("t.csv"), b"t", found, known_on=known_on, after=checked.imports, end=checked.end)


imports = st.lists(
    st.lists(records(), min_size=1, max_size=4) | records().map(lambda one: [one]), min_size=1, max_size=12
)


@given(made=imports)
@settings(max_examples=60, deadline=None)
def test_a_check_from_the_index_is_that_of_the_whole_history(
    made: list[list[Indicator]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("history")
    path = folder / "h.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # nothing here survives a power failure
        for number, one in enumerate(made):
            found = numbered(one)
            whole = check_import(path, found, folder=folder)
            short = check_import(path, found, whole_bytes=0, folder=folder)
            assert (short.refusals, short.changes, short.imports) == (whole.refusals, whole.changes, whole.imports)
            if not whole.refusals:
                if path.exists():
                    assert short.end(path) == end_of(path)
                add(path, found, short, FIRST + timedelta(days=number))


def daily(count: int, **more: object) -> list[list[Indicator]]:
    """Imports of one day each, with two indicators at two places."""
    return [
        [
            Indicator(place, "crime_and_governance", name, 1.0, "cases", FIRST + timedelta(days=day), "police", **more)  # type: ignore[arg-type]
            for place in PLACES
            for name in ("cases", "smuggling_cases")
        ]
        for day in range(count)
    ]


@pytest.fixture
def long_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATCHLINE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "h.jsonl"
    for at, found in enumerate(daily(30)):
        add_import(path, Path("t.csv"), b"t", found, known_on=FIRST + timedelta(days=at), after=at)
    return path


def test_of_a_long_history_only_what_is_beside_the_rows_is_read(
    long_history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest part, for what is made up; the first, for the definition; and that of the day: at most 3 of 30."""
    check_import(long_history, daily(1)[0], whole_bytes=0, folder=tmp_path)  # builds the index
    read: list[int] = []
    decoded = newest.decoded
    for module in (history_index, newest):
        monkeypatch.setattr(module, "decoded", lambda body: read.append(1) or decoded(body))
    for module in (import_check, index_file):
        monkeypatch.setattr(module, "read_history" if module is import_check else "lines_of", None)
    (north, *_), changed = daily(31)[30], daily(21)[20]
    checked = check_import(long_history, [north], whole_bytes=0, folder=tmp_path)
    assert [one.kind for one in checked.changes] == ["new"]
    assert len(read) == 2
    read.clear()
    corrected = [replace(one, value=2.0) for one in changed if one.place == "North"]
    checked = check_import(long_history, corrected, whole_bytes=0, folder=tmp_path)
    assert [one.kind for one in checked.changes] == ["corrected", "corrected"]
    assert len(read) == 3


def test_an_index_that_cannot_be_kept_changes_nothing(
    long_history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_file, "LEAST_FREE_BYTES", 10**18)
    found = numbered(daily(31)[30])
    checked = check_import(long_history, found, whole_bytes=0, folder=tmp_path)
    assert checked == check_import(long_history, found, folder=tmp_path)
    assert {one.kind for one in checked.changes} == {"new"}


def test_a_longer_copy_takes_the_place_of_a_history_without_a_last_line_end(long_history: Path) -> None:
    long_history.write_bytes(long_history.read_bytes().rstrip(b"\n"))
    add_import(long_history, Path("t.csv"), b"t", daily(31)[30], known_on=FIRST + timedelta(days=30), after=30)
    assert len(read_history(long_history)) == 31


def test_the_indicators_of_risk_from_the_index_are_those_of_the_whole_history(long_history: Path) -> None:
    whole, short = (risk_indicators(long_history, date.max, whole_bytes=size) for size in (10**9, 0))
    for at in (0, 7, 29, 60):
        day = FIRST + timedelta(days=at)
        wanted = [one for one in as_known(read_history(long_history), day) if one.day <= day]
        assert whole.known_on(day) == wanted
        assert short.known_on(day) == [one for one in wanted if one.name in NAMES]
        assert short.kinds(day) == whole.kinds(day) == {False}
