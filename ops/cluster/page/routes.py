"""Routes of the national page, with its table of rights, and who read which sector in that sector's audit log."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import WatchlineError
from ops.accounts.person import Person
from ops.accounts.rights import Right, has, reads_logs, rights_at
from ops.audit.entry import Operation
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.audit.stores.place import has_log
from ops.cluster.identity.decision import Key
from ops.cluster.identity.nation_store import NationError
from ops.cluster.identity.separation import rejoin, separate
from ops.cluster.page.centres import Centres, NoBroker, TooManyCentres
from ops.cluster.page.models import EventAction, NationalPicture, SectorAreas
from ops.cluster.page.picture_watch import PictureWatch
from ops.cluster.page.sector_watch import rfc3339_of
from ops.cluster.page.stream import NationHub, NationStream
from ops.services.api.login.gate import ACCOUNT, Served
from ops.services.api.login.pages import catalogue_of
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.schemas.geojson import GeoJson
from ops.store.connections import store_exists
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

STORE: Final = "store.db"

OWN_ROUTES: Final[Mapping[str, Right]] = {
    "/": "picture",
    "/v1/nation": "picture",
    "/v1/nation/stream": "picture",
    "/v1/nation/sectors": "picture",
    "/healthz": "open",
    "/api/openapi.json": "state",
}
"""The right of each address that this server alone has, to read."""
ACTIONS: Final = "/v1/nation/actions"
CENTRE: Final = "/sectors/"
SHARED: Final = ("/login", "/logout", ACCOUNT, "/v1/me", "/v1/sessions", "/assets/", "/third-party")
"""Beginnings of the addresses that it has in common with the server of a sector, with the same rights."""
MOST_WAITING: Final = 64
"""Requests that wait for a centre at once, in threads of their own: they hold up neither logins nor pages."""


def nation_rights(path: str) -> Mapping[str, Right]:
    """The right that each method needs at an address of the national page's server, by method."""
    if path == ACTIONS:
        return {"POST": "act"}
    if path in OWN_ROUTES:
        return {"GET": OWN_ROUTES[path]}
    if path.startswith(CENTRE) and "/" not in path[len(CENTRE) :]:
        return {"GET": "picture"}
    return rights_at(path) if path.startswith(SHARED) else {}


def served(sectors: Iterable[str]) -> Served:
    """What the server serves: a person who may see the picture of any sector may open the page."""
    return Served(tuple(sectors), nation_rights, ("/", ACCOUNT))


class SectorLogs:
    """The audit logs of the sectors, each opened, or begun, when it is first written.

    Their witness copies are brought up to date by the sectors' own operations centres: one process writes them.
    """

    def __init__(self, watch: PictureWatch, now_ns: Callable[[], int], operator: str) -> None:
        self._watch, self._now_ns, self._operator = watch, now_ns, operator
        self._logs: dict[str, AuditLog] = {}
        self._problems: dict[str, str] = {}
        self._lock = threading.Lock()

    def note(
        self,
        request: Request,
        sectors: Iterable[str],
        subject: str,
        purpose: str | None,
        operation: Operation = "consultation",
    ) -> frozenset[str]:
        """Record an operation, such as a read, on these sectors in the log of each; it is then on disk.

        Returns those in whose log it is not: they have no store yet, or the log cannot be written. Nothing of them may
        be served; the others do not wait for them. Raises HTTPException for a purpose that cannot be logged.
        """
        unrecorded = set()
        for name in sectors:
            try:
                kept = self._log_of(name)
                if kept is None:
                    unrecorded.add(name)
                    continue
                recorder = Recorder(kept, self._now_ns, sector=name, operator=self._operator)
                recorder.note(request, subject, purpose=purpose, operation=operation)
                self._problems.pop(name, None)
            except (OSError, WatchlineError) as error:
                unrecorded.add(name)
                if self._problems.get(name) != str(error):
                    log.error("Sector %s is not shown, because its audit log cannot be written: %s", name, error)
                    self._problems[name] = str(error)
        return frozenset(unrecorded)

    def _log_of(self, name: str) -> AuditLog | None:
        folder = self._watch.folder / name
        with self._lock:
            if name not in self._logs and (has_log(folder / FOLDER) or store_exists(folder / STORE)):
                self._logs[name] = AuditLog(folder / FOLDER)
            return self._logs.get(name)  # None: one that never ran has no records to read either

    def close(self) -> None:
        """Close all logs."""
        for log in self._logs.values():
            log.close()


