"""Incidents in the pipeline: gathered from a real scenario, acted on through the journal, the same after every stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusion.alerts import Alert
from fusion.alerts.nuisance import NuisanceCount
from geo.message import Message
from ingest.unit_messages import Position, Reply, StatedTracing, encode_unit
from ops.broker.identities import UNIT
from ops.incidents.incident import Incident, incident_id
from ops.journal.reader import JournalReader, JournalRow
from ops.sector.open_sector import OpenSector
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.fusion.pipeline import Pipeline
from ops.words import MessageCatalogue
from sensors.timestamps import utc_datetime

SECOND = 10**9


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def published(pipeline: Pipeline, ground: OpenSector) -> list[bytes]:
    incidents, outcomes = pipeline.take_incident_news()
    return [msgspec.json.encode(incident_dict(one, ground.frame)) for one in incidents] + [
        msgspec.json.encode(outcome_dict(one)) for one in outcomes
    ]


def run(ground: OpenSector, rows: list[JournalRow]) -> tuple[Pipeline, list[Alert]]:
    pipeline = Pipeline(ground)
    return pipeline, [alert for row in rows for alert in pipeline.take(row)]


def reply_row(at_ns: int, seq: int, action: Any, alert: str = "-", unit: str = "operator", **more: Any) -> JournalRow:
    body = encode_unit(Reply(unit, 1, seq, utc_datetime(at_ns), action, alert, more.pop("by", "Ana"), **more))
    return JournalRow(0, "action", unit, 1, seq, at_ns, at_ns, None, "application/json", body, True)


def with_actions(ground: OpenSector, rows: list[JournalRow]) -> list[JournalRow]:
    """The scenario with claims, an assignment, a note, a closing and goods found of its first movement incident."""
    pipeline = Pipeline(ground)
    for place, row in enumerate(rows):
        pipeline.take(row)
        found = [one for one in pipeline.incidents.values() if one.kind == "movement"]
        if found and place < len(rows) - 30:
            break
    else:
        raise AssertionError("the scenario has no movement")
    one, now = found[0], pipeline.now_ns
    about: dict[str, Any] = {"alert": one.lead, "incident": one.id}
    actions = [
        reply_row(now, 1, "acknowledge", action_id="c1", expected_revision=one.revision, **about),
        reply_row(now, 2, "acknowledge", action_id="c2", expected_revision=one.revision, by="Ben", **about),
        reply_row(now, 2, "acknowledge", action_id="c1", expected_revision=one.revision, **about),
        reply_row(now, 3, "assign", action_id="c3", assigned_unit="patrol-1", **about),
        reply_row(now, 1, "en_route", one.lead, "patrol-1", by="Meyer"),
        reply_row(now, 4, "note", action_id="c4", note="two with packs", **about),
        reply_row(now, 5, "close", action_id="c5", disposition="turn_back", **about),
        reply_row(now, 1, "trace", action_id="c6", unit=UNIT, tracing=StatedTracing("arms", hs_code="930190"), **about),
    ]
    mixed = [*rows[: place + 1]]
    for number, row in enumerate(rows[place + 1 :]):
        mixed.append(row)
        if number < len(actions):
            mixed.append(replace(actions[number], received_ns=row.received_ns, observed_ns=row.received_ns))
    return mixed


@pytest.fixture(scope="module")
def acted(hill_ground: OpenSector, rows: list[JournalRow]) -> list[JournalRow]:
    return with_actions(hill_ground, rows)


@pytest.fixture(scope="module")
def whole(hill_ground: OpenSector, acted: list[JournalRow]) -> list[bytes]:
    pipeline, _ = run(hill_ground, acted)
    return published(pipeline, hill_ground)


def test_a_crosser_is_one_incident_from_approach_to_crossing(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline, alerts = run(hill_ground, rows)
    crossings = [alert for alert in pipeline.alerts.values() if alert.rule == "crossing"]
    assert crossings
    by_alert = {alert: one for one in pipeline.incidents.values() for alert in one.alerts}
    for crossing in crossings:
        approaches = [one for one in alerts if one.rule == "approaching" and one.track == crossing.track]
        assert {by_alert[one.id].id for one in approaches} <= {by_alert[crossing.id].id}
    assert set(by_alert) == {alert.id for alert in alerts}, "no alert is outside an incident"
    for incident in pipeline.incidents.values():
        assert incident.id == incident_id(incident.alerts[0])


def test_outcomes_say_who_has_it_and_an_action_is_applied_once(whole: list[bytes]) -> None:
    outcomes = {one["id"]: one for body in whole if "result" in (one := msgspec.json.decode(body))}
    assert {name: one["result"] for name, one in outcomes.items()} == {
        "c1": "done", "c2": "refused", "c3": "done", "c4": "done", "c5": "done",
        "c6": "done",
    }  # fmt: skip
    assert outcomes["c2"]["sentence"].startswith("Already claimed by Ana at ")
    last = [one for body in whole if (one := msgspec.json.decode(body)).get("disposition") == "turn_back"][-1]
    assert [step["action"] for step in last["transitions"]] == ["open", "acknowledge", "assign", "en_route", "close"]
    assert last["notes"][0]["text"] == "two with packs"
    assert (last["tracing"]["hs_code"], last["tracing"]["by"]) == ("930190", "Ana")


@pytest.mark.parametrize("every", [1, 17])
def test_a_pipeline_that_resumes_publishes_the_same_incidents(
    hill_ground: OpenSector, acted: list[JournalRow], whole: list[bytes], every: int
) -> None:
    places = sorted({len(acted) // 2, len(acted) // 2 + every, len(acted) - 1})
    pipeline, bodies, start = Pipeline(hill_ground), [], 0
    for place in [*places, len(acted)]:
        for row in acted[start:place]:
            pipeline.take(row)
        bodies += pipeline.take_incident_news()[0]
        start = place
        pipeline = Pipeline(hill_ground, checkpoint=pipeline.save())
    incidents = [msgspec.json.encode(incident_dict(one, hill_ground.frame)) for one in bodies]
    assert incidents == [body for body in whole if b'"decided_revision"' in body]


def test_the_alerts_follow_their_incident_and_a_nuisance_is_learned(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline, _ = run(hill_ground, rows)
    target = next(one for one in pipeline.incidents.values() if pipeline.alerts[one.lead].status == "active")
    now = pipeline.now_ns
    evidence = {sensor for one in target.alerts for sensor, _, _ in pipeline.alerts[one].evidence}
    told = pipeline.take(reply_row(now, 1, "acknowledge", target.lead, incident=target.id, action_id="a"))
    assert {alert.id for alert in told if alert.status == "acknowledged"} >= {target.lead}
    pipeline.take(
        reply_row(now, 2, "close", target.lead, incident=target.id, action_id="b", disposition="nuisance",
                  reason="a deer")
    )  # fmt: skip
    assert pipeline.alerts[target.lead].is_open, "it may still be undone"
    tick = JournalRow(0, "tick", "", None, None, now + 11 * SECOND, now + 11 * SECOND, None, "", b"", True)
    pipeline.take(tick)
    assert (pipeline.alerts[target.lead].status, pipeline.alerts[target.lead].reason) == ("rejected", "a deer")
    tallies = msgspec.json.decode(pipeline._alerts.to_json())["nuisance"]["tallies"]
    assert sum(msgspec.convert(one, NuisanceCount).rejected for one in tallies.values()) >= min(len(evidence), 1)


def test_a_distress_call_is_an_incident_at_once(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline, _ = run(hill_ground, rows[:5])
    pipeline.take_incident_news()
    at_ns = rows[5].received_ns
    call = Position("patrol-1", 1, 1, utc_datetime(at_ns), -84.2, 36.5, distress=True, note="two injured")
    body = encode_unit(call)
    pipeline.take(JournalRow(0, "position", "patrol-1", 1, 1, at_ns, at_ns, None, "application/json", body, False))
    incidents, _ = pipeline.take_incident_news()
    assert [(one.kind, one.priority, one.calling_unit) for one in incidents] == [("distress", "distress", "patrol-1")]


def test_a_call_while_the_closing_of_the_last_one_can_be_undone_is_a_new_incident(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    """Otherwise it would revise the alert that is cleared with that incident, and be lost."""
    pipeline, _ = run(hill_ground, rows[:5])
    at_ns = rows[5].received_ns

    def call(number: int, later_s: int) -> JournalRow:
        moment_ns = at_ns + later_s * SECOND
        body = encode_unit(Position("patrol-1", 1, number, utc_datetime(moment_ns), -84.2, 36.5, distress=True))
        return JournalRow(
            0, "position", "patrol-1", 1, number, moment_ns, moment_ns, None, "application/json", body, False
        )

    pipeline.take(call(1, 0))
    (first,) = [one for one in pipeline.incidents.values() if one.kind == "distress"]
    about: dict[str, Any] = {"alert": first.lead, "incident": first.id, "unit": UNIT}
    pipeline.take(reply_row(at_ns + SECOND, 1, "acknowledge", action_id="a", **about))
    pipeline.take(reply_row(at_ns + SECOND, 2, "close", action_id="c", disposition="rescue", reason="found", **about))
    assert pipeline.incidents[first.id].is_closed
    assert pipeline.alerts[first.lead].is_open, "it may still be undone"
    changed = pipeline.take(call(2, 3))
    assert [(one.id == first.lead, one.status) for one in changed] == [(True, "cleared"), (False, "active")]
    pipeline.take(reply_row(at_ns + 4 * SECOND, 3, "undo", action_id="u", **about))
    tick_ns = at_ns + 20 * SECOND
    pipeline.take(JournalRow(0, "tick", "", None, None, tick_ns, tick_ns, None, "", b"", True))
    calls = {one.id: one.is_closed for one in pipeline.incidents.values() if one.kind == "distress"}
    assert (len(calls), calls.pop(first.id), *calls.values()) == (2, True, False)
    published = [one for one in pipeline.take_incident_news()[0] if one.id == first.id]
    assert published[-1].undoable is None, "the page offers no undoing that is refused"


def test_a_call_that_waits_when_the_unit_s_incident_is_closed_is_a_new_incident(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    """It came within seconds of the last one, and no one has seen it."""
    pipeline, _ = run(hill_ground, rows[:5])
    at_ns = rows[5].received_ns
    for number, later_s in ((1, 0), (2, 4)):
        moment_ns = at_ns + later_s * SECOND
        body = encode_unit(Position("patrol-1", 1, number, utc_datetime(moment_ns), -84.2, 36.5, distress=True))
        pipeline.take(
            JournalRow(0, "position", "patrol-1", 1, number, moment_ns, moment_ns, None, "application/json", body, True)
        )
    (first,) = [one for one in pipeline.incidents.values() if one.kind == "distress"]
    about: dict[str, Any] = {"alert": first.lead, "incident": first.id, "unit": UNIT}
    pipeline.take(reply_row(at_ns + 5 * SECOND, 1, "acknowledge", action_id="a", **about))
    pipeline.take(
        reply_row(at_ns + 6 * SECOND, 2, "close", action_id="c", disposition="rescue", reason="found", **about)
    )
    for later_s in range(7, 20):
        tick_ns = at_ns + later_s * SECOND
        pipeline.take(JournalRow(0, "tick", "", None, None, tick_ns, tick_ns, None, "", b"", True))
    calls = {one.id: one.is_closed for one in pipeline.incidents.values() if one.kind == "distress"}
    assert (len(calls), calls.pop(first.id), *calls.values()) == (2, True, False)


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (180.0, 0.0), (-84.2, 90.0), (96.0, -36.5)])
def test_a_distress_call_from_a_position_that_the_sector_cannot_place_is_raised_and_its_unit_stays_shown(
    hill_ground: OpenSector, rows: list[JournalRow], lon: float, lat: float
) -> None:
    """0, 0 is what a device without a fix often states."""
    pipeline, _ = run(hill_ground, rows[:5])
    pipeline.take_incident_news()
    for seq, row in enumerate(rows[5:8], 1):
        at_ns = row.received_ns
        body = encode_unit(Position("patrol-1", 1, seq, utc_datetime(at_ns), lon, lat, distress=seq < 3))
        made = pipeline.take(
            JournalRow(0, "position", "patrol-1", 1, seq, at_ns, at_ns, None, "application/json", body, False)
        )
        if seq == 1:
            assert [(one.rule, one.unit) for one in made] == [("distress", "patrol-1")]
            assert alert_dict(made[0], hill_ground.frame)["unit"] == "patrol-1"
            (incident,) = [msgspec.json.decode(one) for one in published(pipeline, hill_ground)]
            assert (incident["kind"], incident["calling_unit"]) == ("distress", "patrol-1")
    pipeline.take(rows[8])
    (unit,) = pipeline.forces()["units"]
    assert (unit["unit"], unit["lon"], unit["lat"], unit["section"]) == ("patrol-1", lon, lat, None)


def test_confirmed_tracks_have_names_for_radio(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline, _ = run(hill_ground, rows)
    tracks = pipeline.tracks
    names = [
        pipeline.radio_name(str(track))
        for track, status in zip(tracks["track"].values, tracks["status"].values, strict=True)
        if status == "confirmed"
    ]
    assert names
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_headline_of_an_incident_has_a_sentence(language: str) -> None:
    words = MessageCatalogue.of(language)
    said = words.say(Message("incident-outage", {"count": 12, "sensors": ("r1", "r2")}))
    assert "12" in said
    assert "r1" in said


def test_a_reply_of_today_reaches_the_incident(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline, _ = run(hill_ground, rows)
    target: Incident = next(one for one in pipeline.incidents.values() if pipeline.alerts[one.lead].status == "active")
    pipeline.take(reply_row(pipeline.now_ns, 1, "acknowledge", target.lead, "patrol-1", by="Meyer"))
    assert (pipeline.incidents[target.id].owner, pipeline.incidents[target.id].state) == ("Meyer", "acknowledged")
    assert not pipeline.tally.get("action: AlertActionError")


@pytest.mark.parametrize("of_incident", [True, False], ids=["of the incident", "of the alert"])
def test_an_undone_claim_makes_its_alerts_active_again_and_the_next_person_can_claim(
    hill_ground: OpenSector, rows: list[JournalRow], of_incident: bool
) -> None:
    pipeline, _ = run(hill_ground, rows)
    target = next(one for one in pipeline.incidents.values() if pipeline.alerts[one.lead].status == "active")
    before = {one: pipeline.alerts[one].status for one in target.alerts if one in pipeline.alerts}
    now = pipeline.now_ns
    claimed = {"incident": target.id} if of_incident else {}
    pipeline.take(reply_row(now, 1, "acknowledge", target.lead, **claimed))
    assert pipeline.alerts[target.lead].status == "acknowledged"
    pipeline = Pipeline(hill_ground, checkpoint=pipeline.save())
    pipeline.take(reply_row(now, 2, "undo", target.lead, incident=target.id, action_id="u"))
    assert {one: pipeline.alerts[one].status for one in before} == before
    assert (pipeline.incidents[target.id].owner, pipeline.incidents[target.id].attention) == ("", True)
    pipeline.take(reply_row(now, 1, "acknowledge", target.lead, "patrol-1", by="Meyer"))
    assert pipeline.incidents[target.id].owner == "Meyer"
    assert not pipeline.tally.get("action: AlertActionError")
