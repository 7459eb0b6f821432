"""What devices of units send, read: their position, a distress call, and answers in a chat line or a marker.

A text is an answer if it begins with one of the words of the message catalogue, in any of its languages, such as
``ACK Bravo 17`` or ``on scene bravo17``; every other text is a conversation of people, and is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from geo.message import Message
from ingest.errors import MalformedMessage, printable
from ingest.standards.cursor_on_target import UNKNOWN_M
from ingest.unit_messages import NOTE_LENGTH, Position, Reply
from ops.incidents.incident import CHOSEN
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.event import CotEvent
from ops.words import LANGUAGES, MessageCatalogue

ACTIONS: Final = ("acknowledge", "received", "en_route", "on_scene", "note")
CALLS: Final = ("b-a-o-tbl", "b-a-o-pan", "b-a-o-opn")
"""Emergencies of TAK in which people need help: the 911 alert, ring the bell, in contact. A geofence is none."""
OLDEST: Final = timedelta(days=1)
"""An answer that was given longer ago is refused: people have forgotten it, and the incident has gone on."""
_MARKS: Final = ("b-m-p-", "a-n-", "a-u-", "a-h-", "a-s-", "u-d-")
"""Types of markers that people set."""


class AnswerRefused(MalformedMessage):
    """An answer that does not apply; ``reason`` is for the person who wrote it."""

    def __init__(self, reason: Message, sentence: str) -> None:
        super().__init__("unknown_value", "remarks", sentence, "an answer to an incident")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TakDevice:
    """A device of TAK that sent an event, and the unit that the settings give it; empty for none."""

    uid: str
    callsign: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TakAnswer:
    """An answer as written: what is to be done, and the text after it. ``message`` is the id of the line."""

    action: str
    disposition: str
    text: str
    at: datetime
    message: str


def device_of(event: CotEvent, units: Mapping[str, str]) -> TakDevice:
    """The device that sent an event. MalformedMessage for an event that names two.

    A position has the device's own uid; a chat line, a distress call and a marker name it in a link. ``units``: uid or
    callsign → unit.
    """
    uid, callsign = event.uid, event.find("contact", "callsign")
    if event.type == encode.CHAT:
        named = {event.find("link", "uid"), event.find("__chat/chatgrp", "uid0")} - {""}
        if len(named) != 1:
            raise MalformedMessage("unit_mismatch", "event.detail", _list(named), "one sender of the line")
        (uid,) = named
        callsign = event.find("__chat", "senderCallsign")
        stated = event.uid.split(".")
        if len(stated) > 2 and stated[0] == "GeoChat" and not event.uid.startswith(f"GeoChat.{uid}."):
            raise MalformedMessage(
                "unit_mismatch", "event.uid", printable(event.uid, 80), f"GeoChat.{printable(uid, 60)}"
            )
    elif event.type in CALLS or event.type == encode.CANCELLED or event.type.startswith(_MARKS):
        linked = event.find("link", "uid") or event.find("creator", "uid")
        uid = linked or event.uid.removesuffix("-9-1-1")
        callsign = event.find("link", "parent_callsign") or event.find("creator", "callsign") or callsign
    return TakDevice(uid, callsign, unit_of(uid, callsign, units))


def unit_of(uid: str, callsign: str, units: Mapping[str, str]) -> str:
    """The unit that the settings give a device; empty for none. The uid decides where it is known."""
    return units.get(uid) or units.get(callsign, "")


def position_of(event: CotEvent, unit: str, now: datetime, *, skew_s: float) -> Position:
    """The position of a unit, without its numbers. MalformedMessage for a time or place that cannot be right."""
    ahead_s = (event.time - now).total_seconds()
    if ahead_s > skew_s:
        raise MalformedMessage("future", "event.time", f"{ahead_s:.0f} s ahead", f"at most {skew_s:g} s")
    if event.stale <= now:
        raise MalformedMessage("expired", "event.stale", event.time_text, "a position that still holds")
    if not has_place(event):
        raise MalformedMessage("incomplete", "event.point", "0, 0 with an unknown error: no fix", "a position")
    return Position(unit, 1, 1, min(event.time, now), event.lon, event.lat, _sd_of(event))


def distress_of(event: CotEvent, unit: str, now: datetime) -> Position | None:
    """The distress call of a unit, at ``now`` if the event's time is later; None without a position."""
    if not has_place(event):
        return None
    return Position(
        unit, 1, 1, min(event.time, now), event.lon, event.lat, _sd_of(event), distress=True, note=call_note(event)
    )


def call_note(event: CotEvent) -> str:
    """Return the text of a distress call in one line."""
    kind = event.find("emergency", "type")
    return _line(" ".join(one for one in (kind, event.remarks()) if one))


def has_place(event: CotEvent) -> bool:
    """Whether the event has a position: devices without a fix send 0, 0 with an unknown error."""
    return not (event.lat == 0.0 and event.lon == 0.0 and event.ce >= UNKNOWN_M)


