"""The pages of scorecard and plan: each number leads to its records, made-up ones are marked, PDFs are made."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from rich.console import Console

from ops.analysis.indicators.tables import IndicatorError
from ops.analysis.score.command import ScoreOptions, score
from ops.analysis.score.line import ScorecardLine
from ops.analysis.score.of_challenge import of_challenge
from ops.analysis.score.page import figure, row_of
from ops.sector.samples import samples_folder
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

NOW = datetime(2026, 1, 15, tzinfo=UTC)
SAMPLES = samples_folder() / "cumberland"


def written(folder: Path, sector: str | Path = "cumberland", **more: Any) -> tuple[dict[str, Any], str, str, str]:
    """The figures, the texts of both pages (the plan's may be missing), and what is printed."""
    screen = Console(record=True, width=400, file=io.StringIO())
    files = {"indicators": None, "outcomes": None, "challenge": None, "place": None, "on": None, "out": folder} | more
    figures = score(ScoreOptions(str(sector), **files), screen, now=NOW)
    plan = folder / "action-plan.html"
    pages = [(folder / "scorecard.html").read_text("utf-8"), plan.read_text("utf-8") if plan.exists() else ""]
    return figures, pages[0], pages[1], screen.export_text()


def test_the_sector_brings_its_files_and_every_link_of_the_plan_leads_to_a_row(tmp_path: Path) -> None:
    figures, card, plan, _ = written(tmp_path, pdf=True)
    assert figures["action_plan"]["adherence"]["due"] == 4
    assert figures["families"]["tactical_tools"]["lines"]
    anchors = set(re.findall(r'<tr id="(\w+)">', card))
    links = re.findall(r'href="scorecard\.html#(\w+)"', plan)
    assert len(anchors) == sum(len(one["lines"]) for one in figures["families"].values())
    assert len(links) > 6
    assert set(links) <= anchors
    assert 'href="action-plan.html"' in card
    for name in ("scorecard.pdf", "action-plan.pdf"):
        text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(tmp_path / name))
        assert "Illustrative data" in text
    assert [Path(one).name for one in figures["files"]] == [
        "scorecard.html", "scorecard.pdf", "action-plan.html", "action-plan.pdf", "summary.json",
    ]  # fmt: skip


def test_the_records_behind_a_line_name_file_and_row(tmp_path: Path) -> None:
    figures, card, _, _ = written(tmp_path)
    (cases,) = [one for one in figures["families"]["crime_and_governance"]["lines"] if "smuggling" in one["name"]]
    assert [(one["period"], one["value"], one["origin"]) for one in cases["evidence"]] == [
        ("2025-12-31", "35 cases", "indicators.csv, row 3"),
        ("2024-12-31", "38 cases", "indicators.csv, row 2"),
        ("2023-12-31", "42 cases", "indicators.csv, row 1"),
    ]
    assert "indicators.csv, row 3" in card
    assert card.count("outcomes.csv, row 1") == 1, "the rates of the same counts share their records"
    assert "15 days old" in card


def test_recorded_numbers_are_written_so_that_they_part_value_and_target() -> None:
    assert figure(12_347, "cases") == "12,347 cases"
    assert [figure(value, "1", 0.9) for value in (0.89996, 0.9, 0.8123456)] == ["0.89996", "0.9", "0.8123"]
    assert figure(12_345.67, "EUR", 12_345.6) == "12,345.7 EUR"
    missed = ScorecardLine(
        family="crime_and_governance", name="n", place="X", value=99_995.0, unit="cases", day=date(2025, 12, 31),
        source="s", target=100_000.0, better="higher",
    )  # fmt: skip
    row = row_of(missed)
    assert (row["value"], row["target"], row["distance"]) == ("99,995 cases", "100,000 cases", "5")


def test_the_pages_state_the_day_of_the_values_and_that_of_their_knowledge(tmp_path: Path) -> None:
    _, card, plan, _ = written(tmp_path, on="2025-12-31", known_on="2026-01-14")
    for page in (card, plan):
        assert "alues up to 2025-12-31, as known on 2026-01-14 (UTC)" in page


def test_made_up_records_are_marked_and_real_ones_are_not(tmp_path: Path, hill_sector: Any) -> None:
    figures, card, plan, shown = written(tmp_path / "made-up")
    assert figures["illustrative"] is True
    for text in (card, plan, shown):
        assert "Illustrative data: the records are made up" in text
    real = tmp_path / "real.csv"
    real.write_text((SAMPLES / "indicators.csv").read_text("utf-8").replace(",yes\n", ",no\n"), encoding="utf-8")
    figures, card, plan, shown = written(tmp_path / "real", hill_sector.sector, indicators=real)
    assert figures["illustrative"] is False
    assert "Illustrative" not in card + shown
    assert plan == ""


def real_samples(folder: Path) -> Path:
    real = folder / "real.csv"
    real.write_text((SAMPLES / "indicators.csv").read_text("utf-8").replace(",yes\n", ",no\n"), encoding="utf-8")
    return real


def test_real_records_are_not_evaluated_with_made_up_ones(watchline: Callable[..., Any], tmp_path: Path) -> None:
    real, made_up = real_samples(tmp_path), SAMPLES / "outcomes.csv"
    ending = watchline("score", "cumberland", real, "--outcomes", made_up, "--out", tmp_path / "out")
    assert ending.code == 1
    assert f"{made_up}: is illustrative, but {real} is not; expected illustrative records only" in ending.err
    assert not (tmp_path / "out").exists()


