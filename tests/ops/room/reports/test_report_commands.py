"""``watchline handover`` and ``watchline export``: the page's reports and files from a store, recorded, by markings."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geo.errors import BadInput
from geo.unfinished import remove_all_unfinished
from ops.analysis.handover.accesses import accesses_in
from ops.analysis.handover.period import ReportPeriod
from ops.analysis.handover.report import PersonActions
from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.room.reports import export_command
from ops.room.reports.handover_command import period_of
from ops.store.handover_notes import HandoverNote, HandoverNotes
from tests.ops.export.exported import exported_store
from tests.ops.incidents.making import SECOND, START_NS, at

PERIOD = ("--from", at(0).isoformat(), "--to", at(3600).isoformat())


@pytest.fixture
def room(tmp_path: Path, hill_sector: Any) -> Iterator[Any]:
    """A data folder of a worked night, of which one incident is marked, with an audit log and two notes."""
    folder = tmp_path / "data"
    folder.mkdir()
    night, made = exported_store(folder)
    hidden = night.shift.book.incidents[made["distress"]]
    night.store.commit(
        night.cursor + 9,
        stamp_ns=START_NS + 3550 * SECOND,
        markings=[("incident", hidden.id, "national"), *(("alert", one, "national") for one in hidden.alerts),
                  ("track", "T2", "national")],
    )  # fmt: skip
    notes = HandoverNotes(folder)
    for text, marking in (("Open words.", ""), ("National words.", "national")):
        notes.add(HandoverNote(at(0), at(3600), at(3500), "Ana", "ana", "supervisor", text, marking))
    log = AuditLog(folder / "audit", now_ns=lambda: START_NS + 60 * SECOND)
    for person, what in (
        ("Ana [k1]", "GET /v1/export?format=csv"), ("Ana [k1]", "GET /handover.pdf?from=x"), ("Ana", "GET /handover"),
        ("Bo [k2]", "GET /v1/handover"), ("Bo [k2]", "GET /handover/notes"), ("root", "watchline export --out a.kml"),
        ("Cy [k3]", "GET /api/tracks"),
    ):  # fmt: skip
        log.add(AuditEntry(START_NS + 60 * SECOND, person, "supervisor", "disclosure", what, "test", "records"))
    log.add(AuditEntry(START_NS - SECOND, "Di [k4]", "supervisor", "disclosure", "GET /v1/export", "test", "records"))
    log.close()
    settings = tmp_path / "settings.toml"
    settings.write_text(
        '[releasability]\nlevels = ["restricted", "national"]\n[reports]\nmarking = "RESTRICTED"\n', encoding="utf-8"
    )
    store, files = folder / "store.db", ("--settings", settings)
    yield SimpleNamespace(
        folder=folder, store=store, made=made, sector=hill_sector.sector, settings=files, out=tmp_path
    )
    night.store.close()


def limited(limit: str) -> tuple[str, ...]:
    return ("--releasability", limit) if limit else ()


def recorded(room: Any) -> list[Any]:
    """The entries that commands of this test added."""
    return [one for one in each_entry(room.folder / "audit", EntryFilter()) if one.at_ns > START_NS + 3600 * SECOND]


def test_a_report_holds_what_its_limit_allows_and_is_recorded_with_its_hash(
    watchline: Callable[..., Any], room: Any
) -> None:
    out = room.out / "night.json"
    common = ("handover", room.sector, room.store, *PERIOD, *room.settings, "--format", "json", "--out", out, "--json")
    found = {}
    for limit in ("", "restricted", "national", "*"):
        ending = watchline(*common, *limited(limit), "--purpose", "inquiry 12")
        assert ending.code == 0, ending.err
        found[limit], figures = json.loads(out.read_text(encoding="utf-8")), json.loads(ending.out)
        entry = recorded(room)[-1]
        digest = sha256(out.read_bytes()).hexdigest()
        assert (entry.operation, entry.purpose, entry.what) == (
            "disclosure",
            "inquiry 12",
            "watchline handover --out night.json",
        )
        assert entry.subject.endswith(f"SHA-256 {digest}")
        assert figures["sha256"] == digest
        assert figures["incidents_open"] + figures["incidents_closed"] == len(found[limit]["incidents"])
    ids = {limit: {one["id"] for one in report["incidents"]} for limit, report in found.items()}
    assert ids["*"] == ids["national"] == set(room.made.values())
    assert ids[""] == ids["restricted"] == ids["*"] - {room.made["distress"]}
    assert room.made["distress"] not in json.dumps(found[""])
    assert [one["text"] for one in found[""]["notes"]] == ["Open words."]
    assert len(found["*"]["notes"]) == 2
    people = {one["person"]: one["actions"] for one in found["*"]["actions"]}
    assert people["Ana"].items() >= {"export": 1, "report": 2, "close": 1}.items()
    assert people["root"] == {"export": 1}
    assert "root" not in {one["person"] for one in found[""]["actions"]}


def test_reports_and_exports_are_counted_by_person_in_the_period_only(room: Any) -> None:
    period = ReportPeriod(at(0), at(3600))
    assert accesses_in(room.store, period) == [
        PersonActions("Ana", {"export": 1, "report": 2}),
        PersonActions("Bo", {"report": 1}),
        PersonActions("root", {"export": 1}),
    ]
    assert accesses_in(room.store, ReportPeriod(at(0) - timedelta(hours=1), at(0))) == [
        PersonActions("Di", {"export": 1})
    ]
    assert accesses_in(room.out / "no-such-folder", period) == []


@pytest.mark.parametrize(("file_format", "begins"), [("pdf", b"%PDF"), ("html", b"<!doctype html>")])
def test_a_report_is_also_pdf_and_a_page_in_both_languages(
    watchline: Callable[..., Any], room: Any, monkeypatch: pytest.MonkeyPatch, file_format: str, begins: bytes
) -> None:
    files = {}
    for language in ("en", "fr"):
        monkeypatch.setenv("WATCHLINE_LANGUAGE", language)
        out = room.out / f"{language}.{file_format}"
        ending = watchline(
            "--language", language, "handover", room.sector, room.store, *PERIOD, *room.settings,
            "--format", file_format, "--out", out, "--after-action",
        )  # fmt: skip
        assert ending.code == 0, ending.err
        files[language] = out.read_bytes()
        assert files[language].startswith(begins)
        assert out.stat().st_mode & 0o077 == 0
        assert ("open incidents" in ending.err) == (language == "en")
        assert ("incidents ouverts" in ending.err) == (language == "fr")
    assert files["en"] != files["fr"]


def test_an_export_holds_what_its_limit_allows_and_is_recorded_with_its_hash(
    watchline: Callable[..., Any], room: Any
) -> None:
    out = room.out / "files" / "night.zip"
    common = ("export", room.sector, room.store, *PERIOD, *room.settings, "--format", "csv", "--out", out, "--json")
    counts = {}
    for limit in ("", "national"):
        ending = watchline(*common, *limited(limit), "--purpose", "inquiry 12")
        assert ending.code == 0, ending.err
        figures = json.loads(ending.out)
        counts[limit] = figures["counts"]
        entry = recorded(room)[-1]
        assert (entry.operation, entry.purpose) == ("disclosure", "inquiry 12")
        assert entry.subject.startswith(f"export as csv: {figures['counts']['tracks']} tracks, ")
        assert entry.subject.endswith(f"SHA-256 {sha256(out.read_bytes()).hexdigest()}")
        with zipfile.ZipFile(out) as archive:
            texts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert (room.made["distress"] in texts["incidents.csv"]) == (limit == "national")
        assert ("T2" in texts["tracks.csv"]) == (limit == "national")
        assert json.loads(texts["export.json"])["purpose"] == "inquiry 12"
    assert counts["national"]["tracks"] == counts[""]["tracks"] + 1
    assert [path.name for path in out.parent.iterdir()] == ["night.zip"], "nothing is left beside it"


def test_an_export_that_is_killed_leaves_no_records_beside_its_file(
    watchline: Callable[..., Any], room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, found = room.out / "files" / "night.zip", []

    def killed(request: Any) -> None:
        Path(request.out).write_text("records of persons", encoding="utf-8")
        found.append([path.name for path in out.parent.iterdir()])
        remove_all_unfinished()
        found.append([path.name for path in out.parent.iterdir()])
        raise BadInput("stopped", where="here", expected="no end")

    monkeypatch.setattr(export_command, "export", killed)
    ending = watchline(
        *("export", room.sector, room.store, *PERIOD, *room.settings, "--format", "csv", "--out", out),
        *("--purpose", "inquiry 12"),
    )
    assert ending.code == 1
    assert [len(names) for names in found] == [1, 0]


def test_what_is_wrong_is_one_sentence_no_file_and_no_entry(
    watchline: Callable[..., Any], room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHLINE_PURPOSE", raising=False)
    out = room.out / "new"
    export = ("export", room.sector, room.store, *room.settings, "--out", out)
    handover = ("handover", room.sector, room.store, *room.settings, "--out", out)
    purpose = ("--purpose", "inquiry 12")
    for line in (
        (*export, *PERIOD), (*export, *PERIOD, "--purpose", "é"), (*export, *PERIOD[:2], *purpose),
        (*export, *PERIOD, *purpose, "--releasability", "invented"), (*export, *PERIOD, *purpose, "--bbox", "1,2"),
        (*export, *PERIOD, *purpose, "--layers", "people"),
        (*handover, *PERIOD[2:]), (*handover, "--from", "2099-01-01T00:00Z", "--to", "2099-01-02T00:00Z"),
        (*handover, *PERIOD, "--releasability", "invented"), (*handover, *PERIOD, "--purpose", "é"),
    ):  # fmt: skip
        ending = watchline(*line)
        assert ending.code in (1, 2), line
        assert len(ending.err.strip().splitlines()) == 1, ending.err
        assert not out.exists(), line
    assert recorded(room) == []


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [(at(0), at(0), "empty"), (at(3600), at(0), "before it begins"), (at(0), at(40 * 86400), "too long")],
)
def test_a_period_that_is_none_is_refused_by_its_options(start: datetime, end: datetime, word: str) -> None:
    with pytest.raises(BadInput, match=f"^--from, --to: The period .*{word}"):
        period_of(start, end)


def test_a_file_of_the_data_folder_is_never_replaced(watchline: Callable[..., Any], room: Any) -> None:
    link = room.out / "link"
    link.symlink_to(room.store)
    mine = next(path for path in (room.folder / "audit").iterdir() if path.is_file())
    before = {path: path.read_bytes() for path in (room.store, mine)}
    for command in ("handover", "export"):
        for out in (room.store, link, mine):
            ending = watchline(
                command, room.sector, room.store, *PERIOD, *room.settings, "--out", out, "--purpose", "inquiry 12"
            )
            assert (ending.code, "is a file of the data folder" in ending.err) == (2, True), ending.err
    assert {path: path.read_bytes() for path in before} == before
    assert recorded(room) == []
