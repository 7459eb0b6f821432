"""Reports of the EUROSUR layers: confidence, linked follow-ups, the first report within 24 h, closure, and exports."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from rich.console import Console

from geo.errors import BadInput
from ops.audit.log import AuditLog
from ops.eurosur.command import add_reports, list_reports
from ops.eurosur.files import NAMESPACE, REPORTS, SCHEMA, SINGLE_EVENT, as_json, as_xml, read_reports, xml_schema
from ops.eurosur.report import (
    BEST_HEARSAY,
    HEARSAY,
    INDICATORS,
    NOT_EVENTS,
    SUBLAYERS,
    Report,
    ReportedImpact,
    ReportStatus,
    SourceKind,
    Validation,
    check_confidence,
)
from ops.eurosur.store import ReportStore, StoredReport
from ops.runtime.files.transaction import transaction

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
        ({"reaction": "a\u202eb"}, "reaction"),
        ({"sublayer": "crisis", "details": {"attempt": "actual"}}, "details"),
        ({"layer": "analysis", "sublayer": "risk_analysis", "status": "no_reportable_impact"}, "an event"),
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
    store.add(
        [report("E1", urgent=True, known_at=known), report("E2", known_at=known, sublayer="cross_border_crime")], NOW
    )
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


SUBJECTS = [(layer, one) for layer, names in SUBLAYERS.items() for one in names]
XML = {None: NAMESPACE}


def test_json_and_xml_hold_the_same_reports_by_layer_in_the_terms_of_the_regulation(store: ReportStore) -> None:
    crossing = {"attempt": "attempted", "manner": "clandestine", "direction": "entry", "destination": "CYP",
                "detected_during": "border_surveillance"}  # fmt: skip
    store.add(
        [
            report("E1", urgent=True, lon=33.1, lat=35.0, text='<b>&"fire" é', details=crossing, impact="very_high",
                   reaction="A patrol was sent."),
            report("E2", follows="E1", status="closed", supported_by=("E1",), validation="validated"),
            report("A1", layer="analysis", sublayer="risk_analysis", source="authority"),
        ],
        NOW,
    )  # fmt: skip
    now = NOW + timedelta(hours=30)
    body = json.loads(as_json(store.reports(), "hills", now))
    assert [(one["id"], one["report"]) for one in body["layers"]["events"]] == [
        ("E1", "singleEventReport"), ("E2", "singleEventReport"),
    ]  # fmt: skip
    assert [(one["id"], one["report"]) for one in body["layers"]["analysis"]] == [("A1", "riskAnalysisReport")]
    assert body["layers"]["operational"] == []
    assert body["layers"]["events"][0]["overdue"] is True
    assert body["layers"]["events"][0]["due_at"] == "2026-03-21T11:00:00Z"
    root = etree.fromstring(as_xml(store.reports(), "hills", now))
    found = root.findall("eventsLayer/singleEventReport", XML)
    assert [one.get("id") for one in found] == ["E1", "E2"]
    for one, stated in zip(found, body["layers"]["events"], strict=True):
        assert one.findtext("description", namespaces=XML) == stated["text"]
        level = one.find("metadata/confidenceLevel", XML)
        assert [part.text for part in level] == [
            str(stated["credibility"]), stated["reliability"], stated["validation"],
        ]  # fmt: skip
        overdue = one.findtext("metadata/overdue", namespaces=XML)
        assert (overdue == "true") == stated["overdue"]
    first, second = found
    assert first.findtext("metadata/impactLevel", namespaces=XML) == "very_high"
    assert first.findtext("reaction", namespaces=XML) == "A patrol was sent."
    circumstances = first.find("circumstances/unauthorisedBorderCrossing", XML)
    assert [part.text for part in circumstances] == ["attempted", "clandestine", "entry", "CYP", "border_surveillance"]
    assert second.findtext("metadata/links/follows", namespaces=XML) == "E1"
    assert root.findall("analysisLayer/riskAnalysisReport", XML)[0].get("id") == "A1"
    assert "names that the schema marks so are Watchline's own" in as_xml([], "hills", now).decode()


REQUIRED: dict[str, dict[str, Any]] = {
    **{name: {"month": "1900-11", "count": 4} for name in INDICATORS},
    "indicator_warning": {"warning": "abnormal_change"},
    "section_impact": {"section_level": "high"},
    "request_for_information": {"asked": "patrols"},
    "watchlist": {"watched": "vessel", "profile": "no AIS at night", "response": "report"},
}
stated_times = st.datetimes(datetime(1901, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.sampled_from(SUBJECTS), st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1),
    st.one_of(st.none(), st.tuples(st.floats(-180, 180), st.floats(-90, 90))), stated_times, st.integers(1, 6),
    st.sampled_from(["A", "B", "C", "D", "E", "F"]), st.sampled_from(["", "low", "medium", "high", "very_high"]),
    st.booleans(),
)  # fmt: skip
def test_every_report_that_can_be_added_makes_a_file_that_is_valid_by_the_schema(
    subject: tuple[str, str], words: str, place: tuple[float, float] | None, known: datetime, credibility: int,
    reliability: str, impact: str, urgent: bool,
) -> None:  # fmt: skip
    layer, sublayer = subject
    lon, lat = place or (None, None)
    one = report(
        layer=layer, sublayer=sublayer, text=words[:4000], section=words[:120], lon=lon, lat=lat, known_at=known,
        occurred_from=known, occurred_to=known, credibility=credibility, reliability=reliability, impact=impact,
        urgent=urgent and layer == "events" and sublayer not in NOT_EVENTS, reaction=words[:100], marking=words[:64],
        incident=words[:64],
        details=REQUIRED.get(sublayer, {}),
    )  # fmt: skip
    one.check()
    stored = StoredReport(one, NOW, NOW if urgent else None)
    root = etree.fromstring(as_xml([stored], "hills", NOW))
    assert xml_schema().validate(root), xml_schema().error_log
    assert root.xpath("string(//x:description)", namespaces={"x": NAMESPACE}) == words[:4000]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<credibilityOfInformation>2", "<credibilityOfInformation>7"),
        ("<reliabilityOfSource>B", "<reliabilityOfSource>G"),
        ("<validationStatus>not_validated", "<validationStatus>perhaps"),
        ("<eventType>unauthorised_border_crossing", "<eventType>picnic"),
        ("singleEventReport", "report"),
        ('id="E1"', 'id="E 1"'),
        ("<description>", "<words>x</words><description>"),
        ("T11:00:00Z</knownAt>", " noon</knownAt>"),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(old: str, new: str) -> None:
    text = as_xml([StoredReport(report("E1"), NOW, None)], "hills", NOW).decode()
    assert old in text
    changed = text.replace(old, new)
    assert xml_schema().validate(etree.fromstring(text.encode()))
    assert not xml_schema().validate(etree.fromstring(changed.encode()))


def test_the_schema_knows_every_value_of_a_report() -> None:
    """What the record can state and what the schema takes are the same lists."""
    schema = etree.parse(str(SCHEMA))
    space = {"xs": "http://www.w3.org/2001/XMLSchema"}

    def values(name: str) -> set[str]:
        return set(schema.xpath(f"//*[@name='{name}']//xs:enumeration/@value", namespaces=space))

    assert values("EventType") == set(SUBLAYERS["events"]) - set(NOT_EVENTS)
    assert values("Status") == set(get_args(ReportStatus))
    assert values("Originator") == set(get_args(SourceKind))
    assert values("impactLevel") == set(get_args(ReportedImpact)) - {""}
    assert values("validationStatus") == set(get_args(Validation))
    elements = set(schema.xpath("//*[contains(@name, 'Layer')]//xs:element/@name", namespaces=space))
    assert elements == {*REPORTS.values(), SINGLE_EVENT}
    assert set(REPORTS) == {*SUBLAYERS["operational"], *SUBLAYERS["analysis"], *NOT_EVENTS}


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({"sublayer": "cross_border_crime"}, False),
        ({"sublayer": "cross_border_crime", "urgent": True}, True),
        ({"sublayer": "other", "impact": "medium"}, False),
        ({"sublayer": "other", "impact": "high"}, True),  # Article 9(2)(b)
        ({"sublayer": "other", "impact": "very_high"}, True),
        ({}, True),  # an unauthorised border crossing: Annex 2, point 1
        ({"sublayer": "search_and_rescue"}, True),  # point 8
        ({"layer": "analysis", "sublayer": "risk_analysis", "impact": "high"}, False),
    ],
)
def test_a_first_report_is_due_for_urgent_listed_and_high_impact_events(more: dict[str, Any], due: bool) -> None:
    one = StoredReport(report(**more, known_at=NOW - timedelta(hours=25)), NOW, None)
    assert (one.report.is_single_event, one.overdue_at(NOW)) == (due, due)
    assert not StoredReport(report("E2", **more, follows="E1", known_at=NOW), NOW, None).overdue_at(NOW)


def test_an_event_that_becomes_grave_is_due_from_then_on(store: ReportStore) -> None:
    """By a follow-up that raises its impact; the further ones are not due again, and the first never was."""
    minor: dict[str, Any] = {"sublayer": "other", "known_at": NOW - timedelta(hours=30)}
    grave: dict[str, Any] = {"sublayer": "other", "impact": "high"}
    store.add(
        [
            report("E1", impact="low", **minor),
            report("E2", follows="E1", known_at=NOW - timedelta(hours=25), **grave),
            report("E3", follows="E2", known_at=NOW - timedelta(hours=25), **grave),
        ],
        NOW,
    )
    assert [(one.report.id, one.is_due, one.overdue_at(NOW)) for one in store.reports()] == [
        ("E1", False, False), ("E2", True, True), ("E3", False, False),
    ]  # fmt: skip


def test_a_report_of_an_earlier_version_is_read_and_exported(store: ReportStore) -> None:
    """Its impact was one of the levels of sections, and it has none of the fields that were added."""
    old = {name: value for name, value in msgspec.to_builtins(report("E0", impact="critical")).items()
           if name not in ("validation", "reaction", "related", "details")}  # fmt: skip
    with transaction(store._database) as database:
        database.execute(
            "INSERT INTO reports (id, added_ns, body) VALUES ('E0', 0, ?)", (json.dumps(old, default=str).encode(),)
        )
    assert store.reports()[0].report.details == {}
    assert b"<impactLevel>critical" in as_xml(store.reports(), "hills", NOW)
    assert "a level of border sections" in refused(store, report("E1", impact="critical"))


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
