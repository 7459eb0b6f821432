"""Own forces on a real server: the picture, candidates for an incident, and decisions on impact levels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from fusion.alerts.alert import act
from geo.frame import LocalFrame
from ingest.unit_messages import SectionOrder, encode_unit
from ops.accounts.rights import HOLDERS, rights_at
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.forces.models import ForcesPicture, ResponseCandidates
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.map.client import Answer
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, alert, at, incident
from tests.patience import PATIENT_S

FRAME = LocalFrame.around(-84.2, 36.6)
SECOND = 10**9
NOW_NS = START_NS + 10 * SECOND
EMPTY = {"position_sd_m": None, "clock_ahead_s": 0.0, "moves": "", "note": "", "segment": 3, "offset_m": 400.0}


def unit(name: str, age_s: int, **more: Any) -> dict[str, Any]:
    at_ns = NOW_NS - age_s * SECOND
    body = {"unit": name, "lon": -84.2, "lat": 36.6, "observed_ns": at_ns, "received_ns": at_ns, "duty": "patrol",
            "base": "Fork", "distress_ns": None, "section": "West"}  # fmt: skip
    return EMPTY | body | more


def forces(decided: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    section = {
        "section": "West", "segments": [[0, 9]], "level": "low", "decided": decided or [], "required_units": 1,
        "required_response_s": 3600.0, "units": ["near"], "not_current": ["old"], "response_s": 700.0,
        "response_base": "Fork", "response_known": True, "met": True,
    }  # fmt: skip
    units = [unit("near", 20), unit("old", 700), unit("calls", 5, distress_ns=NOW_NS), unit("off", 5, duty="off_duty"),
             unit("walks", 30, moves="foot", duty="standby")]  # fmt: skip
    bases = [{"name": "Fork", "lon": -84.3, "lat": 36.5}]
    return {"units": units, "bases": bases, "sections": [section], "fading_s": 120.0, "stale_s": 600.0}


class Fusion:
    """Stands in for broker, ingest and fusion: applies a decision as the test wishes."""

    def __init__(self, store: Store) -> None:
        self.store, self.orders, self.cursor, self.rival = store, list[SectionOrder](), 10, ""
        self.has_journaled = True

    def send_reply(self, order: SectionOrder) -> tuple[int, int]:
        encode_unit(order)  # refused where the journal would refuse it
        self.orders.append(order)
        identity, by = (self.rival, "Ben") if self.rival else (order.order_id, order.by)
        if self.has_journaled:
            made = {"id": identity, "level": order.impact_level, "at": "2026-01-01T00:00:00Z", "by": by,
                    "reason": order.reason}  # fmt: skip
            self.show(forces([made]))
        return 1, len(self.orders)

    def show(self, picture: dict[str, Any]) -> None:
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=NOW_NS, forces=picture)

    def journaled(self, key: tuple[int, int]) -> bool:
        return self.has_journaled


class Map:
    """Stands in for the map process: remembers the question and gives each origin ten minutes more than the last."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.known: list[bool] = []

    def __call__(self, question: str, **arguments: Any) -> Answer:
        if question != "responders":
            return Answer(200, "application/json", b"{}")
        self.asked.append(arguments)
        seconds: list[float | None] = [600.0 * (number + 1) for number, _ in enumerate(arguments["origins"])]
        seconds = [one if known else None for one, known in zip(seconds, self.known or [True] * 9, strict=False)]
        chances = None if arguments["left"] is None else [0.9 / (number + 1) for number, _ in enumerate(seconds)]
        body = {"seconds": seconds, "known": self.known or [True] * len(seconds), "probabilities": chances}
        body |= {"lon": -84.1, "lat": 36.55}
        return Answer(200, "application/json", json.dumps(body).encode())


