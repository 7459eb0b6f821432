"""Looks at an incident: their states only go forward, who asked stays, and only the operations centre turns cameras."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest.unit_messages import StatedLook
from ops.incidents.looks import ENDED, LOOK_STATES, MOST_LOOKS, CameraLook, with_look
from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import at, incident
from tests.ops.incidents.test_life_cycle import after, refusal

ASKED = CameraLook("L-1", "cam-1", 41.5, 4.2, "requested")


def test_the_wire_and_the_record_have_the_same_states_and_fields() -> None:
    assert get_args(get_type_hints(StatedLook)["state"]) == LOOK_STATES
    wire = {"id" if one.name == "look" else one.name for one in msgspec.structs.fields(StatedLook)}
    wire.remove("still")  # it is one of the incident's pictures, not of the look
    assert wire | {"by", "at", "changed_at"} == {one.name for one in fields(CameraLook)}


def test_a_look_keeps_who_asked_and_takes_its_outcome() -> None:
    one = after(incident(), "look", "Ana", 5, look=ASKED)
    done = after(one, "look", "automatic", 9, look=replace(ASKED, state="done", camera="cam-9", azimuth_deg=0.0))
    assert done.looks == (replace(ASKED, state="done", by="Ana", at=at(5), changed_at=at(9)),)
    assert (done.state, done.owner, done.transitions) == ("open", "", one.transitions)
    assert done.revision == one.revision + 1


@given(st.lists(st.sampled_from(LOOK_STATES), max_size=12))
def test_states_only_go_forward_and_end_once(states: list[str]) -> None:
    known, seen = with_look((), ASKED), ["requested"]
    assert known is not None
    for state in states:
        changed = with_look(known, replace(ASKED, state=state))
        if changed is not None:
            known = changed
            seen.append(state)
    ranks = [LOOK_STATES.index(state) for state in seen]
    assert ranks == sorted(set(ranks))
    assert sum(state in ENDED for state in seen) <= 1
    assert known[0].state == seen[-1]


def test_an_outcome_that_comes_twice_changes_nothing() -> None:
    done = after(after(incident(), "look", look=ASKED), "look", look=replace(ASKED, state="done"))
    assert after(done, "look", look=replace(ASKED, state="failed")) == done


def test_the_newest_looks_are_kept() -> None:
    known: tuple[CameraLook, ...] = ()
    for number in range(MOST_LOOKS + 5):
        known = with_look(known, replace(ASKED, id=f"L-{number}")) or ()
    assert [known[0].id, known[-1].id, len(known)] == ["L-5", f"L-{MOST_LOOKS + 4}", MOST_LOOKS]


def test_field_units_and_incomplete_looks_are_refused() -> None:
    unit: dict[str, Any] = {"sender": "patrol-1", "by_centre": False}
    assert refusal(incident(), "look", "Sgt. Meyer", look=ASKED, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "note", "Sgt. Meyer", text="x", look=ASKED, **unit)[0] == "incident-refused-centre"
    assert refusal(incident(), "look")[0] == "incident-refused-no-look"
    assert refusal(incident(), "note", text="x", look=ASKED)[0] == "incident-refused-no-look"


def test_an_incident_without_looks_is_published_as_before() -> None:
    assert "looks" not in incident_dict(incident(), FRAME)
    (look,) = incident_dict(after(incident(), "look", look=ASKED), FRAME)["looks"]
    assert (look["camera"], look["state"], look["by"]) == ("cam-1", "requested", "Ana")
