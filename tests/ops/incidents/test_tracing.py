"""Goods found at an incident: code formats against the lists' own rules, the request's fields, and how long it is kept.

Oracles: headings of the Harmonized System 2022 (WCO), entries of Annex I of Regulation (EU) 2021/821 and of the
Commerce Control List (15 CFR part 774, supplement 1), as examples that exist and neighbours that cannot.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.unit_messages import Goods, StatedTracing, TraceState
from ops.incidents.actions import IncidentAction
from ops.incidents.book import MOST_TRACED, IncidentBook
from ops.incidents.settings import IncidentSettings
from ops.incidents.tracing import (
    GOODS,
    LAST_CHAPTER,
    RESERVED_CHAPTER,
    TRACE_STATES,
    Tracing,
    WrongTracing,
    checked,
    control_number,
    hs_subheading,
)
from tests.ops.incidents.making import SECOND, START_NS, at, incident
from tests.ops.incidents.test_life_cycle import after, refusal

ARMS = Tracing("arms", hs_code="9301.90", item_marking="AK 4711")
REQUEST: dict[str, Any] = {"authority": "iTrace", "sent_at": at(60), "reference": "T-12", "status": "requested"}


def refused(**more: Any) -> tuple[str, str, str]:
    with pytest.raises(WrongTracing) as wrong:
        checked(replace(ARMS, **more), opened_at=at(0), at=at(600))
    parameters = wrong.value.message.parameters
    return str(parameters["field"]), str(parameters["given"]), str(parameters["rule"])


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("930190", "930190"),  # military weapons, other
        ("9306.30", "930630"),  # cartridges
        ("28 44 10", "284410"),  # natural uranium
        ("010121", "010121"),  # pure-bred horses: chapter 1, heading 1
        ("970610", "970610"),  # antiques: the last chapter
        ("", ""),
    ],
)
def test_subheadings_of_the_harmonized_system(given_: str, kept: str) -> None:
    assert hs_subheading(given_) == kept


@pytest.mark.parametrize(
    "text", ["93019", "9301900", "770100", "980100", "000000", "930090", "93O190", "arms", "-30190", "９３０１９０"]
)
def test_what_is_no_subheading_is_refused_with_field_and_value(text: str) -> None:
    assert refused(hs_code=text) == ("hs_code", text, "hs_code")


@given(st.integers(0, 999_999))
def test_a_subheading_is_valid_exactly_if_its_chapter_is_in_use_and_its_heading_is_numbered(number: int) -> None:
    """Chapters 1 to 97 without the reserved 77; headings are numbered from 1 (General Rules, Notes of the WCO)."""
    text = f"{number:06d}"
    chapter, heading = divmod(number // 100, 100)
    if 1 <= chapter <= LAST_CHAPTER and chapter != RESERVED_CHAPTER and heading:
        assert hs_subheading(text) == text
    else:
        with pytest.raises(WrongTracing):
            hs_subheading(text)


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("eu_list", "6A003", "6A003"),  # cameras
        ("eu_list", "6a003.B.4", "6A003.b.4"),
        ("eu_list", "1C350.1", "1C350.1"),  # precursors of chemical weapons
        ("eu_list", "0B001", "0B001"),
        ("eu_list", "9E003.a.1", "9E003.a.1"),
        ("eccn", "0A501.a", "0A501.a"),  # firearms
        ("eccn", "ear99", "EAR99"),
        ("eccn", " 3A001.b.2.a ", "3A001.b.2.a"),
    ],
)
def test_numbers_of_the_lists_of_controlled_goods(field: str, text: str, kept: str) -> None:
    assert control_number(text, field) == kept


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("eu_list", "6F003"),  # product groups are A to E
        ("eu_list", "AA003"),
        ("eu_list", "6A03"),
        ("eu_list", "6A0031"),
        ("eu_list", "6A003."),
        ("eu_list", "EAR99"),
        ("eu_list", "ML1"),
        ("eccn", "6A003..b"),
        ("eccn", "6A003 b"),
        ("eccn", "６A003"),
    ],
)
def test_a_wrong_number_is_refused_with_its_field_and_what_was_given(field: str, text: str) -> None:
    assert refused(**{field: text}) == (field, text, field)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"goods": "drugs"}, ("goods", "drugs", "goods")),
        ({**REQUEST, "authority": " "}, ("authority", "", "authority")),
        ({**REQUEST, "sent_at": None}, ("sent_at", "", "sent_at_missing")),
        ({**REQUEST, "status": ""}, ("status", "", "status")),
        ({**REQUEST, "status": "lost"}, ("status", "lost", "status")),
        ({"reference": "T-12"}, ("status", "", "status")),
        ({**REQUEST, "sent_at": at(-61)}, ("sent_at", at(-61).isoformat(timespec="minutes"), "sent_at")),
        ({**REQUEST, "sent_at": at(601)}, ("sent_at", at(601).isoformat(timespec="minutes"), "sent_at")),
    ],
)
def test_a_request_needs_its_authority_time_and_state(more: dict[str, Any], why: tuple[str, str, str]) -> None:
    assert refused(**more) == why


def test_the_lists_of_the_wire_are_those_of_the_record() -> None:
    assert set(GOODS) == set(Goods.__args__)  # type: ignore[attr-defined]
    assert {"", *TRACE_STATES} == set(TraceState.__args__)  # type: ignore[attr-defined]
    stated = {one.name for one in msgspec.structs.fields(StatedTracing)}
    assert stated | {"by", "at", "revision"} == {one.name for one in fields(Tracing)}


def closed(**more: Any) -> Any:
    return after(incident(), "close", seconds=20, disposition="apprehended", **more)


def test_goods_are_recorded_with_the_closing_and_the_request_is_updated_later() -> None:
    one = closed(tracing=ARMS)
    assert one.tracing == replace(ARMS, hs_code="930190", by="Ana", at=at(20), revision=1)
    day = timedelta(days=1).total_seconds()
    sent = after(one, "trace", "Ben", day, tracing=replace(ARMS, **REQUEST), expected_revision=1)
    assert (sent.tracing.status, sent.tracing.by, sent.revision, sent.state) == ("requested", "Ben", 2, "closed")
    answered = replace(ARMS, **REQUEST | {"status": "no_record"})
    assert after(sent, "trace", "Ana", 9 * day, tracing=answered).tracing.status == "no_record"
    assert one.transitions == sent.transitions, "the life cycle ended with the closing"


def test_who_has_not_seen_the_latest_record_does_not_overwrite_it() -> None:
    sent = after(closed(tracing=ARMS), "trace", "Ben", 90, tracing=replace(ARMS, **REQUEST))
    assert refusal(sent, "trace", "Ana", 95, tracing=ARMS, expected_revision=1) == (
        "incident-refused-tracing-changed", {"by": "Ben", "at": at(90).isoformat(timespec="seconds")},
    )  # fmt: skip
    noted = after(sent, "note", "Ben", 100, text="two crates")
    assert after(noted, "trace", "Ana", 105, tracing=ARMS, expected_revision=sent.revision).tracing.status == ""


@pytest.mark.parametrize("disposition", ["no_threat", "nuisance"])
def test_a_disposition_that_says_that_nothing_was_there_takes_no_goods(disposition: str) -> None:
    ended: dict[str, Any] = {"disposition": disposition, "reason": "a deer"}
    assert refusal(incident(), "close", tracing=ARMS, **ended)[0] == "incident-refused-no-tracing"
    without = after(incident(), "close", **ended)
    assert refusal(without, "trace", tracing=ARMS)[0] == "incident-refused-no-tracing"


def test_a_unit_states_no_goods_and_other_actions_take_none() -> None:
    unit: dict[str, Any] = {"sender": "patrol-1", "by_centre": False}
    assert refusal(closed(), "trace", "Sgt. Meyer", tracing=ARMS, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "close", "S", disposition="lost", tracing=ARMS, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "note", text="x", tracing=ARMS)[0] == "incident-refused-no-tracing"
    assert refusal(closed(), "trace")[0] == "incident-refused-no-tracing"
    assert refusal(incident(), "trace", tracing=ARMS)[0] == "incident-refused-state"
    wires = incident(kind="equipment")
    assert refusal(wires, "close", disposition="apprehended", tracing=ARMS)[0] == "incident-refused-no-tracing"


def test_undoing_the_closing_takes_the_goods_back_and_reopening_keeps_them() -> None:
    assert after(closed(tracing=ARMS), "undo", seconds=25).tracing is None
    traced = after(closed(), "trace", seconds=24, tracing=ARMS)
    assert refusal(traced, "undo", seconds=25)[0] == "incident-refused-undo", "another action was made since"
    again = after(traced, "reopen", seconds=60, reason="seen again")
    assert again.tracing == traced.tracing
    assert after(again, "close", seconds=70, disposition="lost").tracing == traced.tracing


def book_of(*held: Any) -> IncidentBook:
    return IncidentBook(incidents={one.id: one for one in held})


def acted(book: IncidentBook, action: IncidentAction, seconds: float) -> str:
    (one,) = book.incidents
    outcome, _ = book.act(one, action, START_NS + round(seconds * SECOND), IncidentSettings())
    assert outcome is not None
    return outcome.result


def test_an_incident_with_goods_is_kept_until_its_request_is_closed_and_only_for_tracing() -> None:
    day, settings = 86_400.0, IncidentSettings()
    book = book_of(closed(tracing=replace(ARMS)))
    book.pass_time({}, START_NS + round(30 * day * SECOND), settings)
    assert acted(book, IncidentAction("r", "reopen", "Ana", reason="why"), 30 * day) == "refused"
    sent = replace(ARMS, **REQUEST)
    assert acted(book, IncidentAction("t", "trace", "Ana", tracing=sent), 30 * day) == "done"
    assert acted(book, IncidentAction("c", "trace", "Ana", tracing=replace(sent, status="closed")), 60 * day) == "done"
    book.pass_time({}, START_NS + round(61 * day * SECOND), settings)
    assert book.incidents == {}
    old = book_of(closed(tracing=ARMS))
    old.pass_time({}, START_NS + round((settings.trace_keep_s + 21.0) * SECOND), settings)
    assert old.incidents == {}


def test_no_record_is_kept_longer_than_incidents_are_retained() -> None:
    settings = IncidentSettings()
    assert settings.within(0) is settings
    assert settings.within(30).trace_keep_s == 30 * 86_400.0
    assert settings.within(10_000).trace_keep_s == settings.trace_keep_s


def test_no_more_incidents_are_kept_for_tracing_than_the_limit_the_oldest_go_first() -> None:
    made = closed(tracing=ARMS)
    many = [replace(made, id=f"I{n:04d}", updated_at=at(n)) for n in range(MOST_TRACED + 3)]
    book = book_of(*many)
    book.pass_time({}, START_NS + 10 * 86_400 * SECOND, IncidentSettings())
    assert sorted(book.incidents) == [one.id for one in many[3:]]


def test_a_record_survives_the_checkpoint() -> None:
    book = book_of(closed(tracing=replace(ARMS, **REQUEST | {"sent_at": at(10)})))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(book), type=IncidentBook) == book
