"""A long history read by place from its index: the same scorecard to the bit, whatever was corrected or withdrawn."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.message import Message
from ops.analysis.indicators import index_file
from ops.analysis.indicators.history import HistoryLine, add_import, as_known, read_history
from ops.analysis.indicators.history_index import FOLDER, indexed
from ops.analysis.indicators.newest import NewestRecords
from ops.analysis.indicators.records import Indicator
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.evaluation import Evaluation, evaluate
from ops.analysis.score.inputs import ScoreFiles, SectorRecords, read_inputs
from ops.analysis.score.line import ScorecardLine
from ops.analysis.score.long_history import HistoryBounds
from ops.analysis.score.page import scorecard_page
from ops.analysis.score.scorecard import scorecard
from ops.analysis.score.summary import MOST_LINES
from ops.releasability.settings import ReleasabilitySettings

FIRST = date(2025, 1, 1)
PERIODS = Message("score-note-periods")
INDEXED = HistoryBounds(whole_bytes=0, lines=-1)
WHOLE = HistoryBounds(whole_bytes=10**9)
PLACES = ("North", "South", "West")
PLAN = """
title = "Plan"
adopted = 2025-01-01
source = "decree"
{illustrative}
[[objective]]
id = "A"
title = "A"
"""
MEASURE = """
[[objective.measure]]
id = "{id}"
title = "{id}"
owner = "head"
due = 2025-06-01
indicator = "{indicator}"
place = "{place}"
target = 3
better = "lower"
"""

days = st.integers(0, 8).map(lambda number: date.fromordinal(FIRST.toordinal() + 40 * number))
LAST = date.fromordinal(FIRST.toordinal() + 320)
records = st.builds(
    Indicator,
    place=st.sampled_from(PLACES),
    family=st.sampled_from(("crime_and_governance", "international_agreements")),
    name=st.sampled_from(("cases", "seizures")),
    value=st.none() | st.sampled_from((0.1, 2.0, 3.0, 1e300)),
    unit=st.just("cases"),
    day=days,
    source=st.sampled_from(("police", "customs")),
    target=st.none() | st.just(2.0),
    better=st.none() | st.sampled_from(("higher", "lower")),
    origin=st.just("t.csv"),
    row=st.integers(1, 3),
    withdrawn=st.booleans(),
)
records = st.builds(
    lambda one, length: one if length is None else replace(one, start=one.day - timedelta(days=length - 1)),
    records,
    st.sampled_from((None, 30, 31, 7)),
)
imports = st.lists(st.tuples(days, st.lists(records, max_size=12)), min_size=1, max_size=5).map(
    lambda found: sorted(found, key=lambda one: one[0])
)


def add(path: Path, records: Sequence[Indicator], known_on: date) -> None:
    add_import(path, Path("t.csv"), b"t", records, known_on=known_on, after=len(read_history(path)))


def folder_of(factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Path:
    folder = factory.mktemp("history")
    patch.setenv("WATCHLINE_CACHE", str(folder / "cache"))
    patch.setattr(os, "fsync", lambda _: None)  # nothing here survives a power failure
    return folder


def scored(path: Path, bounds: HistoryBounds, **chosen: Any) -> Evaluation | str:
    """The scorecard of ``place`` on ``day`` as known on ``known_on``, or the refusal."""
    day, known_on, place = chosen["day"], chosen["known_on"], chosen["place"]
    plan = path.with_suffix(".toml")
    sector = SectorRecords("S", "", path, None, plan if plan.exists() else None)
    try:
        inputs = read_inputs(
            ScoreFiles(None, None, None, None, None), sector, ReleasabilitySettings(), day=day, until=date.max,
            known_on=known_on, place=place, bounds=bounds,
        )  # fmt: skip
        return evaluate(inputs, sector="S", place=place, day=day, known_on=known_on, simulated=False)
    except IndicatorError as error:
        return str(error)


@given(made=imports, day=days, known_on=days, place=st.sampled_from(PLACES), made_up=st.booleans(), data=st.data())
@settings(max_examples=15)
def test_a_place_scored_from_the_index_is_the_one_from_the_whole_history(
    made: list[tuple[date, list[Indicator]]], day: date, known_on: date, place: str, made_up: bool, data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        path = folder_of(tmp_path_factory, patch) / "h.jsonl"
        measured = data.draw(
            st.lists(
                st.tuples(st.sampled_from(("cases", "seizures", "none")), st.sampled_from(("", *PLACES))), max_size=3
            )
        )
        texts = [MEASURE.format(id=f"A{at}", indicator=name, place=where) for at, (name, where) in enumerate(measured)]
        if measured:
            head = PLAN.format(illustrative="illustrative = true" if made_up else "")
            path.with_suffix(".toml").write_text("".join([head, *texts]))
        for number, (on, found) in enumerate(made):
            stated = [replace(one, illustrative=made_up, value=None if one.withdrawn else one.value) for one in found]
            add(path, stated, on)
            if number % 2 == 0 or number == len(made) - 1:  # the index is also extended by several imports
                chosen = {"day": day, "known_on": known_on, "place": place}
                assert scored(path, INDEXED, **chosen) == scored(path, WHOLE, **chosen)


@given(made=imports, day=st.just(LAST) | days, known_on=st.just(LAST) | days)
@settings(max_examples=25)
def test_the_newest_of_all_places_state_the_same_values_targets_and_plan(
    made: list[tuple[date, list[Indicator]]], day: date, known_on: date, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        path = folder_of(tmp_path_factory, patch) / "h.jsonl"
        measure = MEASURE.format(id="A1", indicator="cases", place="North")
        path.with_suffix(".toml").write_text(PLAN.format(illustrative="") + measure)
        for number, (on, found) in enumerate(made):
            add(path, found, on)
            if number % 2 == 0:  # what the index keeps of the newest is extended by several imports
                scored(path, INDEXED, day=day, known_on=known_on, place=None)
        every, newest = (scored(path, each, day=day, known_on=known_on, place=None) for each in (WHOLE, INDEXED))
        assert isinstance(every, Evaluation)
        assert isinstance(newest, Evaluation)
        assert newest.card.newest_only
        assert newest.places == every.places
        assert newest.card.illustrative == every.card.illustrative
        assert stated(newest) == stated(every)
        assert newest.plan is not None
        assert every.plan is not None
        assert newest.plan.as_dict() == every.plan.as_dict()


def test_counts_of_periods_of_unlike_length_are_not_judged_where_only_the_newest_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """9 in a year, then 2 in a month: neither the line nor the measure of at most 3 is met."""
    monkeypatch.setenv("WATCHLINE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "h.jsonl"
    path.with_suffix(".toml").write_text(
        PLAN.format(illustrative="") + MEASURE.format(id="A1", indicator="cases", place="North")
    )
    year, month = ((date(2024, 1, 1), date(2024, 12, 31)), (date(2025, 1, 1), date(2025, 1, 31)))
    rows = [replace(ONE, value=value, start=start, day=day) for value, (start, day) in ((9.0, year), (2.0, month))]
    add(path, rows, LAST)
    for bounds in (WHOLE, INDEXED):
        found = scored(path, bounds, day=LAST, known_on=LAST, place=None)
        assert isinstance(found, Evaluation)
        assert found.plan is not None
        assert [one.status for one in found.plan.measures] == ["unknown"]
        assert [one.verdict for one in found.card.lines["crime_and_governance"]] == ["no_target"]


def stated(evaluation: Evaluation) -> list[tuple[Any, ...]]:
    """What the newest values of the lines state, without the note on the trend, for which the others are needed."""
    found = [line for family in evaluation.card.lines.values() for line in family]
    lines = [replace(line, notes=tuple(one for one in line.notes if one != PERIODS)) for line in found]
    same = ("family", "place", "unit", "value", "target", "better", "confidence", "verdict", "date", "notes", "source")
    return [tuple(line.as_dict()[name] for name in same) for line in lines]


ONE = Indicator("North", "crime_and_governance", "cases", 1.0, "cases", FIRST, "police", illustrative=False)


def known(path: Path, folder: Path, place: str = "North") -> list[Indicator] | None:
    with indexed(path, folder) as index:
        return None if index is None else index.records(place, date.max)


@pytest.fixture
def indexed_history(tmp_path: Path) -> tuple[Path, Path]:
    """A history with two imports and its index; the cache folder."""
    path = tmp_path / "h.jsonl"
    for value in (1.0, 2.0):
        add(path, [replace(ONE, value=value), replace(ONE, place="South")], FIRST)
    assert known(path, tmp_path) == [one for one in as_known(read_history(path), date.max) if one.place == "North"]
    return path, tmp_path


def test_a_new_import_is_added_and_no_line_is_decoded_again(
    indexed_history: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = indexed_history
    add(path, [replace(ONE, value=3.0)], FIRST)
    added: list[int] = []
    real = index_file._add_line

    def noted(database: sqlite3.Connection, line: HistoryLine, newest: NewestRecords) -> None:
        added.append(line.number)
        real(database, line, newest)

    monkeypatch.setattr(index_file, "_add_line", noted)
    assert [one.value for one in known(path, cache) or ()] == [3.0]
    assert [one.value for one in known(path, cache) or ()] == [3.0]
    assert added == [4]


@pytest.mark.parametrize("at", [1, 2])
def test_a_line_that_was_edited_is_refused_or_read_anew(at: int, indexed_history: tuple[Path, Path]) -> None:
    """As without an index: an edited line is noticed once another follows it; the last one is read as it stands."""
    path, cache = indexed_history
    lines, before = path.read_bytes().splitlines(keepends=True), path.stat()
    lines[at] = lines[at].replace(b"police", b"nobody")
    path.write_bytes(b"".join(lines))
    later_ns = before.st_mtime_ns + 1_000_000_000  # what is written at once may have the same time
    os.utime(path, ns=(later_ns, later_ns))
    if at == 1:
        with pytest.raises(IndicatorError, match="the line before it was edited"):
            known(path, cache)
    else:
        assert {one.source for one in known(path, cache) or ()} == {"police", "nobody"}


def test_a_last_line_edited_without_a_trace_in_size_and_time_is_noticed(indexed_history: tuple[Path, Path]) -> None:
    path, cache = indexed_history
    found = path.stat()
    head, last = path.read_bytes().rsplit(b"police", 1)
    path.write_bytes(head + b"nobody" + last)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    read = [one for one in as_known(read_history(path), date.max) if one.place == "North"]
    assert known(path, cache) == read


def test_a_history_that_was_cut_short_is_read_anew(indexed_history: tuple[Path, Path]) -> None:
    path, cache = indexed_history
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert [one.value for one in known(path, cache) or ()] == [1.0]


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\0" * 4096])
def test_a_damaged_index_is_built_anew(damage: bytes, indexed_history: tuple[Path, Path]) -> None:
    path, cache = indexed_history
    (index,) = (cache / FOLDER).glob("*.db")
    index.write_bytes(damage)
    assert [one.value for one in known(path, cache) or ()] == [2.0]


def test_a_cache_that_cannot_be_used_leaves_the_history_to_be_read_whole(
    indexed_history: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = indexed_history
    (index,) = (cache / FOLDER).glob("*.db")
    (cache / FOLDER).chmod(0o777)
    assert known(path, cache) is None
    (cache / FOLDER).chmod(0o700)
    index.unlink()
    monkeypatch.setattr(index_file, "LEAST_FREE_BYTES", 10**18)
    assert known(path, cache) is None
    assert known(path, path) is None
    assert list((cache / FOLDER).glob("*.db")) == []
    monkeypatch.setenv("WATCHLINE_CACHE", str(path))
    whole = scored(path, WHOLE, day=FIRST, known_on=FIRST, place="North")
    assert scored(path, INDEXED, day=FIRST, known_on=FIRST, place="North") == whole


def test_a_body_that_was_damaged_is_not_believed(
    indexed_history: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = indexed_history
    (index,) = (cache / FOLDER).glob("*.db")
    with sqlite3.connect(index) as database:
        database.execute("UPDATE parts SET body = zeroblob(20)")
    database.close()
    monkeypatch.setenv("WATCHLINE_CACHE", str(cache))
    whole = scored(path, WHOLE, day=FIRST, known_on=FIRST, place="North")
    assert scored(path, INDEXED, day=FIRST, known_on=FIRST, place="North") == whole
    assert not index.exists()
    assert known(path, cache) == [one for one in as_known(read_history(path), date.max) if one.place == "North"]


def test_many_lines_are_shown_by_indicator_with_the_places_of_the_extremes(
    indexed_history: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = indexed_history
    monkeypatch.setenv("WATCHLINE_CACHE", str(cache))
    values = {"A": 3.0, "B": 7.0, "C": 5.0, "D": None}
    found = [replace(ONE, place=place, value=value, target=4.0, better="lower") for place, value in values.items()]
    add(path, [*found, replace(ONE, place="E", unit="cases a year", value=99.0), replace(ONE, name="seizures")], FIRST)
    made = scored(path, INDEXED, day=FIRST, known_on=FIRST, place=None)
    assert isinstance(made, Evaluation)
    family = made.figures()["families"]["crime_and_governance"]
    assert (family["lines"], family["lines_left_out"]) == ([], 8)
    cases, other, seizures = family["by_indicator"]
    counts = {name: cases[name] for name in ("places", "met", "not_met", "open", "unknown")}
    assert counts == {"places": 6, "met": 1, "not_met": 2, "open": 2, "unknown": 1}
    assert [(cases[end]["place"], cases[end]["value"]) for end in ("lowest", "highest")] == [("South", 1.0), ("B", 7.0)]
    assert [(one["unit"], one["places"]) for one in (other, seizures)] == [("cases a year", 1), ("cases", 1)]
    page = scorecard_page(made.card, subject="S", address_of=lambda place: f"/scorecard?place={place}")
    assert "7 cases (B)" in page
    assert 'href="/scorecard?place=D"' in page
    assert "<tr id=" not in page
    assert "no trend" not in page


def test_lines_of_a_table_are_shown_by_indicator_beyond_the_limit() -> None:
    lines = [
        ScorecardLine(family="tactical_tools", name="n", place=f"P{at % 2}", value=1.0, unit="1", day=FIRST, source="s")
        for at in range(MOST_LINES + 1)
    ]
    for count, shown in ((MOST_LINES, MOST_LINES), (MOST_LINES + 1, 0)):
        card = scorecard([], (), lines[:count], day=FIRST)
        assert scorecard_page(card, subject="S").count("<tr id=") == shown
