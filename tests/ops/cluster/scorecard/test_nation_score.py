"""`watchline score` of a nation file: real commands, from the sectors' files to the page."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.sector.samples import samples_folder
from tests.dask_workers import WITHOUT_PAGES
from tests.ops.analysis.handover.night import worked_night
from tests.ops.words.pseudo_texts import plain_lines, plain_texts

SAMPLE = samples_folder() / "cumberland"
HEAD = "place,indicator,value,date,start,source,target,better,illustrative\n"
ON = ("--on", "2026-02-01")
Watchline = Callable[..., Any]


def sector(folder: Path, name: str, cases: str, *, made_up: str = "", outcomes: str = "", more: str = "") -> Path:
    """A sector over the sample's ground, with recorded cases of a year, their target, and counts of outcomes."""
    own = folder / name
    own.mkdir(parents=True)
    (own / "indicators.csv").write_text(
        HEAD + f"{name},smuggling_cases,{cases},2025-12-31,2025-01-01,police,40,lower,{made_up}\n"
    )
    lines = [
        f'name = "{name}"', f'title = "Sector {name}"', 'terrain = "sample:jacksboro"',
        f'border = "{SAMPLE / "border.geojson"}"', 'indicators = "indicators.csv"', more,
    ]  # fmt: skip
    if outcomes:
        (own / "outcomes.csv").write_text(
            f"place,start,end,source,apprehended,turned_back,got_away\n{name},2025-01-01,2026-01-01,desk,{outcomes}\n"
        )
        lines.append('outcomes = "outcomes.csv"')
    layouts = f'[layouts]\nbasic = "{SAMPLE / "layout_basic.geojson"}"\n'
    (own / "sector.toml").write_text("\n".join([*lines, layouts]))
    return own


def nation(folder: Path, *names: str) -> Path:
    path = folder / "nation.toml"
    path.write_text(f'name = "freedonia"\ntitle = "Freedonia"\nsectors = {json.dumps(names)}\n')
    return path


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """41 cases and 35 at a target of at most 40, and one sector that does not exist."""
    sector(tmp_path, "west", "41", outcomes="40,23,7")
    sector(tmp_path, "east", "35", outcomes="10,8,12")
    return nation(tmp_path, "west", "east", "south")


def test_the_sectors_stand_side_by_side_and_one_that_cannot_be_read_is_named(
    watchline: Watchline, three: Path, tmp_path: Path
) -> None:
    ended = watchline("score", three, "--out", tmp_path / "out", *ON, "--json")
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == f"watchline: {three}: not evaluated: south."
    figures = json.loads(ended.out)
    assert [one["sector"] for one in figures["unread"]] == ["south"]
    assert "expected" in figures["unread"][0]["why"]
    assert [one["name"] for one in figures["sectors"]] == ["west", "east"]
    found = {one["id"]: one for one in figures["indicators"]}
    cases = found["smuggling_cases"]
    assert (cases["states"], cases["missing"]) == ({"met": 1, "not_met": 1}, 0)
    assert cases["lowest"] == {"sector": "east", "place": "east", "value": 35.0, "date": "2025-12-31"}
    assert (cases["highest"]["sector"], cases["together"]["value"], cases["together"]["start"]) == (
        "west", 76.0, "2025-01-01",
    )  # fmt: skip
    rate = found["interdiction_effectiveness_rate"]["together"]  # 63 of 70 and 18 of 30: metrics.md §1
    assert (rate["numerator"], rate["denominator"], rate["value"]) == (81.0, 100.0, 0.81)
    assert (round(rate["low"], 4), round(rate["high"], 4)) == (0.7222, 0.8749)
    assert found["unlawful_border_crossing_effectiveness_rate"]["together"] is None, "undetected ones are unknown"
    assert json.loads((tmp_path / "out/summary.json").read_text())["indicators"] == figures["indicators"]


def test_workers_evaluate_the_sectors_as_this_process_does(watchline: Watchline, three: Path, tmp_path: Path) -> None:
    ends = [watchline("score", three, "--out", tmp_path / "here", *ON, "--json")]
    before = {path.name: path.read_bytes() for path in sorted((tmp_path / "here").rglob("*")) if path.is_file()}
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, silence_logs=50, **WITHOUT_PAGES) as cluster:
        address = cluster.scheduler_address
        ends.append(watchline("score", three, "--out", tmp_path / "here", *ON, "--json", "--scheduler", address))
    after = {path.name: path.read_bytes() for path in sorted((tmp_path / "here").rglob("*")) if path.is_file()}
    assert (ends[0].out, ends[0].err, ends[0].code) == (ends[1].out, ends[1].err, 1)
    assert before == after


