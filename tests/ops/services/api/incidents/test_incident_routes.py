"""The incident routes on a real server: the queue, one incident, and actions that are answered once they are known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.alerts.alert import act
from fusion.situation.facts import ResponseInTime
from geo.frame import LocalFrame
from geo.message import Message
from ingest.unit_messages import Reply
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.incidents.book import ActionOutcome
from ops.incidents.incident import NamedTrack, Note
from ops.incidents.queue import place_in_queue
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.incidents.models import IncidentList, IncidentRecord, OutcomeRecord
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, alert, at, incident
from tests.patience import PATIENT_S

FRAME = LocalFrame.around(-84.2, 36.6)


class Fusion:
    """Stands in for broker, ingest and fusion: keeps replies, has journaled them, and answers as the test wishes."""

    def __init__(self, store: Store) -> None:
        self.store, self.replies, self.has_journaled, self.cursor = store, list[Reply](), True, 10
        self.answers = True
        self.by: str | None = None
        self.unit = ""

    def send_reply(self, reply: Reply) -> tuple[int, int]:
        self.replies.append(reply)
        if self.has_journaled and self.answers:
            self.answer(reply)
        return 1, len(self.replies)

    def answer(self, reply: Reply, message: Message | None = None) -> None:
        result = "done" if message is None else "refused"
        outcome = ActionOutcome(
            reply.action_id, reply.incident, reply.action, self.by or reply.by, at(9), result, 1, message, self.unit
        )
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=START_NS, outcomes=[outcome_dict(outcome)])

    def journaled(self, key: tuple[int, int]) -> bool:
        return self.has_journaled


def one(identity: str, **more: Any) -> dict[str, Any]:
    lead = more.pop("lead", alert())
    return incident_dict(incident(id=identity, lead=lead.id, alerts=(lead.id,), **more), FRAME, section="West")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("incidents")
    store = Store(folder / "s.sqlite")
    estimate = ResponseInTime("Fork", "on_foot", 400.0, 60.0, -340.0, 0.0)
    soon = act(alert("crossing", "T1", response_estimate=estimate), "acknowledge", by="Ana", at=at(50))
    later = alert("crossing", "T2", time_to_border_s=600.0)
    store.commit(
        1,
        stamp_ns=START_NS,
        alerts=[alert_dict(each, FRAME) for each in (soon, later)],
        incident_revisions=[
            one("I1", lead=later, priority="high", class_label="person", tracks=(NamedTrack("T2", "Cedar 42"),)),
            one("I2", lead=soon, priority="high", class_label="vehicle", name="Kilo 3"),
            one("I3", kind="distress", priority="distress", attention=False, owner="m.keller", state="acknowledged"),
            one("I4", kind="equipment", priority="medium", notes=(Note(at(1), "Ana", "Generator refuelled"),)),
            one("I5", state="closed", disposition="lost", closed_by="person", attention=False),
            one("I6", state="closed", disposition="nuisance", opened_at=at(5), attention=False, closed_by="person"),
        ],
    )
    fusion = Fusion(store)
    app = create_app(
        store.path,
        ApiSettings("x", operator="m.keller", guard=GuardSettings(token="t0ken"), pages=folder / "not-built"),
        act=lambda _: None,
        actions=fusion,
        now_ns=lambda: START_NS,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        yield SimpleNamespace(store=store, fusion=fusion, client=client, app=app)
    store.close()


def found(room: Any, **query: Any) -> list[str]:
    answer = room.client.get("/v1/incidents", params=query)
    assert answer.status_code == 200, answer.text
    IncidentList.model_validate(answer.json())
    return [each["id"] for each in answer.json()["incidents"]]


def test_the_queue_is_unacknowledged_first_then_priority_and_minutes_left(room: Any) -> None:
    assert found(room) == ["I2", "I1", "I4", "I3"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "closed"}, ["I6", "I5"]),
        ({"state": ["open", "closed"]}, ["I2", "I1", "I4", "I6", "I5"]),
        ({"kind": "equipment"}, ["I4"]),
        ({"class": "vehicle"}, ["I2"]),
        ({"mine": "true"}, ["I3"]),
        ({"section": "West"}, ["I2", "I1", "I4", "I3"]),
        ({"section": "East"}, []),
        ({"text": "cedar 42"}, ["I1"]),
        ({"text": "GENERATOR"}, ["I4"]),
        ({"text": "kilo"}, ["I2"]),
        ({"limit": 2}, ["I2", "I1"]),
    ],
)
def test_filters_and_search(room: Any, query: dict[str, Any], expected: list[str]) -> None:
    assert found(room, **query) == expected


def test_an_acknowledgement_gives_the_target_no_more_time(room: Any) -> None:
    """Made at second 0 with 60 s left, acknowledged at second 50."""
    assert IncidentRecord.model_validate(room.client.get("/v1/incidents/I2").json()).expected_at == at(60)


def test_one_incident_has_its_schema_an_etag_and_is_not_sent_twice(room: Any) -> None:
    answer = room.client.get("/v1/incidents/I1")
    record = IncidentRecord.model_validate(answer.json())
    assert (record.name, record.section, record.tracks[0].name) == ("Bravo 17", "West", "Cedar 42")
    assert record.expected_at == at(600)
    again = room.client.get("/v1/incidents/I1", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    listed = room.client.get("/v1/incidents")
    assert room.client.get("/v1/incidents", headers={"If-None-Match": listed.headers["etag"]}).status_code == 304


def action(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"action-{number:04d}", "action": "acknowledge", "expected_revision": 0} | more


def test_an_action_is_accepted_with_its_outcome_and_the_servers_person_and_time(room: Any) -> None:
    answer = room.client.post("/v1/incidents/I1/actions", json=action(1))
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["outcome"]["result"]) == (True, "done")
    reply = room.fusion.replies[-1]
    assert (reply.by, reply.incident, reply.action_id, reply.expected_revision) == ("m.keller", "I1", "action-0001", 0)
    assert reply.observed_at == at(0)
    read = room.client.get("/v1/incidents/I1/actions/action-0001")
    assert OutcomeRecord.model_validate(read.json()).result == "done"


def test_the_same_action_sent_again_is_not_sent_to_the_journal(room: Any) -> None:
    first = room.client.post("/v1/incidents/I1/actions", json=action(2)).json()
    sent = len(room.fusion.replies)
    assert room.client.post("/v1/incidents/I1/actions", json=action(2)).json() == first
    assert len(room.fusion.replies) == sent
    for addressed, more in (("I2", {}), ("I1", {"action": "note", "note": "Lost"})):
        other = room.client.post(f"/v1/incidents/{addressed}/actions", json=action(2, **more))
        assert (other.status_code, "another action" in other.json()["error"]) == (409, True)
    assert len(room.fusion.replies) == sent


def test_nobody_gets_the_outcome_of_another_persons_action_with_the_same_id(room: Any) -> None:
    """Neither of one that is known, nor of one that arrives in the journal before one's own."""
    room.fusion.by = "Ben"
    try:
        for sent_before in (False, True):
            answer = room.client.post("/v1/incidents/I1/actions", json=action(20))
            assert (answer.status_code, "another action" in answer.json()["error"]) == (409, True), sent_before
    finally:
        room.fusion.by = None


