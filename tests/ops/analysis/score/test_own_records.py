"""What `watchline score SECTOR` finds by itself: keys of the sector file, and a demonstration; and what it lacks."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ops.governance.demonstration import MARK, sector_of
from ops.postgres.note import StoreNote, note_path
from ops.room.room import clear
from ops.store.writer import Store
from tests.ops.analysis.handover.night import worked_night
from tests.ops.conftest import Files

Watchline = Callable[..., Any]
KINDS = ["indicators", "outcomes", "action_plan", "challenge"]
REAL = "place,family,name,value,unit,date,source\nhills,crime_and_governance,patrols,9,days,2025-12-31,police\n"
CHALLENGE = {
    "made_by": "watchline challenge", "layout": "l", "target": "person", "conditions": "day", "sector": "hills",
    "required_probability": 0.5,
    "records": [
        {
            "id": "gap-segments", "value": 0.5, "unit": "1", "numerator": 1, "denominator": 2, "low": None,
            "high": None, "messages": {"interval": "", "limits": []},
        }
    ],
}  # fmt: skip


def figures_of(ended: Any) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def stated(files: Files, line: str) -> None:
    """Add a key to the sector file, above its tables."""
    text = files.sector.read_text(encoding="utf-8")
    files.sector.write_text(f"{line}\n{text}", encoding="utf-8")


@pytest.fixture
def hills(tmp_path: Path, make_sector: Callable[[Path], Files], monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.chdir(tmp_path)
    return make_sector(tmp_path / "hills")


def test_an_empty_sector_has_a_scorecard_that_says_what_is_missing(watchline: Watchline, hills: Files) -> None:
    ended = watchline("score", "hills", "--out", "out", "--json")
    figures = figures_of(ended)
    assert (figures["absent"], figures["store"], figures["action_plan"]) == (KINDS, None, None)
    page = Path("out/scorecard.html").read_text("utf-8")
    for key in ("indicators", "store", "action_plan", "challenge"):
        assert re.search(rf"<p>No [^<]*\b{key}\b[^<]*</p>", page)
        assert f"`{key}`" in ended.err
    assert page.count("this family gives no information") == 4


@pytest.mark.parametrize("by_option", [True, False])
def test_the_store_of_another_sector_is_refused(watchline: Watchline, hills: Files, by_option: bool) -> None:
    data = hills.sector.parent / "data"
    data.mkdir()
    worked_night(data)[0].store.close()
    if not by_option:
        stated(hills, 'store = "data"')
    arguments = ("score", "hills", *(("--store", str(data)) if by_option else ()), "--json")
    (data / MARK).write_text("hills\n")
    figures_of(watchline(*arguments))
    (data / MARK).write_text("valley\n")
    ended = watchline(*arguments)
    assert ended.code != 0
    assert "is the store of valley; expected that of hills" in ended.err
    (data / MARK).unlink()
    (data / "store.db").unlink()
    note = StoreNote("postgresql://watch@localhost:1/none", "valley", "fusion")
    note_path(data / "store.db").write_bytes(msgspec.json.encode(note))
    assert "is the store of valley; expected that of hills" in watchline(*arguments).err


def test_the_sector_file_names_the_data_folder_and_the_challenge(watchline: Watchline, hills: Files) -> None:
    data = hills.sector.parent / "data"
    data.mkdir()
    worked_night(data)[0].store.close()
    stated(hills, 'store = "data"\nchallenge = "challenge"')
    ended = watchline("score", "hills")
    assert ended.code == 1
    assert "challenge: is not the output of watchline challenge" in ended.err, "it is named, and does not exist"
    (hills.sector.parent / "challenge").mkdir()
    (hills.sector.parent / "challenge/summary.json").write_text(json.dumps(CHALLENGE))
    figures = figures_of(watchline("score", "hills", "--json"))
    ids = {line["id"] for line in figures["families"]["tactical_tools"]["lines"]}
    assert {"gap-segments", "interdiction_effectiveness_rate", "time_to_disposition"} <= ids
    assert figures["absent"] == ["indicators", "action_plan"]
    assert not figures["illustrative"]
    past = figures_of(watchline("score", "hills", "--on", "2026-01-15", "--json"))
    assert past["absent"] == ["indicators", "action_plan", "later_challenge"], "it was not known then"
    assert past["families"]["tactical_tools"]["lines"] == []
    assert figures_of(watchline("score", "hills", "--store", data, "--json"))["families"] == figures["families"]


def test_a_named_store_that_is_missing_is_refused_and_the_sector_is_not(watchline: Watchline, hills: Files) -> None:
    stated(hills, 'store = "data"')
    ended = watchline("score", "hills")
    assert (ended.code, "sector.toml: store: there is no store" in ended.err) == (1, True)
    assert watchline("sector", "check", "hills").code == 0, "`run` writes it later"


@pytest.mark.parametrize("value", ['""', '"  "', '"a\\u202eb"', "3"])
def test_a_store_without_a_name_is_refused(watchline: Watchline, hills: Files, value: str) -> None:
    stated(hills, f"store = {value}")
    ended = watchline("sector", "check", "hills")
    assert ended.code == 1
    assert "store = " in ended.out + ended.err


def test_a_demonstration_of_the_sector_is_found_and_marked(watchline: Watchline, hills: Files) -> None:
    demo = Path("out/demo")
    clear(demo, "hills")
    assert sector_of(demo) == "hills"
    worked_night(demo)[0].store.close()
    figures = figures_of(watchline("score", "hills", "--json"))
    assert figures["illustrative"]
    assert figures["store"] == str(demo / "store.db")
    (demo / MARK).write_text("valley\n")
    assert figures_of(watchline("score", "hills", "--json"))["store"] is None, "the demonstration of another sector"
    (demo / MARK).unlink()
    assert figures_of(watchline("score", "hills", "--json"))["store"] is None, "not a demonstration"


def test_a_demonstration_is_left_out_beside_real_records_and_refused_when_it_is_named(
    watchline: Watchline, hills: Files
) -> None:
    clear(Path("out/demo"), "hills")
    worked_night(Path("out/demo"))[0].store.close()
    (hills.sector.parent / "real.csv").write_text(REAL)
    stated(hills, 'indicators = "real.csv"')
    ended = watchline("score", "hills", "--json")
    figures = figures_of(ended)
    assert (figures["illustrative"], figures["store"]) == (False, None)
    assert "Left out, because they are illustrative and the other records are real: out/demo/store.db" in ended.err
    assert all(not line["denominator"] for line in figures["families"]["tactical_tools"]["lines"])
    shutil.copytree("out/demo", "copy")
    named = watchline("score", "hills", "hills/real.csv", "--store", "copy")
    assert (named.code, "--store" in named.err) == (2, True), "a demonstration, with or without --simulated"
    stated(hills, 'store = "../copy"')
    stated_in_file = watchline("score", "hills")
    assert (stated_in_file.code, "copy/store.db" in stated_in_file.err) == (1, True)
    assert "--store" not in stated_in_file.err


def test_an_empty_store_is_no_gap_in_what_is_named(watchline: Watchline, hills: Files) -> None:
    Store(hills.sector.parent / "store.db").close()
    stated(hills, 'store = "store.db"')
    assert figures_of(watchline("score", "hills", "--json"))["absent"] == ["indicators", "action_plan", "challenge"]


def test_the_marking_of_the_settings_is_on_page_and_plan_in_each_form(watchline: Watchline, tmp_path: Path) -> None:
    settings = tmp_path / "marked.toml"
    settings.write_text('[reports]\nmarking = "RESTRICTED"\n')
    out = tmp_path / "marked"
    ended = watchline("score", "cumberland", "--settings", settings, "--out", out, "--docx")
    assert ended.code == 0, ended.err
    with zipfile.ZipFile(out / "action-plan.docx") as document:
        header = "".join(document.read(name).decode() for name in document.namelist() if "header" in name)
    assert ["RESTRICTED" in text for text in (*[page.read_text() for page in out.glob("*.html")], header)] == [True] * 3
