"""What people saw on pictures reaches class, nuisance learning and the camera's matrix, by the journal alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fusion.alerts.nuisance import NuisanceCount
from ingest.unit_messages import StatedAssessment
from ops.broker.identities import UNIT
from ops.incidents.assessments import Assessment
from ops.journal.reader import JournalReader, JournalRow
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import tracks_live
from ops.services.fusion.memory.pictures import KEPT_NS, MOST_KEPT, PictureMemory
from ops.services.fusion.pipeline import Pipeline
from sensors.scan import CLASSES
from tests.ops.services.fusion.desks.test_incident_desk import reply_row

ANIMAL = CLASSES.index("animal")
RULE = "approaching"


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def open_incident(ground: OpenSector, rows: list[JournalRow]) -> tuple[int, Any, str]:
    """The place after which a live track has an open alert, its incident, and the track."""
    pipeline = Pipeline(ground)
    for place, row in enumerate(rows[:-40]):
        pipeline.take(row)
        live = set(pipeline.tracks["track"].values.astype(str).tolist())
        for one in pipeline.incidents.values():
            track = pipeline.alerts[one.lead].track if one.lead in pipeline.alerts else None
            if track in live and pipeline.alerts[one.lead].is_open:
                return place, one, track
    raise AssertionError("no track has an alert")


def statement(number: int, incident: Any, at_ns: int, shown: Any, **stated: Any) -> JournalRow:
    picture = stated.pop("picture", f"{number:064x}")
    assessment = StatedAssessment(picture, stated.pop("sensor", "cam-9"), shown, **stated)
    more = {"incident": incident.id, "action_id": f"a{number}", "expected_revision": incident.revision}
    return reply_row(at_ns, number, "assess", incident.lead, UNIT, assessment=assessment, **more)


@pytest.fixture(scope="module")
def assessed(hill_ground: OpenSector, rows: list[JournalRow]) -> tuple[list[JournalRow], int, str, Any]:
    """The scenario with three statements that a track shows an animal, one of them corrected, by two cameras."""
    place, incident, track = open_incident(hill_ground, rows)
    at_ns = rows[place].received_ns
    camera = hill_ground.layout.ids[0]  # its layout states no matrix
    stated = [
        statement(1, incident, at_ns, "person", track=track, sensor="cam-8", picture="f" * 64),
        statement(2, incident, at_ns, "animal", track=track, sensor="cam-8", picture="f" * 64),
        statement(3, incident, at_ns, "animal", track=track, reported="person", sensor=camera),
        *(statement(4 + n, incident, at_ns, "animal", reported="person", sensor=camera) for n in range(12)),
    ]
    stated[-1] = replace(stated[-1], closes_batch=True)
    return [*rows[: place + 1], *stated, *rows[place + 1 :]], place, track, camera


def taken(ground: OpenSector, rows: list[JournalRow]) -> Pipeline:
    pipeline = Pipeline(ground)
    for row in rows:
        pipeline.take(row)
    return pipeline


def animal(pipeline: Pipeline, track: str) -> float:
    tracks = pipeline.tracks
    row = tracks["track"].values.astype(str).tolist().index(track)
    return float(tracks["class_probability"].values[row, ANIMAL])


def rejected(pipeline: Pipeline) -> int:
    tallies: dict[str, NuisanceCount] = dict(pipeline._alerts.nuisance.tallies)
    return sum(one.rejected for one in tallies.values())


def test_statements_weigh_on_the_class_on_nuisance_alarms_and_on_the_camera(
    hill_ground: OpenSector, assessed: tuple[list[JournalRow], int, str, str]
) -> None:
    rows, place, track, camera = assessed
    before, after = taken(hill_ground, rows[: place + 1]), taken(hill_ground, rows[: place + 16])
    assert animal(before, track) < 0.2 < 0.9 < animal(after, track)
    shown = next(one for one in tracks_live(after, hill_ground.frame) if one["track"] == track)
    assert shown["class_probability"]["animal"] == pytest.approx(animal(after, track), abs=1e-3)
    assert (rejected(before), rejected(after) > 0) == (0, True)
    learnt = np.array(after._reported[camera].confusion)
    assert hill_ground.layout[camera].confusion is None
    assert learnt[ANIMAL, :2].sum() > learnt[ANIMAL, ANIMAL]
    assert learnt[CLASSES.index("vehicle")].tolist() == pytest.approx([0.075, 0.075, 0.7, 0.075, 0.075])
    assert not after.tally.get("action: AlertActionError")


def test_a_pipeline_that_resumes_knows_what_was_said_to_the_bit(
    hill_ground: OpenSector, assessed: tuple[list[JournalRow], int, str, str]
) -> None:
    rows, place, _, _ = assessed
    end = place + 40
    whole = taken(hill_ground, rows[:end])
    pipeline = Pipeline(hill_ground)
    for number, row in enumerate(rows[:end]):
        pipeline.take(row)
        if number in (place + 1, place + 2, place + 9, place + 20):
            pipeline = Pipeline(hill_ground, checkpoint=pipeline.save())
    assert pipeline.tracks.equals(whole.tracks)
    assert pipeline._alerts == whole._alerts
    assert pipeline._reported.sensors == whole._reported.sensors
    assert pipeline._memory.pictures == whole._memory.pictures


def test_a_refused_statement_changes_nothing(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    place, incident, track = open_incident(hill_ground, rows)
    at_ns = rows[place].received_ns
    pipeline = taken(hill_ground, rows[: place + 1])
    before = animal(pipeline, track), rejected(pipeline)
    unit = statement(1, incident, at_ns, "animal", track=track)
    body = unit.body.replace(b'"operator"', b'"patrol-1"')
    pipeline.take(replace(unit, sensor="patrol-1", body=body.replace(UNIT.encode(), b"patrol-1")))
    gone = statement(2, replace(incident, id="I-gone"), at_ns, "animal", track=track)
    pipeline.take(gone)
    assert (animal(pipeline, track), rejected(pipeline)) == before
    assert pipeline._memory.pictures.stated == {}


def test_without_statements_the_layout_and_the_tracks_are_those_of_before(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline = taken(hill_ground, rows[:200])
    assert pipeline._reported is hill_ground.layout
    assert pipeline.tracks.equals(pipeline._tracker.tracks(provisional=True))


def test_statements_are_forgotten_by_age_and_number_and_what_they_taught_stays() -> None:
    memory = PictureMemory()
    for number in range(MOST_KEPT + 5):
        memory.take(Assessment(f"{number:064x}", "cam-1", "animal", "person", track="T1"), number)
    assert len(memory.stated) == MOST_KEPT
    assert memory.counts == {"cam-1": {"animal": {"person": MOST_KEPT + 5}}}
    assert memory.forget(KEPT_NS + MOST_KEPT + 4)
    assert (memory.stated, memory.by_track()) == ({}, {})
    assert not memory.forget(KEPT_NS + MOST_KEPT + 5)
    assert memory.counts == {"cam-1": {"animal": {"person": MOST_KEPT + 5}}}


def test_a_correction_moves_the_count_and_an_unclear_or_unreported_one_has_none() -> None:
    memory = PictureMemory()
    one = Assessment("a" * 64, "cam-1", "animal", "person", track="T1")
    assert memory.take(one, 1) == {"T1"}
    assert memory.take(replace(one, shown="vehicle", track="T2"), 2) == {"T1", "T2"}
    memory.take(replace(one, picture="b" * 64, shown="unclear"), 3)
    memory.take(replace(one, picture="c" * 64, reported=""), 4)
    assert memory.counts == {"cam-1": {"animal": {"person": 0}, "vehicle": {"person": 1}}}
