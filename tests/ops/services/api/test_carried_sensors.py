"""The position of a sensor that people carry is that of own forces: who may not have these gets its post."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ops.accounts.accounts import Accounts
from ops.accounts.person import ROLES
from ops.accounts.rights import HOLDERS
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.releasability.carried import at_posts, without_carried
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.event_stream import StreamSettings
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS
from tests.ops.services.api.test_release import SECTOR, addresses, ask
from tests.patience import PATIENT_S

SECRET = b"7654321"
"""Digits of where the sensor is, and of nothing else."""
POST = (8.5, 47.0)
CAR: dict[str, Any] = {
    "sensor": "car", "kind": "camera", "lon": 8.7654321, "lat": 47.7654321, "state": "ok", "since_ns": START_NS,
    "revoked": False, "faults": {},
    "pose": {
        "stated_ns": START_NS, "position_sd_m": 3.0, "heading_deg": 41.5, "moving": True,
        "post_lon": POST[0], "post_lat": POST[1],
    },
}  # fmt: skip
MAST: dict[str, Any] = {
    "sensor": "mast", "kind": "radar", "lon": 8.25, "lat": 47.5, "state": "ok", "since_ns": START_NS, "revoked": False,
    "faults": {},
}  # fmt: skip
BEARINGS: list[dict[str, Any]] = [
    {"sensor": "car", "lon": 8.7654321, "lat": 47.7654321, "carried": True},
    {"sensor": "mast", "lon": 8.25, "lat": 47.5},
]
LEVELS = ReleasabilitySettings(levels=("restricted",))
GROUND = {
    "/api/sector", "/api/layout", "/api/segments", "/api/layers", "/api/ground", "/api/tiles/{layer}/{z}/{x}/{y}.png",
    "/v1/ogc/collections/segments/items", "/v1/ogc/collections/coverage/items",
    "/v1/ogc/collections/coverage/items/{feature}",
}  # fmt: skip
"""Routes that state what the sensors cover, and where the carried one is to go."""
LAYOUT: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": POST},
            "properties": {"id": "car", "kind": "camera", "mobile": True, "route": [[8.7654321, 47.1]], "area": None},
        }
    ],
}


def on_the_ground(question: str, at_posts: bool = False, **arguments: Any) -> Answer:
    """The map process: what it computes with the sensor where it is shows the secret."""
    shown = "at its post" if at_posts else SECRET.decode()
    fields = {"segment": 1, "dead_ground_fraction": 0.5, "unknown_fraction": None, "section": shown}
    square = {"type": "Polygon", "coordinates": [[[8.0, 47.0], [8.1, 47.0], [8.1, 47.1], [8.0, 47.0]]]}
    line = {"type": "LineString", "coordinates": [[8.0, 47.0], [8.1, 47.1]]}
    bodies: dict[str, Any] = {
        "layers": [{"id": "coverage", "revision": shown}],
        "layout": LAYOUT,
        "segments": {"features": [{"type": "Feature", "geometry": line, "properties": fields}]},
        "coverage_cells": {
            "features": [{"type": "Feature", "id": "car", "geometry": square, "properties": {"conditions": shown}}]
        },
        "place": {"seen_by": [shown]},
        "watch": {"layers": {"coverage": SECRET.decode()}, "at_posts": {"coverage": "posts"}},
    }
    if question == "tile":
        return Answer(200, "image/png", shown.encode(), etag='"t"', revision="r")
    return (
        ask(question, **arguments)
        if question not in bodies
        else Answer(200, "application/json", json.dumps(bodies[question]).encode())
    )


PLACES = {"/api/sensors", "/v1/ogc/collections/sensors/items", "/v1/ogc/collections/sensors/items/{feature}"}
"""Routes that state where sensors are; so does the stream."""


class Room(SimpleNamespace):
    """A server over a store with a sensor on a mast and one in a car."""

    def client(self, login: str) -> httpx.Client:
        token = self.accounts.token(self.accounts.store.account(login), "test", 1)
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENT_S)

    def answers(self, client: httpx.Client) -> Iterator[tuple[str, bytes]]:
        """What a person gets of each route, and of the first pictures of the stream."""
        for route, path in addresses(self):
            answer = client.get(path.replace("{feature}", "car").replace("{sensor}", "car"))
            if answer.status_code < 400:
                yield route, answer.content
        with client.stream("GET", "/api/stream") as answer:
            if answer.status_code == 200:
                yield "/api/stream", self.first_pictures(answer)

    def first_pictures(self, answer: httpx.Response) -> bytes:
        """The stream up to its second heartbeat, when every picture has come."""
        read, beats = [], 0
        for line in answer.iter_lines():
            read.append(line)
            beats += line == "event: heartbeat"
            if beats == 2:
                break
        return "\n".join(read).encode()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("carried")
    log = AuditLog(folder / "audit")
    store = Store(folder / "store.db")
    store.commit(
        1, stamp_ns=time.time_ns(), tracks_live=[{"track": "T1"}], sensors=[CAR, MAST], bearings=BEARINGS, counts={}
    )
    accounts = Accounts(AccountStore(folder / "accounts.db"))
    for role in (*ROLES, "guest"):
        accounts.add(role, role, {"*": "supervisor" if role == "guest" else role})
        limit = "" if role == "guest" else "restricted"
        accounts.store.change(accounts.store.account(role).id, releasability=limit, must_set_password=0)
    app = create_app(
        store.path,
        ApiSettings(
            SECTOR, border={"type": "LineString"}, guard=GuardSettings(bearer=True), releasability=LEVELS,
            pages=folder / "none", stream=StreamSettings(poll_s=0.01, heartbeat_s=0.2),
        ),
        act=lambda _: None,
        now_ns=lambda: START_NS,
        ground=on_the_ground,
        accounts=accounts,
        access_log=log,
    )  # fmt: skip
    with serving(app) as port:
        yield Room(app=app, accounts=accounts, log=log, address=f"http://127.0.0.1:{port}")
    log.close()
    store.close()
    accounts.store.close()


@pytest.mark.parametrize("person", [*ROLES, "guest"])
def test_who_may_not_have_own_forces_learns_the_position_nowhere(room: Room, person: str) -> None:
    """``guest`` is a supervisor from whom a marking is hidden, and own forces with it."""
    with room.client(person) as client:
        found = {route for route, content in room.answers(client) if SECRET in content}
    if person in HOLDERS["picture"]:
        assert {*PLACES, *GROUND, "/api/stream"} <= found
    else:
        assert found == set()


@pytest.mark.parametrize("person", ["planner", "guest"])
def test_they_get_coverage_with_the_sensor_at_its_post(room: Room, person: str) -> None:
    with room.client(person) as client:
        (layer,) = client.get("/api/layers").json()
        (car,) = client.get("/api/layout").json()["features"]
        (cell,) = client.get("/v1/ogc/collections/coverage/items").json()["features"]
        assert client.get("/api/tiles/coverage/1/1/1.png").content == b"at its post"
        deadline = time.monotonic() + PATIENT_S  # the map process is asked again and again
        while "layers" not in (sensors := client.get("/api/sensors").json()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert sensors["layers"] == {"coverage": "posts"}
    assert (layer["revision"], cell["properties"]["conditions"]) == ("at its post", "at its post")
    assert set(car["properties"]) == {"id", "kind", "mobile"}


@pytest.mark.parametrize("person", ["planner", "guest"])
def test_they_get_its_state_at_its_post(room: Room, person: str) -> None:
    with room.client(person) as client:
        sensors = {one["sensor"]: one for one in client.get("/api/sensors").json()["sensors"]}
        items = {one["id"]: one for one in client.get("/v1/ogc/collections/sensors/items").json()["features"]}
    assert (sensors["car"]["lon"], sensors["car"]["lat"]) == POST
    assert sensors["car"]["state"] == "ok"
    assert "pose" not in sensors["car"]
    assert sensors["mast"] == MAST
    assert items["car"]["geometry"]["coordinates"] == list(POST)


@pytest.mark.parametrize("person", ["viewer", "planner", "guest"])
def test_reads_of_the_position_are_recorded_and_those_of_posts_are_not(room: Room, person: str) -> None:
    before = len(room.log.entries())
    items = "/v1/ogc/collections/sensors/items"
    with room.client(person) as client:
        for path in ("/api/sensors", items, f"{items}/car", f"{items}/mast", "/v1/ogc/collections/sensors/schema"):
            assert client.get(path).status_code == 200
    new = [(entry.what, entry.subject) for entry in room.log.entries()[before:]]
    read = "positions of carried sensors"
    recorded = [("GET /api/sensors", read), (f"GET {items}", read), (f"GET {items}/car", f"{read}: car")]
    assert new == (recorded if person == "viewer" else [])


def test_the_guest_gets_directions_of_fixed_sensors_only(room: Room) -> None:
    with room.client("guest") as guest, room.client("viewer") as viewer:
        assert [one["sensor"] for one in guest.get("/api/bearings").json()["bearings"]] == ["mast"]
        assert viewer.get("/api/bearings").json()["bearings"] == BEARINGS


def test_where_the_post_is_not_known_there_is_no_position() -> None:
    """A picture of before the post was stated with the pose."""
    car = json.loads(json.dumps(CAR))
    del car["pose"]["post_lon"], car["pose"]["post_lat"]
    (stated,) = at_posts([car])
    assert (stated["lon"], stated["lat"]) == (None, None)
    assert "pose" not in stated
    assert without_carried(BEARINGS) == BEARINGS[1:]
    assert at_posts([MAST]) == [MAST]