def answer_of(event: CotEvent) -> TakAnswer | None:
    """The answer in a chat line, or in the remarks or the name of a marker; None for any other text.

    The remarks of a marker whose name is the answer are the text after it.
    """
    if event.type == encode.CHAT:
        texts = [event.remarks()]
        message = event.find("__chat", "messageId") or event.uid
    else:
        remarks, name = event.remarks(), event.find("contact", "callsign")
        texts = [remarks, f"{name}: {remarks}" if remarks else name]
        message = f"{event.uid}|{name}|{remarks}"
    for text in texts:
        found = read_answer(text)
        if found is not None:
            action, disposition, rest = found
            return TakAnswer(action, disposition, rest, event.time, message)
    return None


def read_answer(text: str) -> tuple[str, str, str] | None:
    """(action, disposition, the text after it) of a text that begins with a word of the catalogue; else None."""
    line = _line(text)
    plain = _plain(line)
    for words, action, disposition in _phrases():
        if plain.startswith(words) and not plain[len(words) : len(words) + 1].isalnum():
            return action, disposition, line[len(words) :].strip(" \t:,.;-–")
    return None


def named_incident(text: str, incidents: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any] | None, str]:
    """(the incident whose name begins the text, the text after it); None with the whole text where none does."""
    best: tuple[Mapping[str, Any] | None, str] = (None, text)
    for incident in sorted(incidents, key=lambda one: len(str(one["name"])), reverse=True):
        words = [re.escape(part) for part in str(incident["name"]).split()]
        found = re.match(r"[\s]*" + r"[\s_-]*".join(words) + r"(?!\w)", text, re.IGNORECASE)
        if found:
            return incident, text[found.end() :].strip(" \t:,.;-–")
    return best


def reply_to(
    answer: TakAnswer, device: TakDevice, incidents: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[Reply, str] | Message:
    """(the reply to an incident, without its numbers; its name), or the reason for refusing it.

    ``incidents``: those that are open and that the unit may know. An answer that names none means the one that is
    assigned to the unit, or the only one there is; one that closes it must name it if it has further text.
    """
    incident, text = named_incident(answer.text, incidents)
    if incident is None:
        looks_like_a_name = re.match(r"[^\W\d]+[\s_-]?\d+\b", text)
        if looks_like_a_name and answer.action != "note":
            return Message("tak-refused-no-incident", {"name": looks_like_a_name[0][:40]})
        own = [one for one in incidents if one.get("unit") == device.unit]
        candidates = own or incidents
        is_talk = answer.action == "close" and answer.text  # "rescue team arrives" closes nothing
        if len(candidates) != 1 or is_talk:
            example = f"ACK {incidents[0]['name']}" if incidents else "ACK Bravo 17"
            return Message("tak-refused-which", {"example": example})
        incident = candidates[0]
    action = answer.action
    assigned = str(incident.get("unit") or "")
    if action == "acknowledge" and assigned == device.unit:
        action = "received"
    if action in ("received", "en_route", "on_scene", "close") and assigned and assigned != device.unit:
        return Message("tak-refused-assigned", {"name": incident["name"], "unit": assigned})
    if answer.disposition == "nuisance" and not text:
        return Message("tak-refused-reason")
    if action == "note" and not text:
        return Message("tak-refused-note")
    reply = Reply(
        unit=device.unit,
        boot=1,
        seq=1,
        observed_at=min(answer.at, now),
        action=action,  # type: ignore[arg-type]
        alert=str(incident["lead"]),
        by=_line(device.callsign or device.unit)[:64] or device.unit,
        reason=text if action == "close" else "",
        incident=str(incident["id"]),
        action_id=action_id(device, answer),
        disposition=answer.disposition,  # type: ignore[arg-type]
        note=text if action == "note" else "",
    )
    return reply, str(incident["name"])


def action_id(device: TakDevice, answer: TakAnswer) -> str:
    """The id of an answer: a line that arrives twice, over two servers or after an outage, is applied once."""
    return "tak-" + blake2b(f"{device.uid}|{answer.message}".encode(), digest_size=12).hexdigest()


@cache
def _phrases() -> tuple[tuple[str, str, str], ...]:
    """(words, action, disposition), the longest words first."""
    found: dict[str, tuple[str, str]] = {}
    for language in LANGUAGES:
        words = MessageCatalogue.of(language)
        for name in (*ACTIONS, *CHOSEN):
            for one in words.say(f"tak-words-{name}").split(","):
                meaning = ("close", name) if name in CHOSEN else (name, "")
                found.setdefault(_plain(one.strip()), meaning)
    return tuple((one, *found[one]) for one in sorted(found, key=lambda one: (-len(one), one)))


def _plain(text: str) -> str:
    """Lower case without accents, of the same length."""
    letters = []
    for letter in text:
        bare = unicodedata.normalize("NFD", letter)[0].lower()
        letters.append(bare if len(bare) == 1 else letter)
    return "".join(letters)


def _line(text: str) -> str:
    """One printable line of at most NOTE_LENGTH characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:NOTE_LENGTH].strip()


def _sd_of(event: CotEvent) -> float | None:
    return None if event.ce >= UNKNOWN_M or event.ce <= 0.0 else min(event.ce, 1e6)


def _list(names: Collection[str]) -> str:
    return printable(", ".join(sorted(names)) or "none", 100)