def test_nobody_gets_the_outcome_of_a_unit_that_states_ones_name(room: Any) -> None:
    room.fusion.unit = "patrol-1"
    try:
        answer = room.client.post("/v1/incidents/I1/actions", json=action(22))
        assert (answer.status_code, "another action" in answer.json()["error"]) == (409, True)
    finally:
        room.fusion.unit = ""


def test_a_body_that_is_no_json_is_refused_in_one_clear_sentence(room: Any) -> None:
    answer = room.client.post("/v1/incidents/I1/actions", content=b"{bad", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "The body cannot be read; expected JSON in UTF-8.")
    bad = room.client.post("/v1/incidents/I1/actions", json=action(21, action="close", disposition="gone"))
    assert (bad.status_code, "literal" in bad.json()["detail"]) == (422, False)
    assert bad.json()["detail"].startswith("body.disposition: Input should be 'apprehended'")


def test_what_the_journal_has_not_got_is_not_called_accepted(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.services.api.incidents.routes.JOURNAL_WAIT_S", 0.1)
    monkeypatch.setattr("ops.services.api.incidents.routes.OUTCOME_WAIT_S", 0.1)
    room.fusion.has_journaled = False
    try:
        answer = room.client.post("/v1/incidents/I1/actions", json=action(3)).json()
        assert answer == {"action": "action-0003", "accepted": False, "outcome": None}
        pending = room.client.get("/v1/incidents/I1/actions/action-0003")
        assert (pending.status_code, "yet" in pending.json()["error"]) == (404, True)
        room.fusion.has_journaled, room.fusion.answers = True, False
        answer = room.client.post("/v1/incidents/I1/actions", json=action(4)).json()
        assert (answer["accepted"], answer["outcome"]) == (True, None)
    finally:
        room.fusion.has_journaled = room.fusion.answers = True


def test_a_refusal_is_an_outcome_with_a_sentence(room: Any) -> None:
    room.fusion.answers = False
    taken = Message("incident-refused-taken", {"owner": "Ana", "at": at(180).isoformat()})
    room.fusion.answer(Reply("operator", 1, 1, at(0), "acknowledge", "A", "m.keller", incident="I1",
                             action_id="action-0005"), taken)  # fmt: skip
    room.fusion.answers = True
    outcome = room.client.post("/v1/incidents/I1/actions", json=action(5)).json()["outcome"]
    assert outcome["result"] == "refused"
    assert outcome["sentence"].startswith("Already claimed by Ana at ")


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/incidents/I99/actions", action(9), 404, "no incident 'I99'"),
        ("/v1/incidents/I1/actions", action(9, action="arrest"), 422, "action"),
        ("/v1/incidents/I1/actions", action(9, disposition="vanished"), 422, "disposition"),
        ("/v1/incidents/I1/actions", action(9, note="x" * 501), 422, "note"),
        ("/v1/incidents/I1/actions", action(9, note="a\nb"), 422, "note"),
        ("/v1/incidents/I1/actions", action(9, to="a\u2028b"), 422, "to"),
        ("/v1/incidents/I1/actions", action(9, by="Mallory"), 422, "by"),
        ("/v1/incidents/I1/actions", action(9, expected_revision=-1), 422, "expected_revision"),
        ("/v1/incidents/I1/actions", action(9) | {"id": "x"}, 422, "id"),
        ("/v1/incidents/I1/actions", action(9) | {"id": "../../etc/passwd"}, 422, "id"),
    ],
)
def test_bad_actions_get_one_sentence_and_reach_no_journal(
    room: Any, path: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    sent = len(room.fusion.replies)
    answer = room.client.post(path, json=body)
    assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), answer.text
    assert len(room.fusion.replies) == sent


