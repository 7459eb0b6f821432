"""The operations API on a real server: what it shows, what it refuses, and that only fusion writes."""

from __future__ import annotations

import json
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.alerts import alert as alert_state
from geo.errors import BadInput
from geo.message import Message
from ops.audit.entry import AuditEntry, AuditError
from ops.audit.log import AuditLog
from ops.runtime.processes.part_state import COMPILING
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.live.routes import ALLOWED_FROM
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.serving.local_port import listen
from ops.services.api.serving.server import serving
from ops.store.rows import OPEN, STATUSES
from ops.store.writer import Store
from tests.patience import PATIENT_S

T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
T0_NS = int(T0.timestamp()) * 1_000_000_000
BORDER = {"type": "LineString", "coordinates": [[-84.4, 36.59], [-84.1, 36.59]]}
COUNTS = {
    "radar-1": {"received": 10, "journaled": 7, "duplicate": 1, "dead_lettered": 2, "shed": 0},
    'cam"1\n': {"received": 3, "journaled": 1, "duplicate": 0, "dead_lettered": 0, "shed": 1},
}
BODIES = {
    "/api/alerts/{identity}/reject": {"reason": "none such"},
    "/v1/incidents/{identity}/actions": {"id": "0123456789abcdef", "action": "acknowledge", "expected_revision": 0},
    "/v1/incidents/{identity}/marking": {"id": "0123456789abcdef", "marking": "", "reason": "none such"},
    "/v1/impact-levels": {"id": "0123456789abcdef", "section": "West", "level": "high", "reason": "none such"},
    "/v1/sensors/{sensor}/mute": {"minutes": 5, "reason": "none such"},
    "/v1/approvals/erasure": {"settings": "0123456789abcdef", "reason": "none such"},
    "/v1/approvals/{identity}/decision": {"decision": "confirm"},
    "/v1/field/enrol": {"code": "0123-4567-89AB", "device": "Phone"},
    "/v1/field/replies": {"replies": []},
    "/v1/field/positions": {"positions": []},
}
REACHED = {
    "/v1/incidents/{identity}/marking": 409,
    "/v1/impact-levels": 503,
    "/v1/sensors/{sensor}/mute": 503,
    "/v1/approvals/erasure": 503,
    "/v1/approvals/{identity}/decision": 503,
    "/v1/field/replies": 401,
    "/v1/field/positions": 401,
}
"""What a route answers here to a request that passes the guard, if not 404."""
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\r\ndata: forged\n\nevent: alert\u2028\x00'\"&"


