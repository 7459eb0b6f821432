"""A server with a map over a small sector, and a store with a picture of each collection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ops.accounts.accounts import Accounts
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.sector.geojson import layout_view, sector_view
from ops.sector.open_sector import OpenSector
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer
from ops.services.map.process import MapService
from ops.store.writer import Store
from tests.ops.services.api.layers_follow import wait_for_layers
from tests.patience import PATIENT_S

T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
T0_NS = int(T0.timestamp()) * 1_000_000_000
HOSTILE = "</td><script>alert(1)</script>'\" {{ 7 * 7 }} http://evil.example/x.png"


UNIT = {
    "unit": "patrol-1",
    "lon": -84.7,
    "lat": 36.5,
    "position_sd_m": 10.0,
    "observed_ns": T0_NS,
    "received_ns": T0_NS,
    "clock_ahead_s": 0.0,
    "duty": "on_duty",
    "moves": "foot",
    "base": "fork",
    "note": "",
    "distress_ns": None,
    "segment": 3,
    "offset_m": 120.0,
    "section": None,
}


@dataclass
class Ogc:
    """The server, and what the map process and the audit log hold."""

    address: str
    accounts: Accounts
    log: AuditLog
    store: Store
    ground: OpenSector
    service: MapService
    client: httpx.Client
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """A supervisor's token."""
        return self.token_of("supervisor")

    def token_of(self, role: str) -> str:
        """A program's token of a person with a role; a person has only so many."""
        if role not in self.tokens:
            self.accounts.add(f"the-{role}", f"the {role}", {"*": role})
            self.tokens[role] = self.accounts.token(self.accounts.store.account(f"the-{role}"), "gis", 1)
        return self.tokens[role]

    def get(self, path: str = "", role: str | None = None, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The answer to a program."""
        given = {"Authorization": f"Bearer {self.token_of(role or 'supervisor')}", **(headers or {})}
        return self.client.get(f"/v1/ogc{path}", params=query or None, headers=given)

    def items(self, collection: str, **query: Any) -> list[str]:
        """Ids of the features that a query selects."""
        answer = self.get(f"/collections/{collection}/items", **query)
        assert answer.status_code == 200, answer.text
        return [feature["id"] for feature in answer.json()["features"]]


def track(number: int, lon: float, lat: float, **more: Any) -> dict[str, Any]:
    """A track as fusion publishes it."""
    return {
        "track": f"T{number}",
        "name": f"Bravo {number}",
        "status": "confirmed",
        "lon": lon,
        "lat": lat,
        "speed_mps": float(number),
        "course_deg": None if number == 1 else 10.0 * number,
        "ellipse_m": [20.0, 10.0],
        "ellipse_azimuth_deg": 45.0,
        "existence": 0.99,
        "label": "person",
        "label_probability": 0.9,
        "class_probability": {"person": 0.9},
        "segment": number - 2,
        "offset_m": None,
        "updated_ns": T0_NS + number * 60_000_000_000,
        "sensors": ["radar-mid", "camera-west"],
        "revoked_sources": [],
        "evidence": [],
        **more,
    }


def alert(number: int, **more: Any) -> dict[str, Any]:
    """An alert as fusion publishes it."""
    raised = T0 + timedelta(minutes=number)
    base = {"id": f"A{number}", "revision": 0, "status": "active", "priority": "high", "raised_at": raised}
    return base | {"rule": "crossing", "sentence": f"Track T{number} crosses", "updated_at": raised} | more


def incident(number: int, **more: Any) -> dict[str, Any]:
    """An incident as fusion publishes it."""
    opened = T0 + timedelta(minutes=number)
    base = {"id": f"I{number}", "revision": 0, "state": "open", "priority": "high", "opened_at": opened}
    names = {
        "name": f"Bravo {number}",
        "kind": "movement",
        "sentence": "Crossing",
        "lead": None,
        "alerts": [f"A{number}"],
    }
    return base | names | {"tracks": [{"track": "T1", "name": "Bravo 1"}], "sensors": []} | more


@pytest.fixture(scope="module")
def ogc(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ogc]:
    folder = tmp_path_factory.mktemp("ogc")
    store, service = Store(folder / "store.db"), MapService(hill_ground)
    view = sector_view(hill_ground)
    lon, lat = view["centre"]
    store.commit(
        1,
        stamp_ns=T0_NS,
        tracks_live=[track(n, lon + 0.001 * n, lat) for n in range(1, 6)],
        sensors=[
            {"sensor": sensor.id, "kind": sensor.kind, "lon": sensor.lon, "lat": sensor.lat, "state": "ok",
             "since_ns": T0_NS, "revoked": False, "faults": {"chatty": {"sentence": HOSTILE}}}
            for sensor in hill_ground.layout
        ],
        forces={"units": [UNIT], "bases": [], "sections": [], "fading_s": 300.0, "stale_s": 900.0},
        counts={},
        alerts=[alert(1, lon=lon, lat=lat), alert(2, status="cleared"), alert(3, sentence=HOSTILE, lon=lon, lat=lat)],
        incident_revisions=[incident(1, lon=lon, lat=lat), incident(2, state="closed", disposition="turn_back")],
    )  # fmt: skip
    service.answer("watch", {"health": {sensor.id: "ok" for sensor in hill_ground.layout}})
    accounts, log = Accounts(AccountStore(folder / "accounts.db"), AccountSettings()), AuditLog(folder / "audit")

    def ask(question: str, **arguments: Any) -> Answer:
        arguments.pop("lookers", None)
        return service.answer(question, arguments)

    app = create_app(
        store.path,
        ApiSettings(
            "hills",
            ground=view,
            layout=layout_view(hill_ground, {}),
            guard=GuardSettings(bearer=True),
            pages=folder / "not-built",
        ),
        act=print,
        now_ns=lambda: T0_NS,
        access_log=log,
        ground=ask,
        accounts=accounts,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        served = Ogc(f"http://127.0.0.1:{port}", accounts, log, store, hill_ground, service, client)
        wait_for_layers(app, service)
        assert served.get("/collections/coverage/items").status_code == 200
        yield served
    log.close()
    store.close()
    accounts.store.close()
