"""Goods found leave in no file, report, feed or package before they are released, nor after the release is taken back.

Every GET route of a server is asked; only those by which people of the operations centre see the record may answer with
it. So a new way out is in this test without being named here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pypdfium2
import pytest
from starlette.routing import Route

from ops.accounts.rights import OGC, rights_at
from ops.audit.log import AuditLog
from ops.exchange.fields import FIELDS
from ops.exchange.format.package import opened
from ops.exchange.make import request_for, share
from ops.exchange.products import records_to_share
from ops.incidents.tracing import Tracing
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.open_sector import open_sector
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from tests.ops.analysis.handover.night import Night, worked_night
from tests.ops.exchange.partners import sender
from tests.ops.export.exported import BORDER, VIEW
from tests.ops.incidents.making import SECOND, START_NS, at
from tests.patience import PATIENT_S

CANARIES = ("930120", "9A012.a", "CANARYSERIAL", "CANARYAUTHORITY", "CANARYREFERENCE", "Rocket, grenade")
PERIOD = "from=2026-03-20T09:46:40Z&until=2026-03-20T10:46:40Z"
TO_PEOPLE = {
    "/v1/incidents", "/v1/incidents/{identity}", "/v1/history/moment", "/v1/history/incidents",
    "/v1/history/incidents/{identity}", "/api/stream",
}  # fmt: skip
"""Where people of the operations centre see the record of an incident that they may see (docs/incidents.md)."""
REPORTS = ("/handover", "/handover.pdf", "/v1/handover", "/after-action", "/after-action.pdf")
QUERIES: dict[str, tuple[str, ...]] = {
    "/v1/export": (f"format=csv&layers=incidents&{PERIOD}",),  # the formats have the same layers
    "/v1/history/moment": ("at=2026-03-20T10:40:00Z",),
    "/v1/history/incidents": (PERIOD,),
    "/v1/incidents": ("state=closed",),
    **dict.fromkeys(REPORTS, (PERIOD, f"{PERIOD}&language=fr")),
    f"{OGC}/collections/incidents/items": ("", "f=html"),
}


def goods(*, released: bool) -> Tracing:
    return Tracing(
        "arms", hs_code="930120", eu_list="9A012.a", item_marking="CANARYSERIAL", authority="CANARYAUTHORITY",
        sent_at=at(660), reference="CANARYREFERENCE", status="requested", released=released,
    )  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server over a night that is over; ``night`` can still be written."""
    folder = tmp_path_factory.mktemp("goods")
    night, made = worked_night(folder)
    log = AuditLog(folder / "audit")
    app = create_app(
        night.store.path,
        ApiSettings("pyrenees", operator="Ana", border=BORDER, ground=VIEW, pages=folder / "not-built"),
        act=lambda _: None, now_ns=lambda: START_NS + 7200 * SECOND, access_log=log,
    )  # fmt: skip
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers["Purpose"] = "test of the ways out"
        yield SimpleNamespace(client=client, app=app, folder=folder, night=night, incident=made["closed"])
    log.close()
    night.store.close()


def found_in(answer: httpx.Response) -> list[str]:
    """The canaries in an answer, and in the files of an archive and the text of a PDF."""
    kind, text = answer.headers.get("content-type", ""), answer.content
    if kind == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            text = b"".join(archive.read(name) for name in archive.namelist())
    if kind == "application/pdf":
        with pypdfium2.PdfDocument(answer.content) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document).encode()
    plain = b"".join(text.split())  # a cell of a report may break a word
    return [one for one in CANARIES if one.replace(" ", "").encode() in plain]


def ways_out(room: Any) -> dict[str, list[str]]:
    """The canaries by route, of every GET route that answered."""
    found: dict[str, list[str]] = {}
    for route in room.app.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or route.path == "/api/stream":
            continue
        if rights_at(route.path).get("GET") in (None, "open", "own"):
            continue
        path = re.sub(r"\{\w+\}", room.incident, route.path.replace("{z}/{x}/{y}", "1/1/1"))
        for query in QUERIES.get(route.path, ("",)):
            answer = room.client.get(f"{path}?{query}" if query else path)
            if answer.status_code == 200:
                found.setdefault(route.path, []).extend(found_in(answer))
    return found


def with_canaries(found: dict[str, list[str]]) -> set[str]:
    return {path for path, canaries in found.items() if canaries}


def package_of(folder: Path) -> bytes:
    """The product for a partner whose agreement names every field of incidents that there is."""
    now = datetime.fromtimestamp(START_NS // SECOND, UTC) + timedelta(hours=3)
    maker = sender(
        folder, now=now, layers={"incidents": tuple(FIELDS["incidents"])}, area=(-85.0, 36.0, -83.0, 37.0),
        start=now - timedelta(days=1), until=now + timedelta(days=1),
    )  # fmt: skip
    agreed, period = maker.agreements.agreements[0], (START_NS, START_NS + 3600 * SECOND)
    request = request_for(maker, open_sector("cumberland"), agreed, period, ReleasabilitySettings(), "*")
    layers = records_to_share(request, agreed, own="north", secret=maker.secret)
    assert len(layers["incidents"]), "the incident is in the package"
    content = opened(share(maker, agreed, layers).content)
    return content.body + content.product()


def state(night: Night, incident: str, seconds: float, *, released: bool) -> None:
    night.act(incident, "trace", seconds, tracing=goods(released=released))


def test_goods_leave_only_while_they_are_released(room: Any) -> None:
    state(room.night, room.incident, 3100, released=False)
    before = ways_out(room)
    assert "/v1/incidents/{identity}" in with_canaries(before) <= TO_PEOPLE
    assert {*REPORTS, "/v1/export", "/v1/incidents.georss", f"{OGC}/collections/incidents/items"} <= before.keys()
    assert not [one for one in CANARIES if one.encode() in package_of(room.folder)]

    state(room.night, room.incident, 3200, released=True)
    released = ways_out(room)
    assert with_canaries(released) - TO_PEOPLE == {*REPORTS, "/v1/export"}
    assert set(released["/v1/export"]) == set(CANARIES)
    for path in REPORTS:
        assert "CANARYAUTHORITY" not in released[path], "to whom the request went stays here"
        assert {"930120", "CANARYSERIAL"} <= set(released[path]), path
    assert not [one for one in CANARIES if one.encode() in package_of(room.folder)], "a package never has it"

    state(room.night, room.incident, 3700, released=False)  # after the end of the period that is exported
    assert with_canaries(ways_out(room)) == with_canaries(before)