def alert(number: int, revision: int = 0, **more) -> dict:
    raised = T0 + timedelta(seconds=number)
    base = {"id": f"A{number}", "revision": revision, "status": "active", "priority": "high", "raised_at": raised}
    return base | {"sentence": f"Track T{number} crosses", "lon": -84.2, "lat": 36.6} | more


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A store with a picture, and a server over it. ``room.actions`` is what operators did."""
    folder = tmp_path_factory.mktemp("api")
    store, log, actions = Store(folder / "s.sqlite"), AuditLog(folder / "audit"), []
    store.commit(
        41,
        stamp_ns=T0_NS,
        tracks_live=[{"track": "T1", "lon": -84.2, "lat": 36.6, "status": "confirmed"}],
        bearings=[{"sensor": "df-1", "azimuth_deg": 12.0}],
        sensors=[{"id": "radar-1", "health": "offline"}],
        counts=COUNTS,
        alerts=[
            alert(1),
            alert(2, status="acknowledged"),
            alert(3, status="cleared"),
            alert(4, status="rejected"),
            alert(5, sentence=HOSTILE),
        ],
    )
    world = SimpleNamespace(store=store, log=log, actions=actions, now_ns=T0_NS + 2_000_000_000, fails=None)

    def act(order):
        if world.fails:
            raise world.fails
        actions.append(order)

    app = create_app(
        store.path,
        ApiSettings(
            "cumberland",
            border=BORDER,
            operator="m.keller",
            guard=GuardSettings(token="t0ken"),
            pages=folder / "not-built",
        ),
        act=act,
        now_ns=lambda: world.now_ns,
        access_log=log,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        world.app, world.port, world.client = app, port, client
        yield world
    store.close()


def test_the_live_picture_is_what_fusion_wrote(room):
    body = room.client.get("/api/tracks").json()
    assert (body["stamp"], body["cursor"], body["tracks"][0]["track"]) == ("2026-03-01T22:00:00.000000Z", 41, "T1")
    bearings = room.client.get("/api/bearings").json()
    assert (bearings["stamp"], bearings["bearings"]) == (body["stamp"], [{"sensor": "df-1", "azimuth_deg": 12.0}])
    assert room.client.get("/api/sensors").json()["sensors"] == [{"id": "radar-1", "health": "offline"}]
    assert room.client.get("/api/counts").json()["counts"] == COUNTS
    border = room.client.get("/api/border")
    assert (border.json(), border.headers["content-type"]) == (BORDER, "application/geo+json")


def test_alerts_by_status_time_and_number(room):
    def found(**query):
        return [one["id"] for one in room.client.get("/api/alerts", params=query).json()["alerts"]]

    assert found() == ["A5", "A4", "A3", "A2", "A1"]
    assert found(status="active") == ["A5", "A1"]
    assert found(since="2026-03-01T23:00:04+01:00") == ["A5", "A4"]
    body = room.client.get("/api/alerts?limit=2").json()
    assert (len(body["alerts"]), body["more"], body["last"]) == (2, True, 5)
    assert room.client.get("/api/alerts/A2").json()["status"] == "acknowledged"


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/alerts/A99", 404, "There is no alert 'A99'."),
        ("/api/alerts?status=open", 422, "query.status"),
        ("/api/alerts?since=yesterday", 422, "since: 'yesterday' is not a time"),
        ("/api/alerts?since=2026-03-01T22:00:00", 422, "has no offset"),
        ("/api/alerts?limit=0", 422, "query.limit"),
        ("/api/stream?after=-1", 422, "query.after"),
        ("/api/nothing", 404, "nothing at this address"),
        ("/api/sector", 404, "without its ground"),
        ("/api/tiles/hillshade/1/0/0.png", 404, "without its ground"),
        ("/assets/../api.py", 404, "nothing at this address"),
    ],
)
def test_a_wrong_question_gets_one_sentence(room, path, status, sentence):
    answer = room.client.get(path)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "error"}
    assert (problem["type"], problem["status"], problem["detail"]) == ("about:blank", status, problem["error"])
    assert answer.headers["content-type"] == "application/problem+json"


def test_statuses_and_moves_are_fusions_own():
    assert (STATUSES, OPEN) == (alert_state.STATUSES, alert_state.OPEN)
    assert {action: alert_state.MOVES[action][0] for action in ALLOWED_FROM} == ALLOWED_FROM


ACTIONS = [
    ("A1", "acknowledge", None, 202),
    ("A2", "acknowledge", None, 409),
    ("A3", "acknowledge", None, 409),
    ("A4", "acknowledge", None, 409),
    ("A1", "clear", None, 202),
    ("A2", "clear", None, 202),
    ("A3", "clear", None, 409),
    ("A4", "clear", None, 409),
    ("A1", "reject", {"reason": "a cow"}, 202),
    ("A2", "reject", {"reason": "a cow"}, 202),
    ("A3", "reject", {"reason": "a cow"}, 409),
    ("A99", "reject", {"reason": "a cow"}, 404),
    ("A99", "acknowledge", None, 404),
    ("A1", "reject", {}, 422),
    ("A1", "reject", {"reason": "  x "}, 422),
    ("A1", "reject", {"reason": "two\nlines"}, 422),
    ("A1", "reject", {"reason": "x" * 501}, 422),
    ("A1", "reject", {"reason": 5}, 422),
    ("A1", "reject", {"reason": "a cow", "by": "somebody else"}, 422),
    ("A1", "reject", None, 422),
]


@pytest.mark.parametrize(("identity", "action", "body", "status"), ACTIONS)
def test_an_action_is_checked_and_sent_on_never_written(room, identity, action, body, status):
    before, actions_before = room.store.alert("A1"), len(room.actions)
    answer = room.client.post(f"/api/alerts/{identity}/{action}", json=body, headers={TOKEN_HEADER: "t0ken"})
    assert answer.status_code == status, answer.text
    assert room.store.alert("A1") == before
    if status != 202:
        assert len(room.actions) == actions_before
        assert isinstance(answer.json()["error"], str)
        return
    at = datetime(2026, 3, 1, 22, 0, 2, tzinfo=UTC)
    assert room.actions[-1] == OperatorAction(action, identity, "m.keller", at, **(body or {}))
    assert answer.json() == {"accepted": True, "action": answer.json()["action"]}
    assert len(bytes.fromhex(answer.json()["action"])) == 8


def test_fusion_accepts_what_the_api_sends(room):
    room.client.post("/api/alerts/A1/reject", json={"reason": "a cow"}, headers={TOKEN_HEADER: "t0ken"})
    order = room.actions[-1]
    open_alert = alert_state.Alert("A1", "crossing", "high", "active", 0, Message("alert-crossing"), T0, T0, T0)
    closed = alert_state.act(open_alert, order.action, by=order.by, reason=order.reason, at=order.at)
    assert (closed.status, closed.reason, closed.by) == ("rejected", "a cow", "m.keller")


def test_an_action_that_cannot_be_sent_is_said_so(room):
    room.fails = ConnectionError("no broker")
    answer = room.client.post("/api/alerts/A1/acknowledge", headers={TOKEN_HEADER: "t0ken"})
    room.fails = None
    assert (answer.status_code, answer.json()["error"]) == (
        503,
        "The action could not be sent (no broker); try again.",
    )


def test_every_change_needs_the_own_origin_or_the_token(room):
    """Generated from the API's own description, so that a new route cannot be forgotten."""
    operations = room.client.get("/api/openapi.json").json()["paths"]
    changes = [(path, verb) for path, verbs in operations.items() for verb in verbs if verb != "get"]
    assert len(changes) == 14
    own = f"http://127.0.0.1:{room.port}"
    for path, verb in changes:
        url = (
            path.replace("{identity}", "A99")
            .replace("{unit}", "patrol-9")
            .replace("{device}", "d0")
            .replace("{sensor}", "r")
        )
        body, reached = BODIES.get(path), REACHED.get(path, 404)
        for headers, status in [
            ({}, 403),
            ({TOKEN_HEADER: "wrong"}, 403),
            ({TOKEN_HEADER: ""}, 403),
            ({TOKEN_HEADER: "t0ken"}, reached),
            ({"Origin": own}, reached),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": f"http://localhost:{room.port + 1}"}, 403),
            ({"Origin": "http://evil.example", TOKEN_HEADER: "t0ken"}, 403),
            ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, reached),
        ]:
            assert room.client.request(verb, url, json=body, headers=headers).status_code == status, (url, headers)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("watchline.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:127.0.0.1", 421),
        ("localhost@evil.example", 421),
        ("LOCALHOST.", 421),
        ("", 421),
    ],
)
def test_a_name_made_to_point_here_reads_nothing(room, host, status):
    """DNS rebinding: the browser sends the attacker's name as Host."""
    for path in ("/api/tracks", "/metrics", "/", "/api/stream" if status == 421 else "/api/alerts"):
        answer = room.client.get(path, headers={"Host": host})
        assert answer.status_code == status
        assert status == 200 or b"T1" not in answer.content