def test_a_worker_evaluates_one_sector_as_this_process_does(watchline: Watchline, three: Path, tmp_path: Path) -> None:
    ends, found = [], []
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, silence_logs=50, **WITHOUT_PAGES) as cluster:
        for scheduler in ("threads", cluster.scheduler_address):
            options = ("--out", tmp_path / "out", *ON, "--json", "--scheduler", scheduler)
            ends.append(watchline("score", three.parent / "west", *options))
            found.append({path.name: path.read_bytes() for path in sorted((tmp_path / "out").iterdir())})
        refused = watchline("score", three.parent / "west", "--on", "31 May", "--scheduler", cluster.scheduler_address)
    assert (ends[0].out, ends[0].err, ends[0].code) == (ends[1].out, ends[1].err, 0)
    assert found[0] == found[1] != {}
    assert (refused.code, "--on" in refused.err) == (1, True)


def test_every_link_of_the_page_leads_to_a_line_of_a_sector_and_no_number_stands_for_all(
    watchline: Watchline, three: Path, tmp_path: Path
) -> None:
    watchline("score", three, "--out", tmp_path / "out", *ON)
    page = (tmp_path / "out/scorecard.html").read_text("utf-8")
    links = re.findall(r'href="(sectors/[^"]+)"', page)
    assert len(links) > 6
    for link in links:
        file, _, anchor = link.partition("#")
        assert not anchor or f'id="{anchor}"' in (tmp_path / "out" / file).read_text("utf-8")
    assert "No single number stands for the nation or for a border." in page
    assert "counts of 2 sectors added up: 0.81 (81 of 100;" in html.unescape(page), "one of the three is not evaluated"
    again = watchline("score", three, "--out", tmp_path / "out", *ON, "--pdf")
    assert (tmp_path / "out/scorecard.html").read_text("utf-8") == page
    assert (tmp_path / "out/scorecard.pdf").exists()
    assert "Not evaluated: south." in again.err