@pytest.fixture
def room(tmp_path: Any) -> Iterator[Any]:
    store = Store(tmp_path / "s.sqlite")
    estimate = {"time_left_s": 900.0, "time_left_sd_s": 200.0, "end_easting": 500.0, "end_northing": -700.0}
    acknowledged = act(alert("crossing", "T1"), "acknowledge", by="Ana", at=at(8))
    moving = alert_dict(acknowledged, FRAME) | {"response_estimate": estimate, "existence": 0.8}
    calling = alert_dict(alert("distress", None, unit="calls", easting=100.0, northing=200.0), FRAME)
    store.commit(
        1,
        stamp_ns=NOW_NS,
        alerts=[moving, calling],
        incident_revisions=[
            incident_dict(incident(id="I1", lead=moving["id"], alerts=(moving["id"],)), FRAME, section="West"),
            incident_dict(
                incident(id="I2", kind="distress", lead=calling["id"], alerts=(calling["id"],), calling_unit="calls"),
                FRAME,
            ),
            incident_dict(incident(id="I3", name="Kilo 3", state="assigned", unit="near", owner="Ana"), FRAME),
        ],
        forces=forces(),
    )
    fusion, ground = Fusion(store), Map()
    app = create_app(
        store.path,
        ApiSettings("x", operator="m.keller", guard=GuardSettings(token="t0ken"), pages=tmp_path / "not-built"),
        act=lambda _: None,
        actions=fusion,  # type: ignore[arg-type]
        now_ns=lambda: NOW_NS,
        ground=ground,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        yield SimpleNamespace(store=store, fusion=fusion, client=client, ground=ground)
    store.close()


def order(**more: Any) -> dict[str, Any]:
    return {"id": "decision-1", "section": "West", "level": "high", "reason": "three crossings"} | more


def test_the_picture_has_its_schema(room: Any) -> None:
    picture = ForcesPicture.model_validate(room.client.get("/v1/forces").json())
    assert [one.unit for one in picture.forces.units] == ["near", "old", "calls", "off", "walks"]


def test_candidates_are_units_on_duty_and_bases_with_time_probability_age_and_assignment(room: Any) -> None:
    body = ResponseCandidates.model_validate(room.client.get("/v1/incidents/I1/candidates").json())
    asked = room.ground.asked[-1]
    assert (tuple(asked["target"]), asked["in_frame"]) == ((500.0, -700.0), True)
    assert asked["left"] == (890.0, 200.0, 0.8), "an estimate of 10 s ago, whenever it was acknowledged"
    by_name = {one.name: one for one in body.candidates}
    assert set(by_name) == {"near", "old", "calls", "walks", "Fork"}, "off duty is left out"
    assert [one.name for one in body.candidates][-1] == "old", "a position that is not current comes last"
    assert (by_name["near"].assigned, by_name["near"].position_age_s, by_name["near"].current) == (
        ["Kilo 3"],
        20.0,
        True,
    )
    assert (by_name["old"].current, by_name["old"].position_age_s) == (False, 700.0)
    assert by_name["near"].margin_s == pytest.approx(890.0 - 600.0)
    walks_and_turns_out = dict(
        zip(("near", "old", "calls", "walks", "Fork"), [one[2:] for one in asked["origins"]], strict=True)
    )
    assert walks_and_turns_out["walks"] == (True, True)
    assert walks_and_turns_out["Fork"] == (False, True)
    assert walks_and_turns_out["near"] == (False, False)


def test_help_for_a_distress_call_is_another_unit_to_its_position_without_interruption(room: Any) -> None:
    body = ResponseCandidates.model_validate(room.client.get("/v1/incidents/I2/candidates").json())
    assert (body.target, body.time_left_s) == ("incident", None)
    assert not room.ground.asked[-1]["in_frame"]
    assert "calls" not in {one.name for one in body.candidates}
    assert {one.interruption_probability for one in body.candidates} == {None}


def test_a_candidate_whose_way_is_unknown_stays_in_the_list_as_such(room: Any) -> None:
    room.ground.known = [False, True, True, True, True]
    body = ResponseCandidates.model_validate(room.client.get("/v1/incidents/I1/candidates").json())
    assert {one.name for one in body.candidates} == {"near", "old", "calls", "walks", "Fork"}
    by_name = {one.name: one for one in body.candidates}
    assert (by_name["near"].response_s, by_name["near"].margin_s, by_name["near"].response_known) == (None, None, False)
    assert all(one.response_known for name, one in by_name.items() if name != "near")


def test_without_a_position_there_are_candidates_without_times(room: Any) -> None:
    body = ResponseCandidates.model_validate(room.client.get("/v1/incidents/I3/candidates").json())
    assert (body.target, {one.response_s for one in body.candidates}) == ("none", {None})
    assert room.client.get("/v1/incidents/I9/candidates").status_code == 404


def test_a_decision_is_journaled_with_the_person_and_applies(room: Any) -> None:
    answer = room.client.post("/v1/impact-levels", json=order())
    assert (answer.status_code, answer.json()) == (
        202,
        {"id": "decision-1", "accepted": True, "applied": True, "approval": None},
    )
    sent = room.fusion.orders[-1]
    assert (sent.by, sent.section, sent.impact_level, sent.reason) == ("m.keller", "West", "high", "three crossings")
    again = room.client.post("/v1/impact-levels", json=order())
    assert (again.json()["applied"], len(room.fusion.orders)) == (True, 1), "applied once"


def test_of_two_decisions_the_second_reads_who_decided(room: Any) -> None:
    room.fusion.rival = "decision-of-ben"
    answer = room.client.post("/v1/impact-levels", json=order())
    assert answer.status_code == 409
    assert answer.json()["error"] == "Ben set section 'West' to high at 2026-01-01T00:00:00Z: three crossings"
    late = room.client.post("/v1/impact-levels", json=order(id="decision-2"))
    assert (late.status_code, len(room.fusion.orders)) == (409, 1)


def test_what_the_journal_has_not_got_is_not_called_accepted(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.services.api.forces.routes.JOURNAL_WAIT_S", 0.1)
    room.fusion.has_journaled = False
    answer = room.client.post("/v1/impact-levels", json=order()).json()
    assert answer == {"id": "decision-1", "accepted": False, "applied": None, "approval": None}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"section": "North"}, 404, "no section 'North'"),
        ({"level": "extreme"}, 422, "level"),
        ({"reason": "  "}, 422, "reason"),
        ({"reason": "a\nb c"}, 422, "reason"),
        ({"by": "Mallory"}, 422, "by"),
        ({"id": "x"}, 422, "id"),
        ({"after": "no-such-decision"}, 409, "No decision"),
    ],
)
def test_bad_decisions_are_refused_in_one_sentence(room: Any, change: dict[str, Any], status: int, words: str) -> None:
    answer = room.client.post("/v1/impact-levels", json=order(**change))
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert room.fusion.orders == []


def test_only_a_supervisor_decides() -> None:
    assert HOLDERS[rights_at("/v1/impact-levels")["POST"]] == {"supervisor"}