def test_a_page_from_elsewhere_reads_nothing(room):
    assert room.client.get("/api/tracks", headers={"Origin": "http://evil.example"}).status_code == 403
    assert room.client.get("/api/stream", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    own = room.client.get("/api/tracks", headers={"Origin": f"http://127.0.0.1:{room.port}"})
    assert own.status_code == 200
    assert not [name for name in own.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/tracks", "/api/alerts/A5", "/api/none", "/api/alerts?limit=x"])
def test_every_answer_carries_the_security_headers(room, path):
    for headers in ({}, {"Host": "evil.example"}):
        found = room.client.get(path, headers=headers).headers
        assert found["x-content-type-options"] == "nosniff"
        assert found["content-security-policy"].startswith("default-src 'none'")
        assert found["cross-origin-resource-policy"] == "same-origin"
        assert found["cache-control"] == "no-store"
        assert "server" not in found


def test_hostile_text_stays_text_in_json(room):
    for path in ("/api/alerts", "/api/alerts/A5"):
        answer = room.client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        body = answer.json()
        assert (body["alerts"][0] if path == "/api/alerts" else body)["sentence"] == HOSTILE
    reflected = room.client.get("/api/alerts/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert reflected.headers["content-type"] == "application/problem+json"
    assert reflected.status_code == 404


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda deeper: st.dictionaries(st.text(), deeper)
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_crashes_the_server(room, body):
    headers = {TOKEN_HEADER: "t0ken", "Content-Type": "application/json"}
    answer = room.client.post("/api/alerts/A1/reject", content=body, headers=headers)
    assert answer.status_code in (202, 400, 422), answer.text
    assert answer.headers["content-type"] == ("application/json", "application/problem+json")[answer.status_code >= 400]


def test_lone_surrogates_and_depth_are_refused_not_raised(room):
    headers = {TOKEN_HEADER: "t0ken", "Content-Type": "application/json"}
    for body in (b'{"reason":"\\ud800\\ud800\\ud800"}', b'{"reason":' * 9000, b"[" * 60_000, b'{"reason": NaN}'):
        answer = room.client.post("/api/alerts/A1/reject", content=body, headers=headers)
        assert answer.status_code in (400, 413, 422)
        assert isinstance(answer.json()["error"], str)


def test_a_large_body_is_refused_declared_or_not(room):
    headers = {TOKEN_HEADER: "t0ken", "Content-Type": "application/json"}
    url = "/api/alerts/A1/reject"
    assert room.client.post(url, content=b"x" * 70_000, headers=headers).status_code == 413
    assert room.client.post(url, content=iter([b"x" * 40_000] * 2), headers=headers).status_code == 413
    assert room.client.get("/api/tracks").status_code == 200


def test_a_read_is_on_disk_with_its_purpose_before_it_is_answered(room):
    answer = room.client.get("/api/alerts?status=active", headers={"Purpose": "night watch, incident 12"})
    assert answer.status_code == 200
    fields = (room.now_ns, "m.keller", "operator", "consultation", "GET /api/alerts?status=active")
    assert room.log.entries()[-1] == AuditEntry(*fields, "night watch, incident 12", "alerts")
    before = len(room.log.entries())
    assert room.client.get("/api/tracks", headers={"Purpose": "x"}).status_code == 422
    assert len(room.log.entries()) == before
    room.client.post("/api/alerts/A1/acknowledge", headers={TOKEN_HEADER: "t0ken"})
    last = room.log.entries()[-1]
    assert (last.what, last.operation, last.subject) == ("POST /api/alerts/A1/acknowledge", "alteration", "alert A1")


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/api/tracks", "live tracks"),
        ("/api/bearings", "live bearings"),
        ("/api/alerts", "alerts"),
        ("/api/alerts/A2", "alert A2"),
    ],
)
def test_a_read_of_personal_data_without_a_purpose_is_logged_with_that_of_the_role(room, path, subject):
    assert room.client.get(path).status_code == 200
    last = room.log.entries()[-1]
    assert (last.what, last.subject) == (f"GET {path}", subject)
    assert last.purpose == "border surveillance: detection and response"


@pytest.mark.parametrize("path", ["/api/sensors", "/api/counts", "/api/border", "/api/health", "/metrics"])
def test_what_is_not_personal_data_is_not_logged(room, path):
    before = len(room.log.entries())
    assert room.client.get(path).status_code in (200, 503)
    assert len(room.log.entries()) == before


def test_reads_of_the_sensors_are_logged_while_one_states_where_it_is_carried(room):
    sensors = [{"sensor": "radar-1", "state": "ok", "lon": -84.2, "lat": 36.6}]
    pose = {"stated_ns": T0_NS, "moving": True, "post_lon": -84.2, "post_lat": 36.6}
    room.store.commit(41, stamp_ns=T0_NS, sensors=[*sensors, {"sensor": "camera-1", "lon": -84.25, "pose": pose}])
    assert room.client.get("/api/sensors").json()["sensors"][1]["lon"] == -84.25
    last = room.log.entries()[-1]
    assert (last.what, last.operation, last.subject) == (
        "GET /api/sensors", "consultation", "positions of carried sensors",
    )  # fmt: skip
    room.store.commit(41, stamp_ns=T0_NS, sensors=[{"id": "radar-1", "health": "offline"}])
    before = len(room.log.entries())
    room.client.get("/api/sensors")
    assert len(room.log.entries()) == before


def test_what_the_audit_log_cannot_keep_is_not_served(tmp_path):
    log, store = AuditLog(tmp_path / "audit"), Store(tmp_path / "s.sqlite")
    store.commit(1, stamp_ns=T0_NS, tracks_live=b"[]")
    log.close()
    with pytest.raises(AuditError, match="cannot be written"):
        log.add(AuditEntry(1, "", "", "consultation", "", "", ""))
    app = create_app(store.path, ApiSettings("x"), act=print, now_ns=lambda: 0, access_log=log)
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{address}/api/sensors", timeout=PATIENT_S).status_code == 503  # no sensors yet
        assert httpx.get(f"{address}/api/border", timeout=PATIENT_S).status_code == 404
        for path in ("tracks", "alerts", "stream"):
            refused = httpx.get(f"{address}/api/{path}", timeout=PATIENT_S)
            assert (refused.status_code, "audit log" in refused.json()["error"]) == (503, True)
    store.close()


def test_a_server_without_a_log_refuses_what_states_a_purpose(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    store.commit(1, stamp_ns=T0_NS, tracks_live=b"[]")
    with serving(create_app(store.path, ApiSettings("x"), act=print, now_ns=lambda: 0)) as port:
        url = f"http://127.0.0.1:{port}/api/tracks"
        assert httpx.get(url, timeout=PATIENT_S).status_code == 200
        assert httpx.get(url, headers={"Purpose": "night watch"}, timeout=PATIENT_S).status_code == 503
    store.close()


def test_a_stream_is_logged_at_its_opening_and_at_its_end_with_counts(room):
    with room.client.stream("GET", "/api/stream?after=0", headers={"Purpose": "night watch"}) as stream:
        lines = stream.iter_lines()
        while "event: tracks" not in next(lines):
            pass
        opened = room.log.entries()[-1]
        assert (opened.subject, opened.purpose) == ("stream of alerts and tracks: opened", "night watch")
    while "closed" not in (last := room.log.entries()[-1]).subject:
        threading.Event().wait(0.05)
    found = re.fullmatch(r"stream of alerts and tracks: closed, (\d+) alerts, (\d+) pictures sent", last.subject)
    assert int(found[1]) >= 5
    assert int(found[2]) >= 1


def test_a_long_stream_is_logged_again_each_hour(room, monkeypatch):
    monkeypatch.setattr("ops.services.api.event_stream._RECORD_EVERY_S", 0.0)
    with room.client.stream("GET", "/api/stream?after=0") as stream:
        lines = stream.iter_lines()
        while "event: heartbeat" not in next(lines):
            pass
        while not any(" pictures sent" in one.subject and "closed" not in one.subject for one in room.log.entries()):
            next(lines)
    hours = [one for one in room.log.entries() if one.subject.endswith("sent") and "closed" not in one.subject]
    assert hours[0].what == "GET /api/stream?after=0"


def test_metrics_tell_every_count_and_what_does_not_add_up(room):
    answer = room.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'watchline_received_total{sensor="radar-1"} 10.0' in lines
    assert 'watchline_unaccounted{sensor="radar-1"} 0.0' in lines
    assert 'watchline_unaccounted{sensor="cam\\"1\\n"} 1.0' in lines  # 3 - (1 + 0 + 0 + 1)
    assert "watchline_journal_cursor 41.0" in lines
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))
    assert all(line.startswith(("#", "watchline_")) for line in lines)


