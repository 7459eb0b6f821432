"""Answers of people in their own words: what is understood, what is asked back, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.message import Message
from ingest.errors import MalformedMessage
from ingest.unit_messages import Reply, decode_unit, encode_unit
from ops.incidents.incident import CHOSEN
from ops.services.feeds.cot import answers
from ops.services.feeds.cot.answers import TakAnswer, TakDevice
from ops.services.feeds.cot.event import CotEvent
from ops.words import LANGUAGES, MessageCatalogue
from tests.ops.services.feeds.cot.rig import chat, device, emergency, incident

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
PATROL = TakDevice("ANDROID-1", "Sgt. Meyer", "patrol-1")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ACK Bravo 17", ("acknowledge", "", "Bravo 17")),
        ("  ack: bravo17", ("acknowledge", "", "bravo17")),
        ("Acknowledged Bravo 17, thanks", ("acknowledge", "", "Bravo 17, thanks")),
        ("roger", ("received", "", "")),
        ("EN ROUTE Bravo 17", ("en_route", "", "Bravo 17")),
        ("Reçu Bravo 17", ("received", "", "Bravo 17")),
        ("sur les lieux bravo 17", ("on_scene", "", "bravo 17")),
        ("Apprehended Bravo 17: two persons", ("close", "apprehended", "Bravo 17: two persons")),
        ("fausse alerte Bravo 17 : vache", ("close", "nuisance", "Bravo 17 : vache")),
        ("all clear Bravo 17", ("close", "no_threat", "Bravo 17")),
        ("acknowledgement is a long word", None),
        ("please ack Bravo 17", None),
        ("who is en route?", None),
        ("", None),
        ("lostness", None),
    ],
)
def test_a_text_is_an_answer_if_it_begins_with_a_word(text: str, found: tuple[str, str, str] | None) -> None:
    assert answers.read_answer(text) == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_and_disposition_has_words_that_mean_it_alone(language: str) -> None:
    words = MessageCatalogue.of(language)
    for name in (*answers.ACTIONS, *CHOSEN):
        for phrase in words.say(f"tak-words-{name}").split(","):
            wanted = ("close", name) if name in CHOSEN else (name, "")
            found = answers.read_answer(phrase.strip().upper())
            assert found is not None
            assert found[:2] == wanted


@given(st.text(max_size=300))
def test_any_text_is_an_answer_that_the_journal_takes_or_none(text: str) -> None:
    found = answers.read_answer(text)
    if found is None:
        return
    known = [incident(17), incident(18)]
    reply = answers.reply_to(TakAnswer(*found, NOW, "m1"), PATROL, known, NOW)
    if isinstance(reply, tuple):
        assert decode_unit(encode_unit(reply[0]), "reply") == reply[0]
        assert reply[0].incident in {one["id"] for one in known}


@given(st.sampled_from(["ack", "note", "rescue", "nuisance"]), st.text(max_size=600))
def test_an_answer_with_any_text_after_its_name_is_one_that_the_journal_takes(word: str, text: str) -> None:
    line = answers.read_answer(f"{word} Bravo 17: {text}")
    assert line is not None
    reply = answers.reply_to(TakAnswer(*line, NOW, "m1"), PATROL, [incident(17)], NOW)
    if isinstance(reply, tuple):
        encode_unit(reply[0])
        assert reply[0].incident == incident(17)["id"]
    else:
        assert reply.id in ("tak-refused-note", "tak-refused-reason")


def answered(text: str, *incidents: dict[str, Any], unit: str = "patrol-1") -> Reply | str:
    found = answers.read_answer(text)
    assert found is not None
    reply = answers.reply_to(TakAnswer(*found, NOW, "m1"), TakDevice("ANDROID-1", "Sgt. Meyer", unit), incidents, NOW)
    return reply.id if isinstance(reply, Message) else reply[0]


def test_an_answer_without_a_name_means_the_incident_of_the_unit_or_the_only_one() -> None:
    own, other = incident(17, unit="patrol-1"), incident(18, unit="patrol-2")
    assert answered("on scene", own, other).incident == own["id"]  # type: ignore[union-attr]
    assert answered("ack", incident(19)).incident == incident(19)["id"]  # type: ignore[union-attr]
    assert answered("ack", incident(19), incident(20)) == "tak-refused-which"
    assert answered("ack") == "tak-refused-which"
    assert answered("ack Bravo 99", incident(17)) == "tak-refused-no-incident"


def test_talk_that_begins_with_a_word_of_the_catalogue_closes_no_incident() -> None:
    own = incident(17, unit="patrol-1")
    for text in ("rescue team arrives at noon", "lost the keys of the gate", "false alarm, it was a cow"):
        assert answered(text, own) == "tak-refused-which"
    assert answered("rescue", own).disposition == "rescue"  # type: ignore[union-attr]
    assert answered("rescue Bravo 17: both on foot", own).reason == "both on foot"  # type: ignore[union-attr]
    assert answered("note gate is open", own).note == "gate is open"  # type: ignore[union-attr]


def test_an_answer_for_the_incident_of_another_unit_is_refused() -> None:
    other = incident(18, unit="patrol-2")
    for text in ("on scene Bravo 18", "en route Bravo 18", "received Bravo 18", "apprehended Bravo 18"):
        assert answered(text, other) == "tak-refused-assigned"
    assert answered("ack Bravo 18", incident(18, unit="patrol-1")).action == "received"  # type: ignore[union-attr]


def test_of_two_names_the_longer_one_is_meant() -> None:
    one, longer = incident(1), incident(17)
    assert answered("ack Bravo 17", one, longer).incident == longer["id"]  # type: ignore[union-attr]
    assert answered("ack bravo-1", one, longer).incident == one["id"]  # type: ignore[union-attr]


def test_the_same_line_has_the_same_action_and_another_line_another() -> None:
    ids = set()
    for number in (1, 1, 2):
        line = answers.answer_of(chat("ack Bravo 17", number=number))
        assert line is not None
        ids.add(answers.action_id(PATROL, line))
    assert len(ids) == 2


def test_a_device_is_known_by_its_uid_before_its_callsign() -> None:
    units = {"ANDROID-1": "patrol-1", "Sgt. Meyer": "patrol-2"}
    assert answers.device_of(device("ANDROID-1"), units).unit == "patrol-1"
    assert answers.device_of(device("ANDROID-7"), units).unit == "patrol-2"
    assert answers.device_of(emergency("ANDROID-1"), units).unit == "patrol-1"
    assert answers.device_of(chat("ack"), units).unit == "patrol-1"
    assert answers.device_of(device("ANDROID-7"), {"ANDROID-1": "patrol-1"}).unit == ""


def test_a_line_that_names_two_senders_is_forged() -> None:
    for forged in (chat("ack", link="ANDROID-2"), chat("ack", uid0="ANDROID-2")):
        with pytest.raises(MalformedMessage) as refused:
            answers.device_of(forged, {"ANDROID-1": "patrol-1", "ANDROID-2": "patrol-2"})
        assert refused.value.code == "unit_mismatch"


def test_a_position_is_refused_for_its_clock_or_without_a_fix() -> None:
    def code(event: CotEvent) -> str:
        with pytest.raises(MalformedMessage) as refused:
            answers.position_of(event, "patrol-1", NOW, skew_s=5.0)
        return refused.value.code

    assert code(device(at=NOW + timedelta(seconds=6))) == "future"
    assert code(device(at=NOW - timedelta(minutes=6))) == "expired"
    assert code(replace(device(at=NOW, lon=0.0, ce=9_999_999.0), lat=0.0)) == "incomplete"
    ahead = answers.position_of(device(at=NOW + timedelta(seconds=4)), "patrol-1", NOW, skew_s=5.0)
    assert ahead.observed_at == NOW
    no_fix = emergency(at=NOW + timedelta(days=3), lat=0.0, lon=0.0, ce=9_999_999.0)
    assert answers.distress_of(no_fix, "patrol-1", NOW) is None
    call = answers.distress_of(emergency(at=NOW - timedelta(days=3)), "patrol-1", NOW)
    assert call is not None
    assert call.distress
