"""A server of one field unit in the hands of a test: the real pages and guard, and a list that the test writes."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from ops.drawing.typeface.page_font import BUILT
from ops.services.api.guard import Guard, GuardSettings
from ops.services.api.serving.local_port import listen
from ops.services.api.serving.server import serving
from ops.services.api.static_pages import add_pages
from tests.patience import PATIENT_S

UNIT = "patrol-2"
LON, LAT = -84.2458, 36.5896  # the middle of the sample sector, on its border
COOKIE = "field-device"


def moment(seconds_ago: float = 0.0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def incident(number: int, priority: str = "high", **more: Any) -> dict[str, Any]:
    """An incident as the server lists it for a unit; positions, times and margins differ by ``number``."""
    return {
        "id": f"I{number:04d}", "name": f"Incident {number}", "kind": "movement", "priority": priority,
        "state": "open", "revision": 3, "sentence": f"Probable person on foot approaches segment {number}.",
        "detail_sentences": ["Track confidence >99%."], "lon": LON + 0.004 * number, "lat": LAT + 0.006,
        "position_sd_m": 25.0, "observed_at": moment(20 + number), "raised_at": moment(180),
        "updated_at": moment(25), "alert": f"A{number:04d}", "assigned_unit": "", "assigned": False,
        "offered": False, "received_at": None, "owner": "", "attention": True, "class_label": "person",
        "section": None, "marking": "",
        "reach": {
            "distance_m": 1200.0 + 310 * number, "bearing_deg": (35.0 + 40 * number) % 360, "travel_s": 400.0,
            "travel_known": True,
            "meet": {"lon": LON + 0.003 * number, "lat": LAT - 0.002}, "margin_s": 420.0 - 60 * number,
            "margin_sd_s": 60.0, "interruption": 0.7, "in_time": number < 7,
            "between": ["Dead ground for 300 m.", "Cross the river Clear Fork."],
            "sentence": f"Leave now and be at the meeting point {7 - number} min before it.",
        },
    } | more  # fmt: skip


def grey_tile() -> bytes:
    """A PNG of 8 × 8 pixels in shades of grey."""
    rows = b"".join(b"\0" + bytes((x + y) * 15 for x in range(8)) for y in range(8))

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class FieldServer:
    """What the server knows. A test changes it and calls ``changed``; what phones send is in ``replies`` and
    ``positions``, each answer once, in the order in which it came."""

    incidents: list[dict[str, Any]] = field(default_factory=lambda: [incident(1), incident(2, "medium")])
    codes: set[str] = field(default_factory=lambda: {"open-sesame"})
    certificate: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(("unit", "device", "problem")))
    """What the client certificate of phones stands for; one with a unit is a login."""
    devices: set[str] = field(default_factory=set)
    replies: list[dict[str, Any]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    """Incidents that another unit holds: answers to them are refused, in its name."""
    shows_distress: bool = True
    loses_answers: bool = False
    """Whether answers are taken and the phone does not learn of it."""
    danger: str = "Old quarry"
    """Name of the danger area on the map."""
    number: int = 1
    address: str = ""
    tiles: int = 0
    gives_tiles: threading.Event = field(default_factory=threading.Event)
    """Tiles that were asked for wait for it; it is set unless a test clears it."""
    gives_access: threading.Event = field(default_factory=threading.Event)
    """So do phones that exchange a code."""

    def __post_init__(self) -> None:
        self.gives_tiles.set()
        self.gives_access.set()

    def changed(self) -> None:
        self.number += 1

    def state(self) -> dict[str, Any]:
        placed = [one for one in self.positions if "lon" in one]
        called = self.shows_distress and any(one.get("distress") for one in self.positions)
        own = placed[-1] if placed else {"lon": LON - 0.01, "lat": LAT - 0.012, "at": moment(90)}
        return {
            "unit": UNIT, "device": "d1", "sector": "cumberland", "title": "Cumberland Gap", "number": self.number,
            "language": "en", "duty": "patrol", "sections": ["west"],
            "position": {"lon": own["lon"], "lat": own["lat"], "position_sd_m": 10.0, "observed_at": own["at"],
                         "distress": called},
            "incidents": self.incidents, "outcomes": [] if self.loses_answers else list(self.outcomes.values()),
            "units": [{"unit": "patrol-3", "lon": LON + 0.006, "lat": LAT - 0.006, "observed_at": moment(200)}],
        }  # fmt: skip

    def take(self, reply: dict[str, Any]) -> dict[str, Any]:
        identity = reply["action_id"]
        if any(one["action_id"] == identity for one in self.replies):
            self.repeated.append(identity)
            return {"action_id": identity, "accepted": True}
        self.replies.append(reply)
        holder = self.held.get(reply["incident"])
        sentence = "Done." if holder is None else f"{holder} holds this incident."
        outcome = "done" if holder is None else "refused"
        self.outcomes[identity] = {"action_id": identity, "incident": reply["incident"], "action": reply["action"],
                                   "outcome": outcome, "sentence": sentence}  # fmt: skip
        self.changed()
        return {"action_id": identity, "accepted": True}


def areas(danger: str) -> list[dict[str, Any]]:
    """A danger area of that name, and a watch area with a hole."""

    def ring(east: float, north: float, side: float) -> list[list[float]]:
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        return [[LON + east + x * side, LAT + north + y * side] for x, y in corners]

    return [
        {
            "type": "Feature",
            "properties": {"id": identity, "name": name, "kind": kind},
            "geometry": {"type": "Polygon", "coordinates": rings},
        }
        for identity, name, kind, rings in (
            ("quarry", danger, "danger", [ring(-0.016, -0.002, 0.004)]),
            ("ford", "Gap ford", "watch", [ring(-0.004, 0.014, 0.005), ring(-0.004, 0.014, 0.002)[::-1]]),
        )
    ]


def routes(server: FieldServer) -> FastAPI:
    """The API of field units over ``server``, with the pages of the build."""
    app = FastAPI(openapi_url=None)
    app.state.hub = SimpleNamespace(stopped=False)
    app.state.hub.stop = lambda: setattr(app.state.hub, "stopped", True)
    app.add_middleware(Guard, settings=GuardSettings())

    def refused(request: Request) -> Response | None:
        if request.cookies.get(COOKIE) in server.devices or server.certificate["unit"] is not None:
            return None
        return JSONResponse({"error": "This device has no access."}, 401)

    @app.post("/v1/field/enrol")
    async def enrol(request: Request) -> Response:
        body = await request.json()
        await asyncio.to_thread(server.gives_access.wait, PATIENT_S)
        if body["code"] not in server.codes:
            return JSONResponse({"error": "The code is wrong, used or expired."}, 403)
        server.codes.remove(body["code"])
        device = f"device-{len(server.devices)}"
        server.devices.add(device)
        answer = JSONResponse({"unit": UNIT, "device": device})
        answer.set_cookie(COOKIE, device, httponly=True, samesite="strict", max_age=31_536_000)
        return answer

    @app.get("/v1/field/certificate")
    def certificate(request: Request) -> Response:
        device = request.cookies.get(COOKIE)
        known = {"unit": UNIT, "device": device, "problem": None}
        return JSONResponse(known if device in server.devices else server.certificate)

    @app.get("/v1/field/state")
    def state(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no
        body = server.state()
        etag = f'W/"{blake2b(json.dumps(body).encode(), digest_size=8).hexdigest()}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse(body | {"at": moment()}, headers={"ETag": etag})

    @app.post("/v1/field/replies")
    async def replies(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no
        results = [server.take(reply) for reply in (await request.json())["replies"]]
        if server.loses_answers:
            return JSONResponse({"error": "The link broke."}, 503)
        return JSONResponse({"results": results}, 202)

    @app.post("/v1/field/positions")
    async def positions(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no
        server.positions += (await request.json())["positions"]
        server.changed()
        return JSONResponse({"results": []}, 202)

    @app.get("/v1/field/map")
    def area(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no
        border = {"type": "LineString", "coordinates": [[LON - 0.1, LAT], [LON, LAT + 0.002], [LON + 0.1, LAT]]}
        return JSONResponse({
            "bounds": [LON - 0.04, LAT - 0.03, LON + 0.04, LAT + 0.03], "minzoom": 10, "maxzoom": 14,
            "tiles": ["/v1/field/tiles/hillshade/{z}/{x}/{y}.png"], "bytes_estimate": 9_000, "border": border,
            "sections": ["west"], "bases": [{"name": "Fork base", "lon": LON - 0.012, "lat": LAT - 0.015}],
            "areas": {"type": "FeatureCollection", "features": areas(server.danger)},
        })  # fmt: skip

    @app.get("/v1/field/tiles/hillshade/{z}/{x}/{y}.png")
    def tile(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no
        server.tiles += 1
        server.gives_tiles.wait(PATIENT_S)
        return Response(grey_tile(), media_type="image/png")

    @app.get("/v1/field/stream")
    async def stream(request: Request) -> Response:
        if (no := refused(request)) is not None:
            return no

        async def events() -> AsyncIterator[bytes]:
            sent = server.number
            yield b": open\n\n"
            while not app.state.hub.stopped:
                await asyncio.sleep(0.1)
                if server.number != sent:
                    sent = server.number
                    yield f'event: change\nid: {sent}\ndata: {{"number": {sent}}}\n\n'.encode()

        return StreamingResponse(events(), media_type="text/event-stream")

    return app


@contextmanager
def field_server(pages: Path = BUILT, port: int = 0, server: FieldServer | None = None) -> Iterator[FieldServer]:
    """A served ``FieldServer`` with the pages of a folder; on a port and with what another knew, if given."""
    server = server or FieldServer()
    app = routes(server)
    add_pages(app, title="field", folder=pages)
    with serving(app, listen(port)) as port:
        server.address = f"http://127.0.0.1:{port}/"
        yield server