def test_health_turns_stale_with_the_picture(room):
    fresh = room.client.get("/api/health")
    assert (fresh.status_code, fresh.json()["status"], fresh.json()["age_s"]) == (200, "ok", 2.0)
    room.now_ns += 60_000_000_000
    stale = room.client.get("/api/health")
    room.now_ns -= 60_000_000_000
    assert (stale.status_code, stale.json()["status"]) == (503, "stale")


def test_health_and_metrics_name_the_parts_that_do_not_work(tmp_path):
    """A picture that is current says nothing about a broker that is dead."""
    path, parts = tmp_path / "s.sqlite", {"broker": None, "ingest": None}
    store = Store(path)
    store.commit(1, stamp_ns=T0_NS, tracks_live=b"[]")
    app = create_app(path, ApiSettings("x"), act=print, now_ns=lambda: T0_NS, parts=lambda: parts)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        well = client.get("/api/health")
        assert (well.status_code, well.json()["parts"]) == (200, {"broker": "ok", "ingest": "ok"})
        assert 'watchline_part_up{part="broker"} 1.0' in client.get("/metrics").text
        named = {"part": "broker", "cause": "none", "code": -9, "words": "", "log": "b.log"}
        parts["broker"] = Message("part-ended", named)
        ill = client.get("/api/health")
        assert (ill.status_code, ill.json()["status"]) == (503, "down")
        assert ill.json()["parts"] == {"broker": "broker ended with code -9. Log: b.log.", "ingest": "ok"}
        assert ill.json()["codes"] == {"broker": "ended", "ingest": "ok"}
        assert 'watchline_part_up{part="broker"} 0.0' in client.get("/metrics").text
        parts["broker"] = COMPILING
        starting = client.get("/api/health")
        assert (starting.status_code, starting.json()["status"]) == (503, "starting")
        assert starting.json()["parts"]["broker"] == "starting: compiling kernels"
        assert starting.json()["codes"]["broker"] == "compiling_kernels"
    store.close()


