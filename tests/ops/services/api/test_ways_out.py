"""Two rooms of which only one has records that are hidden from a person: every answer to her is the same in both.

The room has tracks, alerts, incidents, sensors, bearings, notes and history above the person's limit, and records that
were raised or lowered since, in live pictures, moments, the track history and exports. Where each answer, with its
counts, numbers, hashes, entity tags and files, is the same as in a room in which they never were, it reveals nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pyogrio
import pytest
from starlette.routing import Route

from ops.accounts.accounts import Accounts
from ops.accounts.rights import OGC, OGC_COLLECTIONS, rights_at
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.export.request import FORMATS, LAYERS
from ops.incidents.incident import NamedTrack, Note, Transition
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.observability.tags import tag_of_body
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict
from ops.services.map.client import Answer
from ops.store.handover_notes import HandoverNote, HandoverNotes
from ops.store.writer import Store
from tests.ops.analysis.handover.night import FRAME
from tests.ops.export.exported import BORDER, VIEW, track
from tests.ops.incidents.making import SECOND, START_NS, alert, at, incident
from tests.patience import PATIENT_S

SETTINGS = ReleasabilitySettings(levels=("restricted", "national"), sensors={"HIDDEN-radar": "national"})
LIMITS = {"none": "", "part": "restricted", "top": "national"}
NOW_NS = START_NS + 3600 * SECOND
GROUND = VIEW | {"frame": {"name": "local", "proj": FRAME.wkt, "wkt": FRAME.wkt}}
FIRST, LAST = at(0).isoformat(), at(300).isoformat()
CHANGING = ("date", "server", "set-cookie", "content-length")
MAY_DIFFER = re.compile(rb'name="form_token" value="[^"]*"')
MAP: dict[str, Any] = {
    "sector": {"sensor_kinds": ["HIDDEN-kind"]},
    "layers": [{"id": "hillshade"}, {"id": "HIDDEN-coverage"}],
    "layout": {"features": []},
    "segments": {
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [[-84.3, 36.6], [-84.2, 36.6]]},
                "properties": {
                    "segment": 3, "section": "West", "chainage_from_m": 0.0, "chainage_to_m": 500.0,
                    "dead_ground_fraction": 0.123, "unknown_fraction": 0.456,
                },
            }
        ]
    },
    "coverage_cells": {"features": []},
    "place": {"sensors": ["HIDDEN-radar"]},
}  # fmt: skip


def ask(question: str, **_: Any) -> Answer:
    return Answer(200, "application/json", json.dumps(MAP.get(question, {})).encode())


class Room:
    """A server, with the answers that each person gets."""

    def __init__(self, folder: Path, *, hidden: bool) -> None:
        folder.mkdir()
        self.folder, self.hidden = folder, hidden
        self.store, self.cursor = Store(folder / "store.db"), 0
        self._fill()
        self.accounts = Accounts(AccountStore(folder / "accounts.db"))
        for login, limit in LIMITS.items():
            self.accounts.add(login, login, {"*": "supervisor"})
            account = self.accounts.store.account(login)
            self.accounts.store.change(account.id, releasability=limit, must_set_password=0)
        self.log = AuditLog(folder / "audit")
        self.app = create_app(
            self.store.path,
            ApiSettings(
                "hills", border=BORDER, ground=GROUND, guard=GuardSettings(bearer=True), releasability=SETTINGS,
                pages=folder / "none",
            ),
            act=lambda _: None,
            now_ns=lambda: NOW_NS,
            access_log=self.log,
            ground=ask,
            accounts=self.accounts,
        )  # fmt: skip

    @contextmanager
    def served(self) -> Iterator[Room]:
        with serving(self.app) as port, ExitStack() as stack:
            self.clients = {
                login: stack.enter_context(
                    httpx.Client(
                        base_url=f"http://127.0.0.1:{port}",
                        headers={"Authorization": f"Bearer {self.token(login)}", "Purpose": "test of the ways out"},
                        timeout=PATIENT_S,
                    )
                )
                for login in LIMITS
            }
            yield self
        self.log.close()
        self.store.close()
        self.accounts.store.close()

    def token(self, login: str) -> str:
        return self.accounts.token(self.accounts.store.account(login), "test", 1)

    def get(self, login: str, path: str) -> httpx.Response:
        return self.clients[login].get(path)

    def _only(self, *records: Any) -> list[Any]:
        """Records that only the room with hidden ones has."""
        return list(records) if self.hidden else []

    def _fill(self) -> None:
        mine, theirs = alert("crossing", "T1"), alert("crossing", "HIDDEN-T2")
        outage = alert("sensor_offline", "HIDDEN-radar", 30.0)
        names = (NamedTrack("T1", "Cedar 4"),)
        shown = _incident(
            "I1", lead=mine, tracks=(*names, *self._only(NamedTrack("HIDDEN-T3", "HIDDEN Otter 9"))),
            links=tuple(self._only("HIDDEN-I2")),
            notes=(
                Note(at(5), "Ana", "seen from the ridge"),
                *self._only(Note(at(6), "Bo", "national: HIDDEN source", markings=("national",))),
            ),
        )  # fmt: skip
        hidden = _incident(
            "HIDDEN-I2", lead=theirs, name="HIDDEN 2", tracks=(NamedTrack("HIDDEN-T2", "HIDDEN Owl 1"),),
            notes=(Note(at(1), "Cy", "HIDDEN note"),),
            transitions=(Transition(at(0), "open", "system", "open"), Transition(at(9), "open", "HIDDEN-man", "note")),
        )  # fmt: skip
        broken = _incident("HIDDEN-I3", lead=outage, kind="equipment", name="HIDDEN 3", sensors=("HIDDEN-radar",))
        later = _incident("I4", lead=alert("loitering", "T1", 200.0), name="Kilo 3", tracks=names, opened_at=at(200))
        hidden_later = _incident(
            "HIDDEN-I5", lead=theirs, name="HIDDEN 5", tracks=(NamedTrack("T1", "Cedar 4"),), opened_at=at(210)
        )
        marks: list[tuple[str, str, str]] = self._only(
            ("alert", theirs.id, "national"), ("alert", outage.id, "national"), ("incident", "HIDDEN-I2", "national"),
            ("incident", "HIDDEN-I3", "national"), ("incident", "HIDDEN-I5", "national"),
            ("track", "HIDDEN-T2", "national"), ("track", "T4", "national"),
        )  # fmt: skip
        for number, second in enumerate((0, *range(1, 20), 30, 60, 90, 120, 180, 240, 300)):
            more: dict[str, Any] = {}
            if second == 0:
                more = {
                    "alerts": [alert_dict(one, FRAME) for one in (mine, *self._only(theirs))],
                    "incident_revisions": [shown, *self._only(hidden)],
                    "markings": marks,
                    "outcomes": self._only(
                        {"id": "HIDDEN-act", "incident": "HIDDEN-I2", "action": "note", "by": "A", "at": FIRST,
                         "result": "done", "revision": 1, "message": None, "sentence": ""}
                    ),
                }  # fmt: skip
            if second == 30 and self.hidden:
                more = {"alerts": [alert_dict(outage, FRAME)], "incident_revisions": [broken]}
            if second == 120 and self.hidden:  # a track is raised, and one is lowered by a decision
                more = {"markings": [("track", "HIDDEN-T3", "national"), ("track", "T4", "")]}
            if second == 240:
                more = {"incident_revisions": [later, *self._only(hidden_later)]}
            if second == 300:
                more = {"forces": _forces()}
            still = 0 if second < 30 else second  # so that only what is hidden changes, and moments show how much
            self.commit(
                second,
                tracks_live=[
                    _track("T1", still), *self._only(_track("HIDDEN-T2", second, marking="national")),
                    *self._only(_track("HIDDEN-T3", second, **({"marking": "national"} if second >= 120 else {}))),
                    _track("T4", still, **({"marking": "national"} if self.hidden and second < 120 else {})),
                ],
                bearings=[_bearing("open-radar"), *self._only(_bearing("HIDDEN-radar", marking="national"))],
                sensors=[_sensor("open-radar"), *self._only(_sensor("HIDDEN-radar", marking="national"))],
                counts={sensor: {"received": second} for sensor in ("open-radar", *self._only("HIDDEN-radar"))},
                **more,
            )  # fmt: skip
            if self.hidden and number == 0:
                self.commit(0, alerts=[alert_dict(alert("loitering", "HIDDEN-T2", 1.0), FRAME)],
                            markings=[("alert", alert("loitering", "HIDDEN-T2", 1.0).id, "national")])  # fmt: skip
        late = [("HIDDEN-T2", float(second)) for second in range(200, 300, 10)]
        for second in range(0, 100, 10):  # the history is in order of time
            for name in ("T1", *self._only("HIDDEN-T3")):
                self.commit(300, history=track(name, _array([float(second)]), _array([0.0]), float(second)))
        for name, at_s in self._only(*late):
            self.commit(300, history=track(name, _array([at_s]), _array([0.0]), at_s))
        notes = HandoverNotes(self.folder)
        shift = (datetime.fromisoformat("2026-03-20T06:00:00Z"), datetime.fromisoformat("2026-03-20T14:00:00Z"))
        notes.add(HandoverNote(*shift, at(200), "Ana", "ana", "supervisor", "Fog at the ford.", ""))
        for marking in self._only("national", None):
            notes.add(HandoverNote(*shift, at(210), "HIDDEN-Cy", "cy", "supervisor", "HIDDEN words", marking))

    def commit(self, second: float, **parts: Any) -> None:
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=START_NS + round(second * SECOND), **parts)


def _array(values: list[float]) -> Any:
    import numpy as np

    return np.array(values)


def _incident(identity: str, *, lead: Any, **more: Any) -> dict[str, Any]:
    return incident_dict(incident(id=identity, lead=lead.id, alerts=(lead.id,), **more), FRAME, section="West")


def _track(name: str, second: float, **more: Any) -> dict[str, Any]:
    seen = "HIDDEN-radar" if name.startswith("HIDDEN") else "open-radar"
    return {
        "track": name, "name": name, "status": "confirmed", "lon": -84.2 + second * 1e-5, "lat": 36.6, "segment": 3,
        "updated_ns": START_NS, "sensors": [seen], "evidence": [[seen, 1, 1]], "revoked_sources": [],
    } | more  # fmt: skip


def _bearing(sensor: str, **more: Any) -> dict[str, Any]:
    return {"sensor": sensor, "lon": -84.2, "lat": 36.6, "azimuth_deg": 12.0, "updated_ns": START_NS} | more


def _sensor(sensor: str, **more: Any) -> dict[str, Any]:
    return {
        "sensor": sensor, "kind": "radar", "lon": -84.2, "lat": 36.6, "state": "offline", "since_ns": START_NS,
        "revoked": False, "faults": {},
    } | more  # fmt: skip


def _forces() -> dict[str, Any]:
    unit = {
        "unit": "HIDDEN-patrol", "lon": -84.2, "lat": 36.6, "position_sd_m": 10.0, "observed_ns": START_NS,
        "received_ns": START_NS, "clock_ahead_s": 0.0, "duty": "on_duty", "moves": "foot", "base": "fork", "note": "",
        "distress_ns": None, "segment": 3, "offset_m": 1.0, "section": None,
    }  # fmt: skip
    return {"units": [unit], "bases": [], "sections": [], "fading_s": 300.0, "stale_s": 900.0}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, Room]]:
    """The room with hidden records, and the one without."""
    folder = tmp_path_factory.mktemp("rooms")
    with Room(folder / "with", hidden=True).served() as full, Room(folder / "without", hidden=False).served() as bare:
        yield full, bare


PERIOD = f"from={FIRST}&until={LAST}".replace("+", "%2B")
AT = [f"at={at(second).isoformat()}&now={now}".replace("+", "%2B") for second in (0, 59, 130, 299) for now in (0, 1)]
QUERIES: dict[str, list[str]] = {
    "/api/profile": ["from=1,1&to=2,2"],
    "/api/ground": ["lon=1&lat=1"],
    "/api/alerts": ["", "limit=1", "status=active"],
    "/v1/incidents": ["", "limit=1", "text=HIDDEN", "state=open&state=closed"],
    "/v1/history/moment": AT,
    "/v1/history/incidents": [PERIOD, f"{PERIOD}&limit=2"],
    "/v1/history/tracks/{identity}": [PERIOD],
    "/v1/history/units/{identity}": [PERIOD],
    "/v1/handover": ["", PERIOD, f"{PERIOD}&incidents=HIDDEN 2"],
    "/handover": ["", f"{PERIOD}&language=fr"],
    "/after-action": [PERIOD],
    "/handover.pdf": [PERIOD],
    "/after-action.pdf": [PERIOD],
    "/v1/alerts.georss": ["", "limit=1"],
    "/v1/incidents.georss": ["", "limit=1"],
    "/v1/cap/feed.atom": ["", "limit=1"],
    "/v1/export": [f"format={one}&{PERIOD}" for one in FORMATS],
    **{
        f"{OGC}/collections/{name}/items": [
            "", "f=html", "limit=1", "sortby=-segment", "bbox=-85,36,-84,37", "filter=segment=3", "offset=1",
        ]
        for name in ("tracks", "incidents", "alerts")
    },
}  # fmt: skip
IDENTITIES = ("HIDDEN-I2", "HIDDEN-T2", "HIDDEN-T3", "I1", "T1", "T4", "HIDDEN-patrol", "NEVER")


def addresses(room: Room) -> Iterator[tuple[str, str]]:
    """Every GET route that needs a right, with each of its queries and ids; the stream has its own tests."""
    hidden_alert = alert("crossing", "HIDDEN-T2").id
    for route in room.app.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or route.path == "/api/stream":
            continue
        if rights_at(route.path).get("GET") in (None, "open", "own") and route.path != "/api/health":
            continue
        path = route.path.replace("{action}", "HIDDEN-act").replace("{layer}", "HIDDEN-coverage")
        path = path.replace("{z}/{x}/{y}", "1/1/1")
        alerts = (hidden_alert, alert("crossing", "T1").id)
        identities = (*IDENTITIES, *alerts, *(f"hills.{one}.0" for one in alerts)) if "{" in path else ("",)
        for identity in identities:
            for query in QUERIES.get(route.path, [""]):
                yield route.path, re.sub(r"\{\w+\}", identity, path) + (f"?{query}" if query else "")


def content(answer: httpx.Response) -> Any:
    """What an answer holds: status, headers and body. Archives and GeoPackages are without the time of their writing.

    Hashes are compared with the body that they are of, so that equal bodies have equal ones.
    """
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    kind, body = answer.headers.get("content-type", ""), answer.content
    if (digest := headers.pop("x-watchline-sha256", None)) is not None:
        assert digest == hashlib.sha256(body).hexdigest()
        headers.pop("etag"), headers.pop("last-modified")  # of the time of writing
    if headers.get("etag") == tag_of_body(body):
        del headers["etag"]
    if kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return headers, {name: archive.read(name) for name in archive.namelist()}
    if kind == "application/geopackage+sqlite3":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.gpkg"
            path.write_bytes(body)
            layers = [str(name) for name, _ in pyogrio.list_layers(path)]
            return headers, {name: pyogrio.read_dataframe(path, layer=name).to_csv() for name in layers}
    body = MAY_DIFFER.sub(b"", body).replace(f"{answer.url.host}:{answer.url.port}".encode(), b"HOST")
    return answer.status_code, headers, body


@pytest.mark.parametrize("login", ["none", "part"])
def test_every_answer_is_that_of_a_room_without_the_hidden_records(rooms: tuple[Room, Room], login: str) -> None:
    full, bare = rooms
    answered = set()
    for route, path in addresses(full):
        if route == "/v1/export" and login != "none":  # a process each; the limit is passed on as for the others
            continue
        one, other = full.get(login, path), bare.get(login, path)
        assert content(one) == content(other), (route, path)
        if one.status_code == 200:
            answered.add(route)
    wanted = {path for path in QUERIES if path != "/api/ground"} | {"/v1/history", "/v1/history/incidents/{identity}"}
    wanted -= {"/v1/export"} if login != "none" else set()
    wanted |= {f"{OGC}/collections/{name}/items/{{feature}}" for name in ("tracks", "incidents")}
    wanted |= {"/v1/cap/{identity}.xml"}
    assert wanted <= answered, f"compared while closed or empty: {sorted(wanted - answered)}"


def ids(answer: httpx.Response, *names: str) -> list[str]:
    """Ids of the records in an answer, below the keys ``names``."""
    assert answer.status_code == 200, answer.text
    found: Any = answer.json()
    for name in names:
        found = found[name]
    return [one.get("id") or one.get("track") or one.get("sensor") or one["unit"] for one in found]


def lists(room: Room, login: str) -> dict[str, list[str]]:
    """The ids that a person gets, by list."""
    moment = room.get(login, f"/v1/history/moment?{AT[-1]}")
    listed = {f"moment {part}": ids(moment, part) for part in ("tracks", "bearings", "sensors", "alerts", "incidents")}
    listed["now"] = ids(moment, "now", "incidents") + ids(moment, "now", "opened_later")
    listed["opened"] = ids(room.get(login, f"/v1/history/incidents?{PERIOD}"), "incidents")
    report = room.get(login, f"/v1/handover?{PERIOD}")
    listed["report"] = ids(report, "incidents")
    listed["log"] = sorted({one["incident"] for one in report.json()["log"]})
    listed["notes"] = [one["text"] for one in report.json()["notes"]]
    for name in ("tracks", "incidents", "alerts", "sensors"):
        listed[f"features {name}"] = ids(room.get(login, f"{OGC}/collections/{name}/items"), "features")
    with zipfile.ZipFile(io.BytesIO(room.get(login, f"/v1/export?format=csv&{PERIOD}").content)) as archive:
        for layer in LAYERS:
            lines = archive.read(f"{layer}.csv").decode("utf-8-sig").splitlines()
            listed[f"export {layer}"] = [line.split(",")[1] for line in lines[1:]]
    return listed


def test_the_lists_of_a_restricted_person_are_those_of_an_unrestricted_one_without_the_hidden_records(
    rooms: tuple[Room, Room],
) -> None:
    full, bare = rooms
    everything, restricted, never = lists(full, "top"), lists(full, "none"), lists(bare, "top")
    hidden = {alert("crossing", "HIDDEN-T2").id, alert("loitering", "HIDDEN-T2", 1.0).id,
              alert("sensor_offline", "HIDDEN-radar", 30.0).id}  # fmt: skip
    for name, found in everything.items():
        kept = [one for one in found if not one.startswith("HIDDEN") and one not in hidden]
        assert restricted[name] == kept == never[name], name
        if name not in ("now", "export segments"):
            assert len(kept) < len(found) or name in ("export segments",), f"nothing is hidden in {name}"
        assert kept, f"nothing is compared in {name}"


def test_what_cannot_be_filtered_is_closed(rooms: tuple[Room, Room]) -> None:
    full, _ = rooms
    for collection in ("units", "coverage"):
        assert collection in OGC_COLLECTIONS
        for below in ("", "/schema", "/queryables", "/items", "/items/1"):
            assert full.get("none", f"{OGC}/collections/{collection}{below}").status_code == 403
            assert full.get("top", f"{OGC}/collections/{collection}{below}").status_code in (200, 404)
    offered = [one["id"] for one in full.get("none", f"{OGC}/collections").json()["collections"]]
    assert offered == ["tracks", "incidents", "alerts", "sensors", "segments"]
    assert full.get("none", f"/v1/history/moment?{AT[-1]}").json()["units"] is None
    assert full.get("none", f"/v1/history/units/HIDDEN-patrol?{PERIOD}").json()["then"] == []
    features = full.get("none", f"{OGC}/collections/segments/items").json()["features"]
    assert [one["properties"]["dead_ground_fraction"] for one in features] == [None]
    assert [one["properties"]["unknown_fraction"] for one in features] == [None]


def test_a_note_is_signed_under_the_most_restrictive_marking_that_its_author_may_see(
    tmp_path: Path,
) -> None:
    """By default, and never above it."""
    with Room(tmp_path / "room", hidden=True).served() as room:
        page = room.get("part", "/handover").text
        assert re.findall(r'<option value="(\w*)"( selected)?>', page) == [("", ""), ("restricted", " selected")]
        assert "<option" not in room.get("none", "/handover").text
        assert re.findall(r'<option value="(\w*)"', room.get("top", "/handover").text) == ["", "restricted", "national"]
        token = re.search(r'name="(\w+)" value="([^"]+)">\s*<input type="hidden" name="from"', page)
        assert token is not None
        form = {token[1]: token[2], "from": "2026-03-20T06:00:00Z", "until": "2026-03-20T14:00:00Z", "note": "By me"}
        client = room.clients["part"]
        assert client.post("/handover/notes", data=form | {"marking": "national"}).status_code == 422
        assert client.post("/handover/notes", data=form).status_code == 303, "without a choice"
        notes = {login: [one["text"] for one in room.get(login, "/v1/handover").json()["notes"]] for login in LIMITS}
        assert "By me" not in notes["none"]
        assert "By me" in notes["part"]
        assert "By me" in notes["top"]
