"""Attributes of reports by subject: what the Regulations name, refusals by name, exports, and due dates."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from rich.console import Console

from geo.errors import BadInput
from ops.eurosur.attributes import Attribute, check_value, end_of_month, subjects, time_of
from ops.eurosur.command import list_subjects
from ops.eurosur.erasure import days_of_open_events
from ops.eurosur.files import NAMESPACE, SCHEMA, as_json, as_xml, read_reports, xml_schema
from ops.eurosur.report import NOT_EVENTS, Report
from ops.eurosur.shape import element_of, subject_rows, with_attributes
from ops.eurosur.store import ReportStore, StoredReport
from ops.runtime.files.transaction import transaction

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
X = {"x": NAMESPACE}
EVERY = [(layer, name) for layer, found in subjects().items() for name in found]


def report(name: str, sublayer: str, details: dict[str, Any], **more: Any) -> Report:
    layer = next(layer for layer, found in subjects().items() if sublayer in found)
    fields: dict[str, Any] = {
        "id": name, "layer": layer, "sublayer": sublayer, "known_at": NOW - timedelta(hours=1), "source": "authority",
        "reliability": "A", "credibility": 2, "text": "words", "details": details, "section": "West",
    }  # fmt: skip
    return Report(**fields | more)


def values_of(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Values that an attribute takes, by its kind."""
    words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=60)
    countries = st.from_regex("[A-Z]{3}", fullmatch=True)
    times = st.datetimes(datetime(1950, 1, 1), datetime(2026, 3, 1))  # noqa: DTZ001
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "text": words,
        "count": st.integers(0, 9_999),
        "number": st.floats(max(attribute.least, -1e9), min(attribute.most, 1e9)),
        "country": countries,
        "time": times.map(lambda at: at.isoformat(timespec="seconds") + "Z"),
        "month": times.map(lambda at: f"{at:%Y-%m}"),
        "hash": st.binary(min_size=32, max_size=32).map(bytes.hex),
    }
    if attribute.kind == "choice":
        return st.sampled_from(attribute.values)
    if attribute.kind in ("countries", "parts"):
        return st.dictionaries(countries if attribute.kind == "countries" else words, st.integers(0, 99), min_size=1)
    return kinds[attribute.kind]


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report of any subject that states some of its attributes, without contradictions."""
    layer, name = draw(st.sampled_from(EVERY))
    details: dict[str, Any] = {}
    for key, attribute in subjects()[layer][name].attributes.items():
        if attribute.required or draw(st.booleans()):
            details[key] = draw(values_of(attribute))
    parts = {key: value for key, value in details.items() if isinstance(value, dict)}
    if "count" in details:
        details |= {key: {**value, next(iter(value)): value[next(iter(value))]} for key, value in parts.items()}
        first = next(iter(parts.values()), None)
        details["count"] = details["count"] if first is None else sum(first.values())
        for key, value in parts.items():
            if sum(value.values()) != details["count"]:
                del details[key]
        for key in ("same_identity", "several_identities", "unaccompanied_minors"):
            if key in details:
                details[key] = min(details[key], details["count"])
    if {"starts_at", "ends_at"} <= details.keys():
        details["starts_at"], details["ends_at"] = sorted((details["starts_at"], details["ends_at"]))
    return report("R1", name, details)


@given(reports())
def test_every_attribute_of_every_subject_leaves_in_a_valid_file_and_is_read_back(one: Report) -> None:
    one.check()
    stored = StoredReport(one, NOW, None)
    root = etree.fromstring(as_xml([stored], "hills", NOW))
    assert xml_schema().validate(root), xml_schema().error_log
    made = root.find(f".//x:circumstances/x:{element_of(one.sublayer)}", X)
    assert (made is None) == (not one.details)
    for name, value in one.details.items():
        part = made.find(f"x:{element_of(name)}", X)
        if isinstance(value, dict):
            assert {each.get("of"): int(each.text) for each in part} == value
        else:
            assert part.text == str(value), name
    (plain,) = json.loads(as_json([stored], "hills", NOW))["layers"][one.layer]
    assert plain["details"] == json.loads(msgspec.json.encode(one.details))


def test_the_text_at_hand_of_annex_2_and_annex_1_is_covered_point_by_point() -> None:
    """Points (a) to (h) of Annex 2 point 1.2 and both of 1.1; (a) to (i) and (a) to (g) of Annex 1 points 1 and 2."""
    cited = {one.cite for layer in subjects().values() for each in layer.values() for one in each.attributes.values()}
    for point in ("1.1(a)", "1.1(b)", *(f"1.2({letter})" for letter in "bcdefgh")):
        assert f"R Annex 2 point {point}" in cited, point  # 1.2(a) is time and place, which every report has
    for point, letters in ((1, "abcdefghi"), (2, "abcdefg")):
        for letter in letters:
            assert f"R Annex 1 point {point}({letter})" in cited
    for article in ("8(3)", "8(4)", "14(1)", "14(2)", "15(2)(a)", "15(2)(b)", "15(3)", "19(1)", "20(1)", "20(6)"):
        assert f"R art. {article}" in cited, article
    assert list(subjects()) == ["events", "operational", "analysis"]


def test_what_the_text_does_not_give_is_marked_as_ours() -> None:
    """In the schema, the list of the command and the documentation: each attribute cites its article, or is ours."""
    schema, page = SCHEMA.read_text(), (Path(__file__).parents[3] / "docs" / "eurosur.md").read_text()
    for row in subject_rows():
        assert row["origin"] == "Ours." or re.match(r"[RFES] (art\.|Annex)", row["origin"]), row
        assert row["origin"] in schema
        assert row["origin"] in page
    rows = {(row["subject"], row["attribute"]): row["origin"] for row in subject_rows()}
    assert rows["search_and_rescue", "children"] == "Ours."
    assert rows["unauthorised_border_crossing", "transport"].endswith("ours: vessel, vehicle, train, on_foot, other.")
    assert with_attributes(schema) == schema, "deploy/write_docs.py writes it"
    listed = list_subjects("operational", Console(quiet=True))["attributes"]
    assert {row["subject"] for row in listed} == {"own_assets", "operational_plans", "environment"}


MONTH = {"month": "2026-02", "count": 5}


@pytest.mark.parametrize(
    ("sublayer", "details", "where"),
    [
        ("crisis", {"attempt": "actual"}, "details"),
        ("unauthorised_border_crossing", {"attempt": "half"}, "details.attempt"),
        ("unauthorised_border_crossing", {"destination": "Cyprus"}, "details.destination"),
        ("unauthorised_border_crossing", {"purpose": " "}, "details.purpose"),
        ("unauthorised_border_crossing", {"persons": -1}, "details.persons"),
        ("unauthorised_border_crossing", {"persons": True}, "details.persons"),
        ("unauthorised_border_crossing", {"persons": 2.5}, "details.persons"),
        ("cross_border_crime", {"quantity": float("nan")}, "details.quantity"),
        ("cross_border_crime", {"quantity": -1.0}, "details.quantity"),
        ("search_and_rescue", {"ended_at": "2026-03-20T10:00:00"}, "details.ended_at"),  # no offset
        ("search_and_rescue", {"ended_at": "2026-03-20T11:30:00Z"}, "details.ended_at"),  # after it was known
        ("refusals_of_entry", {"month": "2026-02"}, "details.count"),
        ("refusals_of_entry", {"month": "2026-13", "count": 1}, "details.month"),
        ("refusals_of_entry", {"month": "2026-03", "count": 1}, "details.month"),  # not over
        ("refusals_of_entry", MONTH | {"by_nationality": {"SYR": 3, "AFG": 3}}, "details.by_nationality"),
        ("refusals_of_entry", MONTH | {"by_nationality": {"Syria": 5}}, "details.by_nationality"),
        ("refusals_of_entry", MONTH | {"by_age": {}}, "details.by_age"),
        ("refusals_of_entry", MONTH | {"same_identity": 6}, "details.same_identity"),
        ("illegal_stays", MONTH | {"unaccompanied_minors": 6}, "details.unaccompanied_minors"),
        ("environment", {"temperature": 99}, "details.temperature"),
        ("operational_plans", {"starts_at": "2026-03-02T00:00Z", "ends_at": "2026-03-01T00:00Z"}, "details.ends_at"),
        ("reference_imagery", {"sha256": "A" * 64}, "details.sha256"),
        ("section_impact", {"section_level": "very_high"}, "details.section_level"),
        ("watchlist", {"watched": "vessel", "profile": "no AIS"}, "details.response"),
        ("request_for_information", {}, "details.asked"),
    ],
)
def test_a_wrong_attribute_is_refused_by_its_name_and_nothing_is_added(
    tmp_path: Path, sublayer: str, details: dict[str, Any], where: str
) -> None:
    store = ReportStore(tmp_path)
    with pytest.raises(BadInput) as caught:
        store.add([report("R0", "crisis", {}), report("R1", sublayer, details)], NOW)
    assert caught.value.where == f"row 2 (R1) {where}"
    assert store.reports() == []
    store.close()


def test_the_impact_of_a_section_names_the_section(tmp_path: Path) -> None:
    store = ReportStore(tmp_path)
    with pytest.raises(BadInput, match="section"):
        store.add([report("R1", "section_impact", {"section_level": "high"}, section="")], NOW)
    store.close()


def test_related_reports_are_known_ones_and_leave_only_with_what_the_recipient_may_have(tmp_path: Path) -> None:
    """A crossing, the facilitation and the rescue that belong to it, and the answer to a request for information."""
    store = ReportStore(tmp_path)
    request = report("Q1", "request_for_information", {"asked": "patrols"}, marking="restricted")
    store.add([request, report("S1", "search_and_rescue", {"rescued": 4})], NOW)
    store.add([report("C1", "unauthorised_border_crossing", {}, related=("S1", "Q1"))], NOW)
    for wrong in (("none",), ("C2",)):
        with pytest.raises(BadInput, match="unknown report"):
            store.add([report("C2", "unauthorised_border_crossing", {}, related=wrong)], NOW)
    released = [one for one in store.reports() if not one.report.marking]
    for write in (as_json, as_xml):
        assert b"Q1" not in write(released, "hills", NOW)
    root = etree.fromstring(as_xml(store.reports(), "hills", NOW))
    assert [one.text for one in root.findall(".//x:singleEventReport[@id='C1']//x:related", X)] == ["S1", "Q1"]
    store.close()


def test_the_end_of_a_rescue_is_due_within_24_hours_once(tmp_path: Path) -> None:
    """Article 20(6): from the end, not from when it was known; the first report stays due by its own time."""
    store = ReportStore(tmp_path)
    start = NOW - timedelta(days=3)
    ended = {"ended_at": (NOW - timedelta(hours=30)).isoformat()}
    store.add(
        [
            report("S1", "search_and_rescue", {"persons_in_danger": 4}, known_at=start),
            report("S2", "search_and_rescue", ended, known_at=NOW - timedelta(hours=2), follows="S1"),
            report("S3", "search_and_rescue", ended | {"rescued": 4}, known_at=NOW, follows="S2", status="closed"),
        ],
        NOW,
    )
    first, second, third = store.reports()
    assert (first.is_due, first.report.due_at) == (True, start + timedelta(hours=24))
    assert (second.is_due, second.report.due_at) == (True, NOW - timedelta(hours=6))
    assert second.overdue_at(NOW)
    assert not third.is_due
    store.close()


def test_an_indicator_is_due_on_the_15th_of_the_next_month_and_is_never_open(tmp_path: Path) -> None:
    """Annex 1: nobody closes it, so that its retention is that of its day; a high impact makes it no single event."""
    store = ReportStore(tmp_path)
    store.add([report("I1", "refusals_of_entry", MONTH, impact="high", source="authority")], NOW)
    (one,) = store.reports()
    due = datetime(2026, 3, 16, tzinfo=UTC)  # the end of the 15th
    assert (one.report.is_single_event, one.report.is_event, one.is_due, one.report.due_at) == (False, False, True, due)
    assert one.overdue_at(due + timedelta(seconds=1))
    assert not one.overdue_at(due)
    assert days_of_open_events(tmp_path) == set()
    root = etree.fromstring(as_xml([one], "hills", NOW))
    assert [child.tag.partition("}")[2] for child in root[1]] == ["indicatorReport"]
    for more in ({"urgent": True}, {"status": "did_not_happen"}):
        with pytest.raises(BadInput, match="an event"):
            report("I2", "refusals_of_entry", MONTH, **more).check()
    store.close()


def test_a_correction_of_an_indicator_is_not_due_again_but_another_month_is(tmp_path: Path) -> None:
    store = ReportStore(tmp_path)
    store.add(
        [
            report("I1", "refusals_of_entry", MONTH | {"month": "2026-01"}),
            report("I2", "refusals_of_entry", MONTH | {"month": "2026-01", "count": 6}, follows="I1"),
            report("I3", "refusals_of_entry", MONTH, follows="I2"),
            report("I4", "illegal_stays", MONTH, follows="I3"),
            report("W1", "indicator_warning", {"warning": "abnormal_change"}, follows="I4"),
        ],
        NOW,
    )
    assert [(one.report.id, one.is_due) for one in store.reports()] == [
        ("I1", True), ("I2", False), ("I3", True), ("I4", True), ("W1", False),
    ]  # fmt: skip
    corrected = store.reports()[1]
    assert not corrected.overdue_at(NOW + timedelta(days=90))
    assert b"overdue" not in as_xml([corrected], "hills", NOW)
    store.erase(["I1"])
    assert not store.reports()[0].is_due, "what it corrects is erased"
    store.close()


@pytest.mark.parametrize(("month", "end"), [("2026-02", (2026, 3, 1)), ("2026-12", (2027, 1, 1))])
def test_a_month_ends_at_midnight_utc(month: str, end: tuple[int, int, int]) -> None:
    assert end_of_month(month) == datetime(*end, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entered", "written"),
    [
        ("2026-03-14T20:07Z", "2026-03-14T20:07:00Z"),
        ("20260314T200700Z", "2026-03-14T20:07:00Z"),
        ("2026-03-14 20:07:00Z", "2026-03-14T20:07:00Z"),
        ("2026-03-14T22:07:00,5+02:00", "2026-03-14T20:07:00Z"),
        ("2026-03-14T22:07:00+02:00:30", "2026-03-14T20:06:30Z"),
        ("2026-W11-6T20:07:00Z", "2026-03-14T20:07:00Z"),
    ],
)
def test_a_time_that_xml_would_not_take_as_it_was_entered_is_written_in_utc(entered: str, written: str) -> None:
    one = report("S1", "search_and_rescue", {"ended_at": entered})
    one.check()
    stored = StoredReport(one, NOW, None)
    assert f"<endedAt>{written}</endedAt>".encode() in as_xml([stored], "hills", NOW)
    (plain,) = json.loads(as_json([stored], "hills", NOW))["layers"]["events"]
    assert plain["details"] == {"ended_at": written}


def test_times_are_utc_and_of_years_that_can_be_written() -> None:
    assert time_of("2026-03-20T12:00:00+02:00") == datetime(2026, 3, 20, 10, tzinfo=UTC)
    for wrong in ("2026-03-20T12:00:00", "noon", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00"):
        assert time_of(wrong) is None
        with pytest.raises(BadInput, match="a time with an offset"):
            check_value("since", Attribute("time"), wrong)


def test_a_report_of_an_earlier_version_keeps_its_circumstances(tmp_path: Path) -> None:
    """``crossing`` of files and of stored reports becomes attributes; not beside them."""
    old = msgspec.to_builtins(report("E1", "unauthorised_border_crossing", {}))
    del old["details"], old["related"]
    old["crossing"] = {"attempt": "attempted", "manner": "", "direction": "entry", "detected_during": ""}
    (tmp_path / "r.json").write_text(json.dumps({"reports": [old]}))
    (read,) = read_reports(tmp_path / "r.json")
    assert read.details == {"attempt": "attempted", "direction": "entry"}
    store = ReportStore(tmp_path)
    with transaction(store._database) as database:
        database.execute("INSERT INTO reports (id, added_ns, body) VALUES ('E1', 0, ?)", (json.dumps(old).encode(),))
    assert store.reports()[0].report.details == read.details
    store.close()
    (tmp_path / "r.json").write_text(json.dumps({"reports": [old | {"details": {"attempt": "actual"}}]}))
    with pytest.raises(BadInput, match="row 1"):
        read_reports(tmp_path / "r.json")


def test_what_has_one_name_is_one_thing_in_every_subject() -> None:
    """The words of an attribute are those of its name, so its kind and values must be the same wherever it is."""
    found: dict[str, tuple[Any, ...]] = {}
    for layer in subjects().values():
        for each in layer.values():
            for name, one in each.attributes.items():
                assert found.setdefault(name, (one.kind, one.values, one.unit)) == (one.kind, one.values, one.unit)
                assert set(one.ours) <= set(one.values)
                assert (one.kind == "choice") == bool(one.values)
    assert set(NOT_EVENTS) <= set(subjects()["events"])


@pytest.mark.parametrize("value", [10**400, -(10**400), math.nan, -math.inf, True])
def test_a_number_beyond_any_measure_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="temperature"):
        check_value("temperature", subjects()["operational"]["environment"].attributes["temperature"], value)