def test_the_page_of_the_nation_shows_the_marking_of_reports(watchline: Watchline, three: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[reports]\nmarking = "RESTREINT"\n')
    watchline("score", three, "--out", tmp_path / "out", *ON, "--settings", tmp_path / "settings.toml")
    pages = [tmp_path / "out/scorecard.html", tmp_path / "out/sectors/west/scorecard.html"]
    marked = [page.read_text("utf-8").count('<p class="marking">RESTREINT</p>') for page in pages]
    assert marked == [2, 2]  # at its head and its foot


def test_illustrative_sectors_are_left_out_beside_real_ones_and_marked_alone(
    watchline: Watchline, tmp_path: Path
) -> None:
    sector(tmp_path, "west", "41")
    sector(tmp_path, "east", "35", made_up="yes")
    both = json.loads(watchline("score", nation(tmp_path, "west", "east"), *ON, "--json").out)
    assert (both["left_out"], both["illustrative"], [one["name"] for one in both["sectors"]]) == (
        ["east"], False, ["west"],
    )  # fmt: skip
    (cases,) = [one for one in both["indicators"] if one["id"] == "smuggling_cases"]
    assert (cases["highest"]["value"], cases["lowest"]["value"], cases["together"]) == (41.0, 41.0, None)
    ended = watchline("score", nation(tmp_path, "east"), *ON, "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["illustrative"]
    assert "Illustrative data" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--place", "x"), "--place: is for one sector, not for a nation; expected the keys of the sector files."),
        (("--action-plan", "nation.toml"), "--action-plan: is for one sector"),
        (("--store", "nation.toml"), "--store: is a file; expected the data folder of `watchline cluster run`."),
        (("nation.toml",), "INDICATORS: is for one sector"),
        (("--on", "someday"), "--on"),
        (("--known-on", "someday"), "--known-on"),
        (("--releasability", "invented"), "--releasability: 'invented'"),
    ],
)
def test_options_of_a_single_sector_are_refused(
    watchline: Watchline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    sector(tmp_path, "west", "41")
    nation(tmp_path, "west")
    monkeypatch.chdir(tmp_path)
    ended = watchline("score", "nation.toml", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_nation_without_a_readable_sector_is_refused_and_two_of_one_name_are_not_counted_twice(
    watchline: Watchline, tmp_path: Path
) -> None:
    sector(tmp_path, "west", "41")
    ended = watchline("score", nation(tmp_path, "south"), *ON)
    assert (ended.code, "none of its 1 sectors can be read" in ended.err) == (1, True)
    ended = watchline("score", nation(tmp_path, "west", "west/sector.toml"), *ON, "--json")
    figures = json.loads(ended.out)
    assert (len(figures["sectors"]), ended.code) == (1, 1)
    assert "another sector of the nation has the name 'west'" in figures["unread"][0]["why"]


def test_a_table_that_is_refused_takes_out_its_sector_alone(watchline: Watchline, three: Path, tmp_path: Path) -> None:
    (tmp_path / "west/indicators.csv").write_text(HEAD + "west,smuggling_cases,3,2025-12-31,2025-01-01,,40,lower,\n")
    figures = json.loads(watchline("score", three, *ON, "--json").out)
    assert [one["name"] for one in figures["sectors"]] == ["east"]
    assert "row 1: no source" in next(one["why"] for one in figures["unread"] if one["sector"] == "west")


def test_the_stores_are_those_of_the_cluster_and_reading_them_is_recorded(
    watchline: Watchline, three: Path, tmp_path: Path
) -> None:
    """The night of the handover report in one sector: one apprehension; the other sectors have no store there."""
    data = tmp_path / "data"
    (data / "west").mkdir(parents=True)
    (tmp_path / "west/sector.toml").write_text(
        (tmp_path / "west/sector.toml").read_text().replace('outcomes = "outcomes.csv"\n', "")
    )
    worked_night(data / "west")[0].store.close()
    AuditLog(data / "west/audit").close()
    ended = watchline(
        "score", three, "--store", data, "--on", "2026-03-20", "--purpose", "yearly report", "--json"
    )  # fmt: skip
    found = {one["id"]: one for one in json.loads(ended.out)["indicators"]}
    rate = found["interdiction_effectiveness_rate"]
    assert (rate["highest"]["sector"], rate["highest"]["value"]) == ("west", 1.0)
    assert (rate["together"]["numerator"], rate["together"]["denominator"]) == (19.0, 31.0), "1 of 1, and 18 of 30"
    assert (found["time_to_disposition"]["sectors"], found["time_to_disposition"]["missing"]) == (1, 1)
    (entry,) = each_entry(data / "west/audit", EntryFilter())
    assert (entry.subject, entry.purpose) == ("scorecard of west on 2026-03-20", "yearly report")


def with_store(tmp_path: Path) -> Path:
    """A nation whose sector ``west`` names a store with one apprehension."""
    (tmp_path / "data").mkdir()
    worked_night(tmp_path / "data")[0].store.close()
    AuditLog(tmp_path / "data/audit").close()
    sector(tmp_path, "west", "41", more=f'store = "{tmp_path / "data"}"')
    sector(tmp_path, "east", "35")
    return nation(tmp_path, "west", "east")


def test_one_store_that_two_sectors_name_is_counted_once(watchline: Watchline, tmp_path: Path) -> None:
    path = with_store(tmp_path)
    (tmp_path / "linked").symlink_to(tmp_path / "data")
    east = tmp_path / "east/sector.toml"
    east.write_text(f'store = "{tmp_path / "linked"}"\n' + east.read_text())
    ended = watchline("score", path, "--on", "2026-03-20", "--json")
    figures = json.loads(ended.out)
    assert ([one["name"] for one in figures["sectors"]], ended.code) == (["west"], 1)
    assert "holds the incidents of west, which would be counted twice" in figures["unread"][0]["why"]


@pytest.mark.parametrize("body", ["{}", "x", '{"updated_at":"x"}', '{"updated_at":"2026-03-20T00:00:00Z"}'])
def test_a_store_with_records_that_are_none_takes_out_its_sector_alone(
    watchline: Watchline, tmp_path: Path, body: str
) -> None:
    path = with_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data/store.db")) as store, store:
        store.execute("UPDATE outbox SET body = ?", (body,))
    figures = json.loads(watchline("score", path, "--on", "2026-03-20", "--json").out)
    assert [one["name"] for one in figures["sectors"]] == ["east"]
    assert "data/store.db: its incidents cannot be read" in figures["unread"][0]["why"]


def test_every_text_of_the_page_is_in_the_catalogue(
    watchline: Watchline, three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "ar-XB")
    (tmp_path / "nation.toml").write_text('name = "f"\ntitle = "Freedonia"\nsectors = ["west", "east"]\n')
    ended = watchline("score", three, "--out", tmp_path / "out", *ON)
    page = (tmp_path / "out/scorecard.html").read_text("utf-8")
    names = [str(tmp_path), "Sector west", "Sector east", "west", "east", "cases", "Freedonia", "watchline score"]
    assert plain_texts(page, names) == []
    assert plain_lines(ended.err, names) == []