def test_methods_that_an_address_does_not_take_are_refused_in_a_sentence(room):
    answer = room.client.put("/api/tracks", headers={TOKEN_HEADER: "t0ken"})
    assert (answer.status_code, answer.json()["error"]) == (405, "This address does not take this method.")


def test_before_fusion_has_written_everything_says_so(tmp_path):
    path = tmp_path / "later.sqlite"
    app = create_app(path, ApiSettings("<i>x</i>", pages=tmp_path), act=print, now_ns=lambda: T0_NS)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        for url in ("/api/tracks", "/api/alerts", "/api/health", "/metrics"):
            answer = client.get(url)
            assert (answer.status_code, "has not written" in answer.json()["error"]) == (503, True)
        assert client.get("/api/border").status_code == 404
        assert "<i>" not in client.get("/").text
        store = Store(path)
        assert client.get("/api/health").json()["status"] == "starting"
        assert "has not written any tracks" in client.get("/api/tracks").json()["error"]
        store.commit(1, stamp_ns=T0_NS, tracks_live=b"[]")
        assert client.get("/api/tracks").json()["tracks"] == []
        store.close()
    assert Path(path).exists()


def test_a_port_in_use_is_one_sentence():
    with listen(0) as taken:
        port = taken.getsockname()[1]
        assert (taken.getsockname()[0], taken.proto) == (
            "127.0.0.1",
            socket.IPPROTO_TCP,
        )  # see ops.services.api.serving.server: 40 ms
        with pytest.raises(BadInput, match=f"port {port}: cannot listen on 127.0.0.1 .*; expected a free port"):
            listen(port)
    with pytest.raises(BadInput, match="port 70000"):
        listen(70_000)


def test_health_names_the_muted_sensors_and_until_when(tmp_path):
    mute = {"since_ns": T0_NS, "until_ns": T0_NS + 60 * 10**9, "ended_ns": None}
    over = mute | {"ended_ns": T0_NS}
    store = Store(tmp_path / "s.sqlite")
    sensors = [{"sensor": "r1", "mute": mute}, {"sensor": "r2", "mute": over}, {"sensor": "r3"}]
    store.commit(1, stamp_ns=T0_NS, tracks_live=b"[]", sensors=sensors)
    app = create_app(store.path, ApiSettings("x"), act=print, now_ns=lambda: T0_NS)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        answer = client.get("/api/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok"), "a mute is a decision, not a failure"
        assert answer.json()["muted"] == [{"sensor": "r1", "until": "2026-03-01T22:01:00.000000Z"}]
    store.close()
