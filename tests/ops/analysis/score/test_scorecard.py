"""The scorecard: four families always, trends by hand, contradictions refused, what is missing said plainly."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from ops.analysis.indicators.catalogue import FAMILIES
from ops.analysis.indicators.records import read_indicators
from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.command import ScoreOptions, score
from ops.analysis.score.line import Scorecard, ScorecardLine
from ops.analysis.score.outcome_records import read_outcomes, total_of
from ops.analysis.score.scorecard import scorecard, trend_of
from ops.cli import app as cli
from ops.runtime.output import say
from ops.sector.samples import samples_folder
from ops.words import MessageCatalogue
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

HEAD = "place,family,name,value,unit,date,source,target,better,confidence\n"
BOOKS = "place,start,end,source,apprehended,turned_back,got_away,undetected\n"
DAY = date(2026, 1, 15)
SAMPLES = samples_folder() / "cumberland"


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def watchline(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["watchline", "score", "cumberland", *map(str, arguments)])
        monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


def by_id(card: Scorecard) -> dict[str, ScorecardLine]:
    """The tactical lines of a scorecard by the id that JSON gives them."""
    return {str(line.as_dict()["id"]): line for line in card.lines["tactical_tools"]}


def test_the_trend_is_the_median_slope_of_all_pairs() -> None:
    """4 a year but for one wild value; two values give their own slope; one gives none."""
    days = [date(2020 + n, 1, 1) for n in range(5)]
    history = [(day, 10.0 + 4.0 * n) for n, day in enumerate(days)]
    history[3] = (days[3], 90.0)
    assert trend_of(history) == pytest.approx(4.0, rel=0.01)
    assert trend_of(history[:2]) == pytest.approx(4.0, rel=0.01)
    assert math.isnan(trend_of(history[:1]))


PERIODS = "place,family,name,value,unit,start,date,source,target,better\n"


def of_periods(file: Callable[..., Path], *rows: str, what: str = "cases,{},cases") -> ScorecardLine:
    """The line of rows with value, first day, last day, and target; lower is better."""
    lines = []
    for row in rows:
        value, start, day, target = row.split()
        stated = what.format(value)
        lines.append(f"X,crime_and_governance,{stated},{start.strip('-')},{day},book,{target.strip('-')},lower\n")
    (line,) = scorecard(read_indicators(file(PERIODS + "".join(lines)), until=date(2026, 12, 31)), day=DAY).lines[
        "crime_and_governance"
    ]
    return line


def test_counts_of_periods_of_unlike_length_are_not_compared(file: Callable[..., Path]) -> None:
    """120 and 130 a year, then 14 in a month, which are 165 a year: neither better, nor below 100 a year."""
    years = ("120 2024-01-01 2024-12-31 100", "130 2025-01-01 2025-12-31 100")
    line = of_periods(file, *years, "14 2026-01-01 2026-01-31 -")
    assert line.value == 14.0
    assert (line.verdict, line.direction) == ("no_target", "no_trend")
    assert [note.id for note in line.notes if not isinstance(note, str)] == [
        "score-note-periods", "score-note-target-period"
    ]  # fmt: skip
    assert "the target 100 of 2025-01-01 – 2025-12-31 is for a period of another length" in say(line.notes[1])
    assert len(line.history) == 3, "all values are shown in the records"

    own = of_periods(file, *years, "14 2026-01-01 2026-01-31 8")
    assert (own.target, own.verdict) == (8.0, "not_met"), "the target of the month itself"
    months = of_periods(file, *years, "14 2026-01-01 2026-01-31 8", "12 2026-02-01 2026-02-28 -")
    assert (months.target, months.verdict, months.direction) == (8.0, "not_met", "better")
    assert months.trend == pytest.approx(-2.0 / 28.0 * 365.25), "between the two months"
    whole = of_periods(file, *years)
    assert (whole.verdict, whole.direction, whole.notes) == ("not_met", "worse", ())
    assert whole.trend == pytest.approx(10.0, rel=0.01), "366 and 365 days are alike"


@pytest.mark.parametrize(
    "what",
    [
        "detection rate,{},cases", "detection_rate,{},cases", "Clearance rates,{},of 100", "median_delay,{},days",
        "cases,{},cases per month", "cases,{},cases_per_month", "delays,{},min", "part,{},%",
    ],
)  # fmt: skip
def test_what_is_not_a_count_is_compared_over_any_periods(file: Callable[..., Path], what: str) -> None:
    rows = ("20 2025-01-01 2025-12-31 15", "14 2026-01-01 2026-01-31 -")
    line = of_periods(file, *rows, what=what)
    assert (line.verdict, line.direction, line.notes) == ("met", "better", ())


@pytest.mark.parametrize("what", ["means_of_transport,{},seized", "pirates,{},arrested", "timely_reports,{},reports"])
def test_a_count_whose_name_resembles_a_rate_stays_a_count(file: Callable[..., Path], what: str) -> None:
    line = of_periods(file, "20 2025-01-01 2025-12-31 15", "14 2026-01-01 2026-01-31 -", what=what)
    assert (line.verdict, line.direction) == ("no_target", "no_trend")


def test_counts_of_the_catalogue_and_of_days_that_are_not_stated(file: Callable[..., Path]) -> None:
    """A count without a first day is compared with its like only."""
    head = "place,indicator,value,start,date,source\n"
    rows = "X,smuggling_cases,9,2024-01-01,2024-12-31,s\nX,smuggling_cases,8,2025-01-01,2025-12-31,s\n"
    for more, trend in (("X,smuggling_cases,1,2026-01-01,2026-01-31,s\n", "no_trend"), ("", "falling")):
        found = read_indicators(file(head + rows + more), until=date(2026, 12, 31))
        (line,) = scorecard(found, day=DAY).lines["crime_and_governance"]
        assert line.direction == trend
    line = of_periods(file, "9 - 2024-12-31 5", "8 - 2025-12-31 -", "4 - 2026-01-31 -")
    assert (line.verdict, line.direction, line.notes) == ("met", "better", ())
    line = of_periods(file, "9 - 2024-12-31 5", "4 2026-01-01 2026-01-31 -")
    assert (line.verdict, line.direction) == ("no_target", "no_trend")


def test_all_four_families_stand_there_and_say_what_is_missing(file: Callable[..., Path]) -> None:
    rows = read_indicators(
        file(HEAD + "X,crime_and_governance,cases,9,cases,2024-01-01,a book,5,lower,high\n"
             "X,crime_and_governance,cases,7,cases,2025-01-01,a book,5,lower,high\n"), until=DAY,
    )  # fmt: skip
    card = scorecard(rows, day=DAY)
    assert set(card.lines) == set(FAMILIES)
    (line,) = card.lines["crime_and_governance"]
    assert (line.value, line.distance, line.verdict, line.direction) == (7.0, -2.0, "not_met", "better")
    for family in ("national_action_plan", "international_agreements", "tactical_tools"):
        assert card.missing[family][0].id == "score-missing-family"
    assert card.missing["tactical_tools"][1].id == "score-missing-outcomes"


def test_what_was_not_reported_is_unknown_and_never_zero(file: Callable[..., Path]) -> None:
    rows = read_indicators(file(HEAD + "X,national_action_plan,done,,1,2025-06-01,a book,1,higher,\n"), until=DAY)
    card = scorecard(rows, day=DAY)
    (line,) = card.lines["national_action_plan"]
    assert math.isnan(line.value)
    assert line.verdict == "unknown"
    assert line.as_dict()["value"] is None
    assert any("not reported" in say(message) for message in card.missing["national_action_plan"])


CASES = "X,crime_and_governance,cases,{},{},2025-01-01,{},{},{},\n"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            CASES.format(9, "cases", "a", 5, "lower") + CASES.format(8, "cases", "b", 5, "lower"),
            "value 9 by a and 8 by b",
        ),
        (
            CASES.format(9, "cases", "a", 5, "lower") + CASES.format(9, "cases", "b", 6, "lower"),
            "target 5 by a and 6 by b",
        ),
        (CASES.format(9, "cases", "a", 5, "lower") + CASES.format(9, "%", "b", 5, "lower"), "unit 'cases' and '%'"),
        (CASES.format(9, "cases", "a", 5, "lower") + CASES.format(9, "cases", "b", 5, "higher"), "better"),
        (CASES.format("many", "cases", "a", 5, "lower"), "row 1: value 'many'"),
        (CASES.format("inf", "cases", "a", 5, "lower"), "value 'inf'"),
        (CASES.format(9, "cases", "", 5, "lower"), "no source"),
        (CASES.format(9, "cases", "a", 5, "up"), "better 'up'"),
        (CASES.format(9, "cases", "a", 5, "lower").replace("2025-01-01", "2027-01-01"), "dated 2027-01-01, after"),
        (CASES.format(9, "cases", "a", 5, "lower").replace("2025-01-01", "1.1.2025"), "YYYY-MM-DD"),
        (CASES.format(9, "cases", "a", 5, "lower").replace("crime_and", "weather_and"), "family 'weather_and"),
        ("X,crime_and_governance,cases\n", "cells than the header"),
    ],
)
def test_bad_rows_are_refused_in_one_sentence(rows: str, words: str, file: Callable[..., Path]) -> None:
    with pytest.raises(IndicatorError, match=words.replace("(", r"\(")) as refused:
        read_indicators(file(HEAD + rows), until=DAY)
    assert "\n" not in str(refused.value)


def test_an_empty_file_is_no_table_and_a_header_alone_records_nothing(file: Callable[..., Path]) -> None:
    with pytest.raises(IndicatorError, match="it is empty"):
        read_indicators(file(""), until=DAY)
    assert read_indicators(file(HEAD), until=DAY) == []
    for read in (read_indicators, read_outcomes):
        with pytest.raises(IndicatorError, match="names no known column"):
            read(file("x = [\n"), until=DAY)


def test_a_place_may_be_a_country_a_section_or_a_segment_but_one_of_them(file: Callable[..., Path]) -> None:
    row = {"family": "crime_and_governance", "name": "n", "value": 1, "unit": "u", "date": "2025-01-01", "source": "s"}
    rows = [row | {"country": "X"}, row | {"section": "North", "confidence": "H"}, row | {"segment": 12}]
    found = read_indicators(file(json.dumps(rows), "rows.json"), until=DAY)
    assert [one.place for one in found] == ["X", "section North", "segment 12"]
    assert found[1].confidence == "high"
    with pytest.raises(IndicatorError, match="country and section"):
        read_indicators(file(json.dumps([row | {"country": "X", "section": "Y"}]), "rows.json"), until=DAY)
    with pytest.raises(IndicatorError, match="no place"):
        read_indicators(file(json.dumps([row]), "rows.json"), until=DAY)


def test_the_same_value_from_two_sources_is_no_contradiction(file: Callable[..., Path]) -> None:
    text = HEAD + CASES.format(9, "cases", "a", 5, "lower") + CASES.format(9, "cases", "b", 5, "lower")
    (line,) = scorecard(read_indicators(file(text), until=DAY), day=DAY).lines["crime_and_governance"]
    assert line.source == "a; b"
    assert math.isnan(line.trend)


def test_outcomes_by_hand(file: Callable[..., Path]) -> None:
    """Two weeks with A 60, T 21, G 19, U 25 together: 81/100, 81/125; one unknown U makes all unknown."""
    text = BOOKS + "X,2025-11-03,2025-11-10,book,30,11,9,12\nX,2025-11-10,2025-11-17,book,30,10,10,13\n"
    card = scorecard([], read_outcomes(file(text), until=DAY), day=DAY)
    lines = by_id(card)
    assert lines["interdiction_effectiveness_rate"].value == 0.81
    assert (
        lines["interdiction_effectiveness_rate"].low,
        lines["interdiction_effectiveness_rate"].high,
    ) == pytest.approx((0.7222, 0.8749), abs=5e-5)
    assert lines["unlawful_border_crossing_effectiveness_rate"].value == pytest.approx(0.648)
    assert lines["interdiction_effectiveness_rate"].direction == "by_chance"
    weeks = lines["rate-by-weeks"]
    assert weeks.low == pytest.approx(0.8), "both draws of the weaker week"
    assert weeks.high == pytest.approx(0.82)
    part = scorecard([], read_outcomes(file(text.replace("10,13", "10,")), until=DAY), day=DAY)
    assert math.isnan(by_id(part)["unlawful_border_crossing_effectiveness_rate"].value)


def test_a_period_counts_from_its_last_day_on(
    watchline: Callable[..., tuple[int, str, str]], file: Callable[..., Path]
) -> None:
    """The day after the last is the end of a row: November 90 of 100, December 10 of 100, so 100 of 200 in both."""
    text = BOOKS + "X,2025-11-01,2025-12-01,book,90,0,10,\nX,2025-12-01,2026-01-01,book,10,0,90,\n"
    for day, counts, last in (("2025-12-30", (90, 100), "2025-11-30"), ("2025-12-31", (100, 200), "2025-12-31")):
        code, stdout, _ = watchline("--outcomes", file(text), "--on", day, "--json")
        assert code == 0
        lines = {line["id"]: line for line in json.loads(stdout)["families"]["tactical_tools"]["lines"]}
        rate = lines["interdiction_effectiveness_rate"]
        assert (rate["numerator"], rate["denominator"], rate["date"]) == (*counts, last)
        assert rate["history"][-1][0] == last
        assert rate["evidence"][0]["period"].endswith(f"– {last}")
    assert rate["age_days"] == 0
    until = date(2025, 12, 31)
    assert read_outcomes(file(text), until=until)[-1].last_day == until, "the row of a period that ends today"


def test_repeats_give_a_range(file: Callable[..., Path]) -> None:
    head = BOOKS.rstrip() + ",repeated,deterred_low,deterred_high\n"
    text = head + "X,2025-11-03,2025-11-10,book,1000,0,0,,300,.1,.4\n"
    card = scorecard([], read_outcomes(file(text), until=DAY), day=DAY)
    line = by_id(card)["repeated-trials"]
    assert say(line.notes[0]) == "0.333 to 0.500, for 10% to 40% deterred"
    assert (line.low, line.high) == pytest.approx((0.303, 0.549), abs=5e-4)


def test_repeats_are_dated_with_the_periods_that_have_them(file: Callable[..., Path]) -> None:
    head = BOOKS.rstrip() + ",repeated,deterred_low,deterred_high\n"
    rows = "X,2020-01-01,2021-01-01,study,1000,0,0,,300,.1,.4\nX,2025-01-01,2026-01-01,book,5000,0,0,,,,\n"
    card = scorecard([], read_outcomes(file(head + rows), until=DAY), day=DAY)
    line = by_id(card)["repeated-trials"]
    assert (line.begins, line.day, line.source) == (date(2020, 1, 1), date(2020, 12, 31), "study")
    assert line.is_stale(DAY)
    assert len(line.evidence) == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("X,2025-11-03,2025-11-10,b,1,1,1,1\nX,2025-11-09,2025-11-16,b,1,1,1,1\n", "two rows for 2025-11-09"),
        ("X,2025-11-10,2025-11-10,b,1,1,1,1\n", "start before an end"),
        ("X,2026-01-10,2026-01-17,b,1,1,1,1\n", "up to 2026-01-15"),
        ("X,2025-11-03,2025-11-10,b,-1,1,1,1\n", "apprehended"),
        ("X,2025-11-03,2025-11-10,b,,1,1,1\n", "no apprehended"),
    ],
)
def test_bad_outcomes_are_refused(rows: str, words: str, file: Callable[..., Path]) -> None:
    with pytest.raises(IndicatorError, match=words):
        read_outcomes(file(BOOKS + rows), until=DAY)


def test_the_samples_are_read() -> None:
    assert read_indicators(SAMPLES / "indicators.csv", until=DAY)
    assert total_of(read_outcomes(SAMPLES / "outcomes.csv", until=DAY)).apprehended == 60.0


def test_the_command_shows_and_writes(watchline: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "card"
    arguments = (SAMPLES / "indicators.csv", "--outcomes", SAMPLES / "outcomes.csv", "--on", "2026-01-15")
    code, stdout, stderr = watchline(*arguments, "--out", out, "--json")
    assert code == 0
    assert stdout.count("\n") == 1
    told = json.loads(stdout)
    assert list(told["families"]) == list(FAMILIES)
    assert "missing: No records" in stderr
    page = (out / "scorecard.html").read_text(encoding="utf-8")
    assert "script" not in page.split("<body>")[1]
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<h2>") == 5
    lines = [line for family in told["families"].values() for line in family["lines"]]
    verdicts = Counter(line["verdict"] for line in lines)
    missing = sum(len(family["missing"]) for family in told["families"].values())
    answer = page[page.index('<p class="answer">') : page.index('<p class="period">')]
    assert f"Of {len(lines)} indicators, {verdicts['met']} " in answer
    assert f" and {verdicts['not_met']} do" in answer
    assert f" {missing} kinds of data are missing." in answer
    first = page
    watchline(*arguments, "--out", out, "--json")
    assert (out / "scorecard.html").read_text(encoding="utf-8") == first


def test_the_scorecard_in_french_has_the_same_json(
    watchline: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (SAMPLES / "indicators.csv", "--outcomes", SAMPLES / "outcomes.csv", "--on", "2026-01-15", "--json")
    _, english, _ = watchline(*arguments)
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    _, french, shown = watchline(*arguments, "--out", tmp_path)
    assert json.loads(french)["families"] == json.loads(english)["families"]
    assert "manquant" in shown
    assert "�" not in shown
    page = (tmp_path / "scorecard.html").read_text(encoding="utf-8")
    assert '<html lang="fr" dir="ltr">' in page
    assert "taux d’efficacité de l’interception" in page
    assert "of success" not in page
    assert MessageCatalogue.of("fr").missing.total() == 0


def test_every_text_of_the_scorecard_is_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    screen = Console(record=True, width=400, file=io.StringIO())
    indicators, outcomes = SAMPLES / "indicators.csv", SAMPLES / "outcomes.csv"
    score(ScoreOptions("cumberland", indicators, outcomes, None, None, "2026-01-15", tmp_path), screen)
    page = (tmp_path / "scorecard.html").read_text(encoding="utf-8")
    assert '<html lang="ar-XB" dir="rtl">' in page
    with indicators.open(encoding="utf-8") as file:
        given = {row[column] for row in csv.DictReader(file) for column in ("place", "name", "unit", "source")}
    names = [str(tmp_path), *given]
    assert plain_texts(page, names) == []
    assert plain_lines(screen.export_text(), names) == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_table_fits_in_80_columns_without_broken_words_or_numbers(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", language)
    indicators, outcomes = SAMPLES / "indicators.csv", SAMPLES / "outcomes.csv"
    tables = {}
    for width in (80, 400):
        screen = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
        score(ScoreOptions("cumberland", indicators, outcomes, None, None, "2026-01-15", None), screen)
        tables[width] = screen.export_text()
    headings = [say(f"score-column-{name}") for name in ("indicator", "value", "of", "trend", "target")]
    for text in tables.values():
        assert sum(line.split() == " ".join(headings).split() for line in text.splitlines()) == 3, "a table, no list"
    rows = [line for line in tables[80].splitlines() if not line.rstrip().endswith(".")]  # sentences are not tables
    assert max(map(len, rows)) <= 80
    assert sorted(tables[80].split()) == sorted(tables[400].split())


def test_what_came_later_was_not_known_then(watchline: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, stdout, _ = watchline(SAMPLES / "indicators.csv", "--on", "2025-01-31", "--json")
    assert code == 0
    lines = json.loads(stdout)["families"]["crime_and_governance"]["lines"]
    assert [(line["name"], line["value"], line["date"]) for line in lines] == [
        ("reported smuggling cases", 38.0, "2024-12-31")
    ]


def test_what_a_file_says_is_text(
    watchline: Callable[..., tuple[int, str, str]], file: Callable[..., Path], tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script>{{ 7*7 }}[bold]"
    head = HEAD.rstrip() + ",illustrative\n"
    path = file(head + f"{evil},crime_and_governance,{evil},9,cases,2025-01-01,{evil},5,lower,high,yes\n")
    code, _, _ = watchline(path, "--on", "2026-01-15", "--out", tmp_path / "card")
    page = (tmp_path / "card" / "scorecard.html").read_text(encoding="utf-8")
    assert code == 0
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}[bold]" in page


@pytest.mark.parametrize(
    ("arguments", "ending", "said"),
    [
        (("no.csv",), 2, "INDICATORS: 'no.csv' does not exist; expected an existing file."),
        (("--challenge", "."), 1, ".: is not the output of watchline challenge; expected its --out folder."),
        ((SAMPLES / "indicators.csv", "--on", "yesterday"), 2, "--on: date 'yesterday'; expected YYYY-MM-DD."),
        ((SAMPLES / "indicators.csv", "--place", "Nowhere"), 2, "--place: no data for 'Nowhere'; expected cumberland."),
    ],
)
def test_the_command_refuses_in_one_sentence(
    watchline: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], ending: int, said: str
) -> None:
    code, stdout, stderr = watchline(*arguments, "--json")
    assert (code, stdout, stderr) == (ending, "", f"watchline: {said}\n")
