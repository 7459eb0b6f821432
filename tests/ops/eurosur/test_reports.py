"""Reports of the EUROSUR layers: confidence, linked follow-ups, the first report within 24 h, closure, and exports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from rich.console import Console

from geo.errors import BadInput
from ops.audit.log import AuditLog
from ops.eurosur.command import add_reports, list_reports
from ops.eurosur.files import NAMESPACE, as_json, as_xml, read_reports
from ops.eurosur.report import BEST_HEARSAY, HEARSAY, SUBLAYERS, Report, check_confidence
from ops.eurosur.store import ReportStore

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def report(name: str = "E1", **more: Any) -> Report:
    fields: dict[str, Any] = {
        "id": name,
        "layer": "events",
        "sublayer": "unauthorised_border_crossing",
        "known_at": NOW - timedelta(hours=1),
        "source": "patrol",
        "reliability": "B",
        "credibility": 2,
        "text": "Four persons on foot",
    }
    return Report(**fields | more)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = ReportStore(tmp_path)
    yield opened
    opened.close()


def refused(store: ReportStore, *reports: Report) -> str:
    before = store.reports()
    with pytest.raises(BadInput) as caught:
        store.add(reports, NOW)
    assert store.reports() == before
    return str(caught.value)


def test_follow_ups_are_linked_in_one_chain_and_end_with_did_not_happen(store: ReportStore) -> None:
    store.add([report("E1"), report("E2", follows="E1", credibility=4)], NOW)
    assert "'E1' has a follow-up" in refused(store, report("E3", follows="E1"))
    store.add([report("E3", follows="E2", status="did_not_happen", text="A herd of deer")], NOW)
    assert "did_not_happen" in refused(store, report("E4", follows="E3"))
    assert [one.report.id for one in store.reports()] == ["E1", "E2", "E3"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"credibility": 0}, "from 1 to 6"),
        ({"credibility": 7}, "from 1 to 6"),
        ({"sublayer": "own_assets"}, "sublayer"),
        ({"known_at": NOW + timedelta(seconds=1)}, "future"),
        ({"known_at": datetime(2026, 1, 1)}, "offset"),  # noqa: DTZ001
        ({"lon": 33.0}, "lon and lat"),
        ({"lon": 200.0, "lat": 35.0}, "lon and lat"),
        ({"follows": "E9"}, "no report 'E9'"),
        ({"supported_by": ("E1",)}, "unknown report"),
        ({"text": "  "}, "text"),
        ({"text": "a\u202eb"}, "text"),
        ({"text": "a\uffff"}, "text"),
        ({"section": "a\nb"}, "section"),
        ({"occurred_from": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "year"),
        ({"occurred_to": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))}, "year"),
        ({"known_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "year"),
        ({"id": "a b"}, "id"),
        ({"layer": "analysis", "sublayer": "risk_analysis", "urgent": True}, "an event"),
        ({"occurred_from": NOW, "occurred_to": NOW - timedelta(1)}, "occurred_to"),
    ],
)
def test_a_wrong_report_is_refused_with_its_row_and_nothing_is_added(
    store: ReportStore, more: dict[str, Any], words: str
) -> None:
    sentence = refused(store, report("E0"), report(**more))
    assert "row 2" in sentence
    assert words in sentence


@pytest.mark.parametrize("letter", ["G", "a", "", "AB"])
def test_an_unknown_reliability_is_refused_when_it_is_read(tmp_path: Path, letter: str) -> None:
    body = msgspec.to_builtins(report()) | {"reliability": letter}
    (tmp_path / "r.json").write_text(json.dumps({"reports": [msgspec.to_builtins(report()), body]}))
    with pytest.raises(BadInput, match="row 2"):
        read_reports(tmp_path / "r.json")


@given(
    st.sampled_from(HEARSAY),
    st.integers(1, 6),
    st.lists(st.sampled_from([*HEARSAY, "sensor", "patrol", "partner", "authority"]), max_size=4),
)
def test_hearsay_is_never_more_than_possibly_true_without_another_kind_of_source(
    source: str, credibility: int, supporting: list[str]
) -> None:
    others = [report(f"S{n}", source=kind) for n, kind in enumerate(supporting)]
    allowed = credibility >= BEST_HEARSAY or any(kind not in HEARSAY for kind in supporting)
    one = report(source=source, credibility=credibility)
    if allowed:
        check_confidence(one, others)
    else:
        with pytest.raises(BadInput, match="alone"):
            check_confidence(one, others)


def test_ten_open_sources_that_repeat_each_other_do_not_become_a_fact(store: ReportStore) -> None:
    names = tuple(f"O{n}" for n in range(10))
    store.add([report(name, source="osint", credibility=3) for name in names], NOW)
    assert "alone" in refused(store, report("O10", source="osint", credibility=1, supported_by=names))
    store.add([report("P1", source="patrol"), report("O11", source="osint", credibility=2, supported_by=("P1",))], NOW)


def test_nothing_that_makes_or_confirms_tracks_can_read_a_report() -> None:
    """No module of ingest, fusion or the services that run them imports the reports; import-linter holds the layers."""
    root = Path(__file__).resolve().parents[3]
    for folder in ("geo", "sensors", "ingest", "fusion", "ops/services/ingest", "ops/services/fusion", "ops/journal"):
        for path in (root / folder).rglob("*.py"):
            assert "ops.eurosur" not in path.read_text(encoding="utf-8"), path
            assert "ops.exchange" not in path.read_text(encoding="utf-8"), path


def test_an_urgent_event_is_overdue_after_24_hours_until_it_was_sent(store: ReportStore) -> None:
    known = NOW - timedelta(hours=24)
    store.add([report("E1", urgent=True, known_at=known), report("E2", known_at=known)], NOW)
    one, other = store.reports()
    assert not one.overdue_at(NOW)
    assert one.overdue_at(NOW + timedelta(seconds=1))
    assert not other.overdue_at(NOW + timedelta(days=9))
    store.note_sent([one.report], NOW)
    store.note_sent([one.report], NOW + timedelta(days=3))
    assert not store.reports()[0].overdue_at(NOW + timedelta(days=9)), "the first time counts"
    store.add([report("E3", urgent=True, known_at=known)], NOW)
    late = store.reports()[-1]
    store.note_sent([late.report], NOW + timedelta(hours=1))
    assert store.reports()[-1].overdue_at(NOW + timedelta(hours=2)), "sent, but late: it stays on record"
    assert store.reports()[0].sent_at == NOW


def test_json_and_xml_hold_the_same_reports_by_layer(store: ReportStore) -> None:
    store.add(
        [
            report("E1", urgent=True, lon=33.1, lat=35.0, text='<b>&"fire" é'),
            report("E2", follows="E1", status="closed", supported_by=("E1",)),
            report("A1", layer="analysis", sublayer="risk_analysis", source="authority"),
        ],
        NOW,
    )
    now = NOW + timedelta(hours=30)
    body = json.loads(as_json(store.reports(), "hills", now))
    assert [one["id"] for one in body["layers"]["events"]] == ["E1", "E2"]
    assert [one["id"] for one in body["layers"]["analysis"]] == ["A1"]
    assert body["layers"]["operational"] == []
    assert body["layers"]["events"][0]["overdue"] is True
    assert body["layers"]["events"][0]["due_at"] == "2026-03-21T11:00:00Z"
    root = etree.fromstring(as_xml(store.reports(), "hills", now))
    within = {None: NAMESPACE}
    found = root.findall("layer[@name='events']/report", within)
    assert [one.get("id") for one in found] == ["E1", "E2"]
    for one, stated in zip(found, body["layers"]["events"], strict=True):
        assert one.findtext("text", namespaces=within) == stated["text"]
        assert one.findtext("credibility", namespaces=within) == str(stated["credibility"])
        assert one.findtext("overdue", namespaces=within) == str(stated["overdue"]).lower()
    assert found[1].findtext("follows", namespaces=within) == "E1"
    assert "names of elements are ours" in as_xml([], "hills", now).decode()


def test_an_export_names_no_report_that_its_recipient_may_not_have(store: ReportStore) -> None:
    """Not even by its id, which people choose."""
    store.add(
        [
            report("informant-7", marking="restricted"),
            report("E2", source="patrol"),
            report("E3", source="osint", supported_by=("informant-7", "E2"), follows="informant-7"),
        ],
        NOW,
    )
    released = [one for one in store.reports() if not one.report.marking]
    for write in (as_json, as_xml):
        assert b"informant-7" not in write(released, "hills", NOW)
        assert b"informant-7" in write(store.reports(), "hills", NOW)
    (_, last) = json.loads(as_json(released, "hills", NOW))["layers"]["events"]
    assert (last["follows"], last["supported_by"]) == ("", ["E2"])


def test_adding_and_listing_are_recorded_in_the_audit_log(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    log.close()
    (tmp_path / "r.json").write_bytes(msgspec.json.encode({"reports": [report("E1"), report("E2")]}))
    quiet = Console(quiet=True)
    add_reports(tmp_path, tmp_path / "r.json", quiet)
    with pytest.raises(BadInput, match="taken"):
        add_reports(tmp_path, tmp_path / "r.json", quiet)
    list_reports(tmp_path, None, False, quiet)
    log = AuditLog(tmp_path / "audit")
    made = [(one.operation, one.subject) for one in log.entries()]
    log.close()
    assert made == [("collection", "2 EUROSUR reports"), ("consultation", "2 EUROSUR reports")]


def test_a_file_that_was_exported_as_reports_is_read_again(tmp_path: Path) -> None:
    one = report("E1", lon=33.1, lat=35.0)
    (tmp_path / "r.json").write_bytes(msgspec.json.encode({"reports": [one]}))
    assert read_reports(tmp_path / "r.json") == [one]


def test_every_layer_has_sublayers() -> None:
    assert set(SUBLAYERS) == {"events", "operational", "analysis"}
    assert all(SUBLAYERS.values())