@pytest.mark.parametrize(
    "path",
    ["/v1/incidents?state=lost", "/v1/incidents?limit=0", "/v1/incidents?limit=1001", "/v1/incidents?class=ghost"],
)
def test_bad_questions_get_one_sentence(room: Any, path: str) -> None:
    answer = room.client.get(path)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("query.")
    assert room.client.get("/v1/incidents/I99").status_code == 404


@given(st.dictionaries(st.sampled_from(["reason", "note", "to", "attachment", "unit", "other"]), st.text(max_size=80)))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_hostile_text_is_refused_or_sent_as_it_is(room: Any, fields: dict[str, str]) -> None:
    number = len(room.fusion.replies) + 1000
    answer = room.client.post("/v1/incidents/I1/actions", json=action(number, action="note", **fields))
    assert answer.status_code in (202, 422), answer.text
    if answer.status_code == 202:
        assert room.fusion.replies[-1].note == fields.get("note", "").strip()


def test_every_route_is_in_the_document_with_its_schema(room: Any) -> None:
    document = room.client.get("/api/openapi.json").json()
    for path, method in (
        ("/v1/incidents", "get"), ("/v1/incidents/{identity}", "get"),
        ("/v1/incidents/{identity}/actions/{action}", "get"), ("/v1/incidents/{identity}/actions", "post"),
    ):  # fmt: skip
        answers = document["paths"][path][method]["responses"]
        schema = answers["202" if method == "post" else "200"]["content"]["application/json"]["schema"]
        assert "$ref" in schema, path


def test_incidents_are_on_the_event_stream_and_resume_with_the_alerts(room: Any) -> None:
    events: list[str] = []
    with room.client.stream("GET", "/api/stream?after=0") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            if events.count("incident") == 6:
                break
    assert events.count("alert") == 2