class NationRoutes:
    """The handlers. ``areas``: outlines of the sectors (``ops.cluster.page.areas``); ``centres`` None: there is no way
    into the sectors."""

    def __init__(
        self,
        watch: PictureWatch,
        hub: NationHub,
        logs: SectorLogs,
        *,
        name: str,
        title: str,
        areas: Mapping[str, Any],
        centres: Centres | None,
        now_ns: Callable[[], int],
    ) -> None:
        self._watch, self._hub, self._logs, self._centres, self._now_ns = watch, hub, logs, centres, now_ns
        self._name, self._title, self._areas = name, title, areas
        self._opening: CapacityLimiter | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/healthz", self.alive, methods=["GET"])
        app.add_api_route("/v1/nation", self.nation, methods=["GET"], response_model=NationalPicture)
        app.add_api_route(
            "/v1/nation/sectors", self.sectors, methods=["GET"], response_model=SectorAreas, response_class=GeoJson
        )
        app.add_api_route(
            "/v1/nation/stream",
            self.stream,
            methods=["GET"],
            status_code=200,
            response_class=NationStream,
            response_model=str,
        )
        app.add_api_route(ACTIONS, self.act, methods=["POST"], status_code=204)
        app.add_api_route(
            f"{CENTRE}{{sector}}", self.centre, methods=["GET"], status_code=303, response_class=RedirectResponse
        )

    def alive(self) -> dict[str, bool]:
        """The process answers."""
        return {"alive": True}

    def sectors(self, request: Request) -> Response:
        """Outlines, border lines and titles of all sectors, the title of the nation, and where the caller may act."""
        person = person_of(request)
        acting = [name for name in self._watch.watches if has(person, "act", name)]
        return JSONResponse({**self._areas, "title": self._title, "act": acting}, media_type="application/geo+json")

    async def nation(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """All sectors, and what is open in those that the person may see, the most urgent first."""
        person = person_of(request)
        seen = self._watch.audience_of(person).sectors
        unrecorded = await asyncio.to_thread(self._record, request, seen, "national picture", purpose)
        await self._hub.look()
        received = await asyncio.to_thread(self._watch.received, self._watch.audience_of(person, unrecorded))
        body = received.body(str(rfc3339_of(utc_datetime(self._now_ns())))) or b"{}"
        head = JSONResponse({"nation": self._name, "title": self._title}).body
        return Response(bytes(head)[:-1] + b"," + body[1:], media_type="application/json")

    async def stream(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """Event ``nation`` with everything, then ``changes`` with what differs from what was sent before, and ``beat``
        every 5 s. ``gone`` names events that are closed."""
        person = person_of(request)

        def record(sectors: Iterable[str], event: str) -> frozenset[str]:
            return self._record(request, sectors, f"stream of the national picture: {event}", purpose)

        seen = self._watch.audience_of(person).sectors
        unrecorded = await asyncio.to_thread(record, seen, "opened")
        return NationStream(self._hub, person, record, unrecorded)

    async def act(self, body: EventAction, request: Request, purpose: Annotated[str | None, Header()] = None) -> None:
        """Separate an incident from the one of another sector that it continues, or join them again.

        It needs the right to act in both sectors, in whose logs it is recorded before it is done. An incident
        that is separated already, or not, stays so.
        """
        person, key = person_of(request), (body.sector, body.incident)
        await self._hub.look()
        received = await asyncio.to_thread(self._watch.received, self._watch.audience_of(person))
        found = received.continued.get(key)
        if found is None:
            raise HTTPException(
                404, f"There is no incident {body.incident!r} of {body.sector!r} that continues another."
            )
        sectors = (found.sector, found.before_sector)
        if not all(has(person, "act", name) for name in sectors):
            raise HTTPException(403, f"This needs the right to act on incidents in {sectors[0]} and in {sectors[1]}.")
        pair = f"incident {found.incident} ({found.sector}), {found.before_incident} ({found.before_sector})"
        unrecorded = await asyncio.to_thread(
            self._logs.note, request, sectors, f"{pair}: {body.action}", purpose, "alteration"
        )
        if unrecorded:
            raise HTTPException(503, f"The audit log of {', '.join(sorted(unrecorded))} cannot be written; try again.")
        try:
            await asyncio.to_thread(self._do, body.action, key, person)
        except NationError as error:
            log.error("%s", error)
            raise HTTPException(503, "The action could not be stored; try again.") from error
        await self._hub.look_again()

    def _do(self, action: str, incident: Key, person: Person) -> None:
        if action == "separate":
            separate(self._watch.folder, incident, person.name, self._now_ns())
        else:
            rejoin(self._watch.folder, incident)

    async def centre(self, sector: str, request: Request) -> Response:
        """Lead to the sector's own operations centre, which is started if it does not run."""
        person = person_of(request)
        if sector not in self._watch.audience_of(person).sectors:
            raise _no_centre(request, 404 if sector not in self._watch.watches else 403, "hidden")
        if self._centres is None:
            raise _no_centre(request, 503, "broker")
        if self._opening is None:
            self._opening = CapacityLimiter(MOST_WAITING)
        try:
            port = await to_thread.run_sync(self._centres.open, sector, limiter=self._opening)
        except NoBroker as error:
            raise _no_centre(request, 503, "broker") from error
        except TooManyCentres as error:
            raise _no_centre(request, 503, "many", most=error.most) from error
        except (OSError, WatchlineError) as error:
            log.error("The operations centre of %s cannot be opened: %s", sector, error)
            reason = "log" if reads_logs(person, sector) else "start"
            raise _no_centre(request, 503, reason, detail=str(error)) from error
        host = request.url.hostname or ""
        address = f"{request.url.scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
        return RedirectResponse(address, 303, {"Cache-Control": "no-store"})

    def _record(self, request: Request, sectors: Iterable[str], subject: str, purpose: str | None) -> frozenset[str]:
        return self._logs.note(request, sorted(sectors), subject, purpose)


def _no_centre(request: Request, status: int, reason: str, **values: Any) -> HTTPException:
    """Return why a sector is not opened, in the language of the page."""
    sentence = catalogue_of(request).say("accounts-no-centre", reason=reason, **values)
    return HTTPException(status, sentence, {"Vary": "Accept-Language"})
