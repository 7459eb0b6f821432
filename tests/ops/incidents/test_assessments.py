"""What people saw on pictures: one statement of each, from the operations centre, and the counts of each camera."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest.unit_messages import Shown, StatedAssessment
from ops.incidents.assessments import (
    JUDGED,
    MOST_ASSESSED,
    SHOWN,
    Assessment,
    merged_assessments,
    reported_and_shown,
    with_assessment,
)
from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import at, incident
from tests.ops.incidents.test_life_cycle import after, refusal

SEEN = Assessment("a" * 64, "cam-1", "animal", "person")
names = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])
statements = st.builds(
    Assessment, names, st.just("cam-1"), st.sampled_from(SHOWN), st.sampled_from(["", "person"]), st.just("Ana"),
    st.integers(0, 99).map(at),
)  # fmt: skip


def test_the_wire_and_the_record_have_the_same_words_and_fields() -> None:
    assert get_args(Shown) == SHOWN
    stated = {one.name for one in msgspec.structs.fields(StatedAssessment)}
    assert stated | {"by", "at"} == {one.name for one in fields(Assessment)}


def test_a_statement_keeps_person_and_time_and_changes_neither_state_nor_owner() -> None:
    one = after(incident(), "acknowledge", "Ben", 5)
    seen = after(one, "assess", "Ana", 9, assessment=SEEN)
    assert seen.assessments == (replace(SEEN, by="Ana", at=at(9)),)
    assert (seen.state, seen.owner, seen.revision) == ("acknowledged", "Ben", one.revision + 1)
    assert (seen.decided_revision, seen.transitions) == (one.decided_revision, one.transitions)


def test_a_later_statement_of_the_same_picture_replaces_the_earlier() -> None:
    seen = after(incident(), "assess", "Ana", 9, assessment=SEEN)
    again = after(seen, "assess", "Ben", 12, assessment=replace(SEEN, shown="nothing"))
    assert again.assessments == (replace(SEEN, shown="nothing", by="Ben", at=at(12)),)


def test_a_closed_incident_can_still_be_assessed_and_a_merged_one_cannot() -> None:
    closed = after(incident(), "close", seconds=5, disposition="no_threat")
    assert after(closed, "assess", "Ben", 9, assessment=SEEN).assessments[0].by == "Ben"
    assert refusal(incident(merged_into="I9"), "assess", assessment=SEEN)[0] == "incident-refused-merged"


def test_field_units_and_incomplete_statements_are_refused() -> None:
    unit: dict[str, Any] = {"sender": "patrol-1", "by_centre": False}
    assert refusal(incident(), "assess", "Sgt. Meyer", assessment=SEEN, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "note", "Sgt. Meyer", text="x", assessment=SEEN, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "assess")[0] == "incident-refused-no-assessment"
    assert refusal(incident(), "note", text="x", assessment=SEEN)[0] == "incident-refused-no-assessment"


def test_the_number_of_assessed_pictures_has_a_limit_that_a_second_look_does_not_count_against() -> None:
    full = incident(assessments=tuple(replace(SEEN, picture=f"{n:064x}") for n in range(MOST_ASSESSED)))
    assert refusal(full, "assess", assessment=SEEN) == ("incident-refused-full", {"count": MOST_ASSESSED})
    again = after(full, "assess", assessment=replace(SEEN, picture=f"{7:064x}"))
    assert len(again.assessments) == MOST_ASSESSED


def test_an_incident_without_statements_is_published_as_before() -> None:
    assert "assessments" not in incident_dict(incident(), FRAME)
    (stated,) = incident_dict(after(incident(), "assess", assessment=SEEN), FRAME)["assessments"]
    assert (stated["shown"], stated["reported"], stated["by"]) == ("animal", "person", "Ana")


@given(st.lists(statements, max_size=8), st.lists(statements, max_size=8))
def test_merging_keeps_the_newest_statement_of_each_picture(one: list[Assessment], other: list[Assessment]) -> None:
    def told(statements: list[Assessment]) -> tuple[Assessment, ...]:
        known: tuple[Assessment, ...] = ()
        for statement in sorted(statements, key=lambda each: each.at or at(0)):
            known = with_assessment(known, statement)
        return known

    merged = merged_assessments(told(one), told(other))
    newest = {name: max(each.at or at(0) for each in [*one, *other] if each.picture == name) for name in
              {each.picture for each in [*one, *other]}}  # fmt: skip
    assert {each.picture: each.at for each in merged} == newest


def test_counts_by_camera_worked_by_hand() -> None:
    def published(*statements: tuple[str, str, str, str, int]) -> dict[str, Any]:
        return {
            "assessments": [
                {
                    "picture": picture,
                    "sensor": sensor,
                    "shown": shown,
                    "reported": reported,
                    "at": at(second).isoformat(),
                }
                for picture, sensor, shown, reported, second in statements
            ]
        }

    counts = reported_and_shown(
        [
            published(("p1", "cam-1", "person", "person", 1), ("p2", "cam-1", "animal", "person", 2)),
            published(("p2", "cam-1", "person", "person", 1), ("p3", "cam-1", "animal", "person", 3)),  # p2: earlier
            published(("p4", "cam-1", "unclear", "person", 4), ("p5", "cam-2", "nothing", "", 5)),
            {},
        ]
    )
    assert counts == {"cam-1": {"person": {"person": 1}, "animal": {"person": 2}}, "cam-2": {"nothing": {"": 1}}}
    assert "unclear" not in JUDGED


def test_of_two_statements_in_one_second_the_later_counts() -> None:
    """As published, a whole second has no fraction: as text, ``01Z`` is after ``01.500000Z``."""
    seen = after(incident(), "assess", "Ana", 1, assessment=SEEN)
    again = after(incident(), "assess", "Ben", 1.5, assessment=replace(SEEN, shown="nothing"))
    published = [incident_dict(one, FRAME) for one in (again, seen)]
    assert published[0]["assessments"][0]["at"] < published[1]["assessments"][0]["at"]
    assert reported_and_shown(published) == {"cam-1": {"nothing": {"person": 1}}}