ORDERS = st.tuples(
    st.sampled_from(["open", "acknowledged", "closed"]), st.booleans(), st.sampled_from(["distress", "high", "low"]),
    st.one_of(st.none(), st.integers(0, 1000)), st.integers(0, 1000),
)  # fmt: skip


@given(ORDERS, ORDERS)
def test_nothing_acknowledged_stands_before_what_is_not_and_nothing_closed_before_what_is_open(
    one: Any, two: Any
) -> None:
    def place(order: Any, identity: str) -> Any:
        state, attention, priority, expected, opened = order
        when = None if expected is None else at(expected)
        return place_in_queue(
            state=state, attention=attention, priority=priority, expected_at=when,
            opened_at=at(0) + timedelta(seconds=opened), identity=identity,
        )  # fmt: skip

    first, second = place(one, "I1"), place(two, "I2")
    if one[0] == "closed":
        assert first.closed
    elif two[0] == "closed" or (one[1] and not two[1]) or (one[1:3] == two[1:3] and two[3] is None is not one[3]):
        assert first < second


def test_an_incident_is_handed_only_to_a_person_who_can_act_on_it(tmp_path: Path) -> None:
    store, people = Store(tmp_path / "s.sqlite"), AccountStore(tmp_path / "accounts.db")
    accounts = Accounts(people)
    for login, name, role in (("ana", "Ana", "operator"), ("ben", "B. Ben", "operator"), ("vera", "Vera", "viewer")):
        accounts.add(login, name, {"*": role})
    store.commit(1, stamp_ns=START_NS, alerts=[alert_dict(alert(), FRAME)], incident_revisions=[one("I1", owner="Ana")])
    fusion = Fusion(store)
    app = create_app(
        store.path,
        ApiSettings("x", guard=GuardSettings(bearer=True), pages=tmp_path / "not-built"),
        act=lambda _: None,
        actions=fusion,
        now_ns=lambda: START_NS,
        accounts=accounts,
    )
    ana = people.account("ana")
    assert ana is not None
    headers = {"Authorization": f"Bearer {accounts.token(ana, 'test', 1)}"}
    with (
        serving(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S, headers=headers) as client,
    ):
        for number, name in enumerate(("Vera", "Bem")):
            body = action(number, action="hand_over", to=name, reason="end of my watch")
            answer = client.post("/v1/incidents/I1/actions", json=body)
            expected = f"No person {name!r} can act on incidents here; expected one of: Ana, B. Ben."
            assert (answer.status_code, answer.json()["detail"]) == (422, expected)
        assert fusion.replies == []
        client.post("/v1/incidents/I1/actions", json=action(9, action="hand_over", to="ben", reason="end of my watch"))
    assert [(reply.action, reply.by, reply.to) for reply in fusion.replies] == [("hand_over", "Ana", "B. Ben")]
    store.close()
    people.close()


def test_an_alert_of_anothers_incident_is_ended_by_its_owner_except_a_distress_call(tmp_path: Path) -> None:
    store, sent = Store(tmp_path / "s.sqlite"), list[Any]()
    owners = {"": 202, "m.keller": 202, "Ana": 409}
    alerts = [alert("crossing", f"T{number}") for number in range(3)]
    alerts.append(alert("distress", "patrol-9"))
    held = zip(alerts, [*owners, "Ana"], strict=True)
    store.commit(
        1,
        stamp_ns=START_NS,
        alerts=[alert_dict(each, FRAME) for each in alerts],
        incident_revisions=[one(f"I{number}", lead=each, owner=owner) for number, (each, owner) in enumerate(held)],
    )
    guard = GuardSettings(token="t0ken")
    app = create_app(
        store.path,
        ApiSettings("x", operator="m.keller", guard=guard, pages=tmp_path / "not-built"),
        act=sent.append,
        now_ns=lambda: START_NS,
    )
    wanted = [*owners.values(), 202]
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        for action, body, expected in (
            ("reject", {"reason": "a deer"}, wanted),
            ("clear", None, wanted),
            ("acknowledge", None, [202] * 4),
        ):
            answers = [client.post(f"/api/alerts/{each.id}/{action}", json=body) for each in alerts]
            assert [answer.status_code for answer in answers] == expected
            assert all("Another person owns" in answer.text for answer in answers if answer.status_code == 409)
    store.close()
    assert len(sent) == 3 + 3 + 4