def test_illustrative_files_of_the_sector_are_left_out_beside_real_ones(tmp_path: Path, hill_sector: Any) -> None:
    figures, card, plan, shown = written(tmp_path / "out", indicators=real_samples(tmp_path))
    left_out = ", ".join(str(SAMPLES / name) for name in ("outcomes.csv", "action_plan.toml"))
    assert f"Left out, because they are illustrative and the other records are real: {left_out}" in shown
    assert (figures["illustrative"], figures["action_plan"], plan) == (False, None, "")
    assert "Illustrative" not in card
    alone, *_ = written(tmp_path / "alone", hill_sector.sector, indicators=tmp_path / "real.csv")
    assert figures["families"] == alone["families"]


def test_a_page_of_an_earlier_plan_does_not_stay(tmp_path: Path, hill_sector: Any) -> None:
    written(tmp_path, pdf=True)
    indicators = SAMPLES / "indicators.csv"
    written(tmp_path, hill_sector.sector, indicators=indicators)
    assert {one.name for one in tmp_path.iterdir()} == {"scorecard.html", "summary.json"}


def test_a_plan_is_judged_by_all_places_whichever_is_shown(tmp_path: Path) -> None:
    """A measure of another place than the one shown is not unknown for that."""
    table = tmp_path / "two.csv"
    head, *rows = (SAMPLES / "indicators.csv").read_text("utf-8").splitlines()
    other = "Y,crime_and_governance,n,1,u,2025-12-31,s,,,,yes"
    table.write_text("\n".join([head, *rows, other]) + "\n", encoding="utf-8")
    everywhere, *_ = written(tmp_path / "a", indicators=table)
    one, *_ = written(tmp_path / "b", indicators=table, place="Y")
    assert one["action_plan"] == everywhere["action_plan"]
    shown = [line["place"] for line in one["families"]["crime_and_governance"]["lines"]]
    assert shown == ["Y"]


def test_a_history_is_evaluated_as_known_on_a_day(
    watchline: Callable[..., Any], tmp_path: Path, hill_sector: Any
) -> None:
    from ops.analysis.indicators.command import import_indicators

    table, history = tmp_path / "t.csv", tmp_path / "h.jsonl"
    for value, month in ((9, 2), (11, 3)):
        table.write_text(
            "place,family,name,value,unit,date,source\n" + f"X,crime_and_governance,cases,{value},cases,2025-12-31,s\n"
        )
        import_indicators(table, history, Console(file=io.StringIO()), now=datetime(2026, month, 1, tzinfo=UTC))
    found = {}
    for day in ("2026-01-31", "2026-02-28", "2026-03-01"):
        ending = watchline("score", hill_sector.sector, history, "--on", "2026-01-15", "--known-on", day, "--json")
        lines = json.loads(ending.out)["families"]["crime_and_governance"]["lines"]
        found[day] = [one["value"] for one in lines]
    assert found == {"2026-01-31": [], "2026-02-28": [9.0], "2026-03-01": [11.0]}


def test_every_text_of_the_plan_is_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    _, _, plan, shown = written(tmp_path)
    assert 'dir="rtl"' in plan
    toml = (SAMPLES / "action_plan.toml").read_text("utf-8")
    own = re.findall(r'"([^"]+)"', toml) + re.findall(
        r"^[^,]+,[^,]+,([^,]+),", (SAMPLES / "indicators.csv").read_text(), re.M
    )
    assert plain_texts(plan, [*own, "cumberland", "cases", "persons"]) == []
    assert [one for one in plain_lines(shown, [*own, "cumberland", str(tmp_path)]) if "A1" in one or "B2" in one] == []


def test_a_line_is_stale_after_its_interval_and_the_grace() -> None:
    """Expected every 180 days: not stale after 215 days, stale after 216."""
    one = ScorecardLine(
        family="f", name="n", place="X", value=1.0, unit="1", day=date(2025, 1, 1), source="s", update_days=180
    )
    assert not one.is_stale(date(2025, 8, 4))
    assert one.is_stale(date(2025, 8, 5))


def test_a_challenge_is_as_old_as_its_files(tmp_path: Path) -> None:
    record = {
        "id": "gap-segments", "value": 0.5, "unit": "1", "numerator": 1, "denominator": 2, "low": None, "high": None,
        "messages": {"interval": "", "limits": []},
    }  # fmt: skip
    summary = {
        "made_by": "watchline challenge", "records": [record], "layout": "l", "target": "person", "conditions": "day",
        "sector": "X", "required_probability": 0.5,
    }  # fmt: skip
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    os.utime(tmp_path / "summary.json", (0, datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp()))
    (line,) = of_challenge(tmp_path, "X", day=date(2026, 1, 15))
    assert line.day == date(2025, 6, 1)
    (line,) = of_challenge(tmp_path, "X", day=date(2025, 1, 15))
    assert line.day == date(2025, 1, 15)
    with pytest.raises(IndicatorError, match="is the output for the sector 'X'"):
        of_challenge(tmp_path, "Y", day=date(2026, 1, 15))
