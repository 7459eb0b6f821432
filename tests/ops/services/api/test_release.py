"""Every way out of marked records: what a person without the marking receives of them, which must be nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from ingest.unit_messages import Reply
from ops.accounts.accounts import Accounts
from ops.accounts.rights import rights_at
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.incidents.book import ActionOutcome
from ops.incidents.incident import Note
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.event_stream import StreamSettings
from ops.services.api.guard import GuardSettings
from ops.services.api.release import FILTERED
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import outcome_dict
from ops.services.map.client import Answer
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, at
from tests.ops.services.api.incidents.test_incident_routes import one
from tests.patience import PATIENT_S

SECTOR = "hills"
SETTINGS = ReleasabilitySettings(levels=("restricted", "national"), sensors={"HIDDEN-radar": "national"})
HIDDEN = b"HIDDEN"
LIMITS = {"none": "", "part": "restricted", "top": "national"}
_SINCE = "from=2026-03-01T00:00:00Z&until=2026-03-21T00:00:00Z"
QUERIES = {
    "/api/profile": "?from=1,1&to=2,2",
    "/api/ground": "?lon=1&lat=1",
    "/v1/history/moment": "?at=2099-01-01T00:00:00Z&now=1",
    "/v1/history/incidents": f"?{_SINCE}",
    "/v1/history/tracks/{identity}": f"?{_SINCE}",
    "/v1/history/units/{identity}": f"?{_SINCE}",
    "/v1/export": "?layers=incidents,alerts,sensors&format=kml&purpose=test",
}
LAYOUT = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"id": name}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
        for name in ("open-radar", "HIDDEN-radar")
    ],
}
LAYERS = [{"id": "hillshade"}, {"id": "HIDDEN-coverage"}]
SENSORS = [{"sensor": "open-radar"}, {"sensor": "HIDDEN-radar", "marking": "national"}]


def alert(identity: str, revision: int = 0) -> dict[str, Any]:
    return {
        "id": identity, "revision": revision, "status": "active", "priority": "high",
        "raised_at": "2026-03-01T22:00:00Z",
    }  # fmt: skip


def ask(question: str, **arguments: Any) -> Answer:
    bodies: dict[str, Any] = {
        "sector": {"sensor_kinds": ["HIDDEN-kind"]},
        "layers": LAYERS,
        "layout": LAYOUT,
        "segments": {"features": [{"geometry": None, "properties": {"segment": 1, "dead_ground_fraction": "HIDDEN"}}]},
        "place": {"sensors": ["HIDDEN-radar"]},
    }
    if question == "base_map_file":
        return Answer(404, "application/json", b'{"error": "The sector has no base map."}')
    return Answer(200, "application/json", json.dumps(bodies.get(question, {})).encode())


class World(SimpleNamespace):
    """A server over a store with marked records."""

    def client(self, limit: str) -> httpx.Client:
        token = self.accounts.token(self.accounts.store.account(limit), "test", 1)
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENT_S)

    def events(self, client: httpx.Client, until: int, **query: Any) -> list[tuple[int | None, str, bytes]]:
        """The first events of a stream, alerts and incidents counted, as (number, name, body)."""
        found: list[tuple[int | None, str, bytes]] = []
        with client.stream("GET", "/api/stream", params=query) as answer:
            number, name = None, ""
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    found.append((number, name, line[6:].encode()))
                    number = None
                    if sum(one[1] in ("alert", "incident") for one in found) >= until:
                        return found
        raise AssertionError("the stream ended")

    def send_reply(self, reply: Reply) -> tuple[int, int]:
        self.replies.append(reply)
        outcome = ActionOutcome(reply.action_id, reply.incident, reply.action, reply.by, at(9), "done", 1)
        self.commit(outcomes=[outcome_dict(outcome)])
        return 1, 1

    def journaled(self, _: Any) -> bool:
        return True

    def commit(self, **parts: Any) -> None:
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=START_NS, **parts)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "store.db")
    opened = World(store=store, cursor=1, replies=[])
    store.commit(
        1,
        stamp_ns=time.time_ns(),
        tracks_live=[{"track": "T1"}, {"track": "HIDDEN-T2", "marking": "national"}],
        bearings=[{"sensor": "HIDDEN-radar", "marking": "national"}],
        sensors=SENSORS,
        counts={"open-radar": {"received": 1}, "HIDDEN-radar": {"received": 2}},
        alerts=[alert("A1"), alert("HIDDEN-A2"), alert("A3")],
        incident_revisions=[
            one("I1", links=("HIDDEN-I2",), name="Bravo 1"),
            one("HIDDEN-I2", name="HIDDEN 2", notes=(Note(at(1), "Ana", "HIDDEN note"),)),
            one("I3", name="Bravo 3"),
        ],
        outcomes=[
            {"id": "HIDDEN-act", "incident": "HIDDEN-I2", "action": "note", "by": "A", "at": "2026-03-01T22:00:00Z",
             "result": "done", "revision": 1, "message": None, "sentence": ""}
        ],
        markings=[
            ("alert", "HIDDEN-A2", "national"), ("incident", "HIDDEN-I2", "national"),
            ("track", "HIDDEN-T2", "national"),
        ],
    )  # fmt: skip
    accounts = Accounts(AccountStore(tmp_path / "accounts.db"))
    for login, limit in LIMITS.items():
        accounts.add(login, login, {"*": "supervisor"})
        account = accounts.store.account(login)
        accounts.store.change(account.id, releasability=limit, must_set_password=0)
    log = AuditLog(tmp_path / "audit")
    app = create_app(
        store.path,
        ApiSettings(
            SECTOR, border={"type": "LineString"}, guard=GuardSettings(bearer=True), releasability=SETTINGS,
            pages=tmp_path / "none", stream=StreamSettings(poll_s=0.01, heartbeat_s=0.2),
        ),
        act=lambda _: None,
        actions=opened,
        now_ns=lambda: START_NS,
        access_log=log,
        ground=ask,
        accounts=accounts,
    )  # fmt: skip
    with serving(app) as port:
        opened.__dict__.update(app=app, accounts=accounts, address=f"http://127.0.0.1:{port}")
        yield opened
    log.close()
    store.close()
    accounts.store.close()


def addresses(world: World) -> Iterator[tuple[str, str]]:
    """Every GET route of the application, with the ids of hidden records in its place holders."""
    for route in world.app.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or route.path == "/api/stream":
            continue
        if rights_at(route.path).get("GET") in (None, "open", "own", "field") and route.path != "/api/health":
            continue
        path = route.path.replace("{action}", "HIDDEN-act").replace("{layer}", "HIDDEN-coverage")
        path = path.replace("{identity}", "HIDDEN-A2" if "alerts" in path else "HIDDEN-I2")
        yield route.path, path.replace("{z}/{x}/{y}", "1/1/1") + QUERIES.get(route.path, "")


def test_a_tile_of_two_layers_is_for_those_who_may_see_both(world: World) -> None:
    with world.client("part") as part, world.client("top") as top:
        for layers in ("hillshade+HIDDEN-coverage", "HIDDEN-coverage+hillshade"):
            path = f"/api/tiles/{layers}/1/1/1.png"
            assert (part.get(path).status_code, top.get(path).status_code) == (404, 200)
        assert part.get("/api/tiles/hillshade/1/1/1.png").status_code == 200


def test_a_walk_over_all_routes_finds_nothing_hidden_and_everything_for_those_who_may(world: World) -> None:
    """The paths of the request are HIDDEN too, so a refusal may repeat them, as for an id that does not exist."""
    walked, shown = 0, b""
    with world.client("none") as none, world.client("part") as part, world.client("top") as top:
        for route, path in addresses(world):
            for client in (none, part):
                answer = client.get(path)
                if answer.status_code < 400:
                    content = answer.content.replace(b'{"id":"HIDDEN-I2","then":[]', b"")  # the id that was asked for
                    assert HIDDEN not in content, (route, content)
                elif route in FILTERED and "{" in route:
                    unknown = client.get(path.replace("HIDDEN-A2", "NEVER").replace("HIDDEN-I2", "NEVER"))
                    assert unknown.status_code == answer.status_code, route
                    assert unknown.text.replace("NEVER", "") == answer.text.replace("HIDDEN-A2", "").replace(
                        "HIDDEN-I2", ""
                    ), route
                else:
                    assert answer.status_code in (403, 404, 503), (route, answer.text)
            shown += top.get(path).content
            walked += 1
    assert walked >= 20
    for secret in ("HIDDEN-T2", "HIDDEN-A2", "HIDDEN-I2", "HIDDEN-radar", "HIDDEN note", "HIDDEN-act", '"national"'):
        assert secret.encode() in shown, secret


def test_a_route_that_does_not_filter_is_closed_to_those_from_whom_something_is_hidden(world: World) -> None:
    with world.client("none") as none, world.client("top") as top:
        assert none.get("/metrics").status_code == 403
        assert none.get("/metrics").json()["detail"].startswith("This address is open only to people who receive")
        assert top.get("/metrics").status_code == 200


def test_lists_have_neither_the_record_nor_a_count_of_it(world: World) -> None:
    with world.client("none") as none, world.client("top") as top:
        listed = none.get("/api/alerts", params={"limit": 2}).json()
        assert ([each["id"] for each in listed["alerts"]], listed["more"]) == (["A1", "A3"], False)
        assert [each["id"] for each in none.get("/v1/incidents").json()["incidents"]] == ["I1", "I3"]
        assert none.get("/v1/incidents/I1").json()["links"] == []
        assert top.get("/v1/incidents/I1").json()["links"] == ["HIDDEN-I2"]
        assert top.get("/v1/incidents/HIDDEN-I2").json()["marking"] == "national"
        assert none.get("/v1/incidents", params={"text": "HIDDEN"}).json()["incidents"] == []
        assert none.get("/api/health").json()["last_event"] is None


def test_the_stream_has_numbers_without_gaps_and_no_hidden_picture(world: World) -> None:
    with world.client("none") as none, world.client("top") as top:
        plain = [event for event in world.events(none, 4, after=0) if event[1] in ("alert", "incident")]
        numbers = [number for number, _, _ in plain]
        assert numbers == list(range(numbers[0], numbers[0] + 4))
        assert HIDDEN not in b"".join(body for _, _, body in plain)
        world.commit(alerts=[alert("HIDDEN-A4"), alert("A5")], markings=[("alert", "HIDDEN-A4", "restricted")])
        rest = world.events(none, 1, after=numbers[-1])
        number, body = next((number, body) for number, name, body in rest if name == "alert")
        assert (number, json.loads(body)["id"]) == (numbers[-1] + 1, "A5")
        world.commit(tracks_live=[{"track": "T1"}, {"track": "HIDDEN-T2", "marking": "national"}], alerts=[alert("A6")])
        assert HIDDEN not in b"".join(body for _, _, body in world.events(none, 1, after=number))
        everything = [event for event in world.events(top, 6, after=0) if event[1] in ("alert", "incident")]
        assert [number for number, _, _ in everything] == [1, 2, 3, 4, 5, 6]
        assert b'"marking":"national"' in everything[1][2]


def test_a_record_that_is_raised_is_withdrawn_by_a_reset_and_one_that_is_lowered_arrives(world: World) -> None:
    with world.client("none") as none, world.client("part") as part:
        before = [event for event in world.events(none, 4, after=0) if event[1] in ("alert", "incident")]
        of_part = [event for event in world.events(part, 4, after=0) if event[1] in ("alert", "incident")]
        world.commit(markings=[("incident", "I3", "restricted")])
        again = world.events(none, 3, after=before[-1][0])
        assert again[0][1] == "reset"
        assert [json.loads(body)["id"] for _, name, body in again if name in ("alert", "incident")] == [
            "A1",
            "A3",
            "I1",
        ]
        world.commit(alerts=[alert("A7")])
        resumed = world.events(part, 1, after=of_part[-1][0])
        assert "reset" not in [name for _, name, _ in resumed], "nothing that this person sees has changed"
        world.commit(markings=[("alert", "HIDDEN-A2", "")])
        lowered = world.events(none, 5, after=again[-1][0])
        assert lowered[0][1] == "reset"
        assert b"HIDDEN-A2" in b"".join(body for _, _, body in lowered)


def test_an_action_on_a_hidden_record_is_one_on_none(world: World) -> None:
    action = {"id": "action-0001", "action": "link", "expected_revision": 0}
    with world.client("none") as none:
        for path in ("/v1/incidents/HIDDEN-I2/actions", "/v1/incidents/NEVER/actions"):
            assert none.post(path, json=action | {"other": "I1"}).status_code == 404
        for other in ("HIDDEN-I2", "NEVER"):
            assert none.post("/v1/incidents/I1/actions", json=action | {"other": other}).status_code == 404
        assert none.post("/api/alerts/HIDDEN-A2/acknowledge").status_code == 404
    assert world.replies == []


def test_a_supervisor_marks_with_a_reason_up_to_what_she_may_see(world: World) -> None:
    decision = {"id": "marking-0001", "marking": "restricted", "reason": "joint operation"}
    with world.client("part") as part:
        assert part.get("/v1/markings").json() == {"markings": ["restricted"], "change": True, "units": {}}
        answer = part.post("/v1/incidents/I1/marking", json=decision)
        assert (answer.status_code, answer.json()["outcome"]["result"]) == (202, "done")
        reply = world.replies[-1]
        assert (reply.action, reply.marking, reply.reason, reply.by) == (
            "mark",
            "restricted",
            "joint operation",
            "part",
        )
        for wrong in ({"marking": "national"}, {"marking": "invented"}, {"reason": ""}):
            assert (
                part.post("/v1/incidents/I1/marking", json=decision | {"id": "marking-0002"} | wrong).status_code == 422
            )
        account = world.accounts.store.account("part")
        world.accounts.store.set_roles(account.id, {"*": "operator"})
        assert part.post("/v1/incidents/I1/marking", json=decision).status_code == 403
        assert part.get("/v1/markings").json()["change"] is False


def test_a_store_with_markings_stays_closed_where_the_settings_name_none(world: World) -> None:
    settings = ApiSettings(SECTOR, guard=GuardSettings(bearer=True))
    app = create_app(world.store.path, settings, act=lambda _: None, now_ns=lambda: START_NS, accounts=world.accounts)
    with serving(app) as port:
        world.address = f"http://127.0.0.1:{port}"
        with world.client("none") as none:
            assert HIDDEN not in none.get("/api/alerts").content
            assert none.get("/metrics").status_code == 403


def test_a_marking_that_the_settings_no_longer_name_is_hidden_from_everyone_with_a_limit(world: World) -> None:
    """As after a level was renamed: the most restrictive level does not open the records of the old name."""
    world.commit(
        tracks_live=[{"track": "T1"}, {"track": "HIDDEN-old", "marking": "old-name"}],
        incident_revisions=[one("HIDDEN-I9", name="HIDDEN 9")],
        markings=[("track", "HIDDEN-old", "old-name"), ("incident", "HIDDEN-I9", "old-name")],
    )
    with world.client("top") as top:
        for path in ("/api/tracks", "/v1/incidents", "/v1/handover", "/handover", "/v1/ogc/collections/tracks/items"):
            content = top.get(path).content
            assert b"HIDDEN-old" not in content, path
            assert b"HIDDEN 9" not in content, path
        assert b"HIDDEN 2" in top.get("/v1/incidents").content
        assert top.get("/metrics").status_code == 403
        account = world.accounts.store.account("top")
        world.accounts.store.change(account.id, releasability="*")
        assert b"HIDDEN-old" in top.get("/api/tracks").content
        assert top.get("/metrics").status_code == 200


def test_an_incident_is_not_handed_to_a_person_who_may_not_have_it(world: World) -> None:
    def handed(client: httpx.Client, identity: str, number: int) -> httpx.Response:
        body = {"id": f"hand-over-{number}", "action": "hand_over", "to": "part", "reason": "end of my watch"}
        return client.post(f"/v1/incidents/{identity}/actions", json=body | {"expected_revision": 1})

    with world.client("top") as top:
        refused = handed(top, "HIDDEN-I2", 1)
        assert (refused.status_code, world.replies) == (422, [])
        assert refused.json()["detail"].endswith("expected one of: top.")
        assert handed(top, "I1", 2).status_code == 202
        assert [reply.to for reply in world.replies] == ["part"]
