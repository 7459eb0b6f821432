"""Routes for other agencies and programs: CAP 1.2 documents with their Atom feed, and GeoRSS of alerts and incidents.

They pass on what the person may receive, and each read is in the audit log, as for the same records as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Header, Path, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ops.export.warnings import atom, cap
from ops.export.warnings.atom import AtomEntry, atom_feed
from ops.export.warnings.cap import (
    CapIssuer,
    EarlierRevision,
    Element,
    cap_bytes,
    cap_document,
    named_revision,
    radius_95_m,
)
from ops.export.warnings.published import PublishedAlert, read_alert
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.store.incidents import IncidentReader
from ops.store.moment_reader import MomentReader

EntryLimit = Annotated[int, Query(ge=1, le=5_000)]
CapIdentifier = Annotated[str, Path(max_length=400, description="as in the element identifier")]
Purpose = Annotated[str | None, Header()]
SHOWN: Final = 500
"""Entries of a feed unless the request states a limit: the latest."""


class AtomAnswer(Response):
    """An Atom feed."""

    media_type = atom.MEDIA_TYPE


class CapAnswer(Response):
    """A CAP document."""

    media_type = cap.MEDIA_TYPE


class PublishedIncident(msgspec.Struct):
    """The fields of a published incident that its entry shows."""

    id: str
    name: str = ""
    kind: str = ""
    state: str = ""
    priority: str = ""
    sentence: str = ""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    marking: str = ""


@dataclass(frozen=True, slots=True)
class CapService:
    """The issuer of CAP documents, and ``sign``, which returns a document signed, or as it is without a certificate."""

    issuer: CapIssuer
    sign: Callable[[Element], Element] = lambda document: document


class WarningRoutes:
    """The handlers."""

    def __init__(
        self,
        alerts: MomentReader,
        incidents: IncidentReader,
        service: CapService,
        *,
        recorder: Recorder,
        release: Release,
    ) -> None:
        self._alerts, self._incidents, self._service = alerts, incidents, service
        self._recorder, self._release = recorder, release

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for path, handler, kind in (
            ("/v1/cap/feed.atom", self.cap_feed, AtomAnswer),
            ("/v1/cap/{identity}.xml", self.cap_alert, CapAnswer),
            ("/v1/alerts.georss", self.alerts, AtomAnswer),
            ("/v1/incidents.georss", self.incidents, AtomAnswer),
        ):
            app.add_api_route(path, handler, methods=["GET"], response_class=kind, response_model=str)

    def cap_feed(self, request: Request, limit: EntryLimit = SHOWN, purpose: Purpose = None) -> Response:
        """The latest alerts as an Atom feed: each entry links to the CAP document of the newest revision."""
        self._recorder.note(request, "alerts as a CAP feed", purpose=purpose)
        entries = (self._cap_entry(one, request) for one in self._latest(request, limit))
        return self._feed(request, "cap", "cap-feed-title", entries)

    def cap_alert(self, identity: CapIdentifier, request: Request, purpose: Purpose = None) -> Response:
        """One revision of an alert as a CAP 1.2 document, signed where the operations centre has a certificate."""
        issuer = self._service.issuer
        named = named_revision(identity, issuer.sector)
        self._recorder.note(request, f"alert {identity[:128]} as CAP", purpose=purpose)
        found = None if named is None else self._revision(*named, request)
        if found is None:
            raise HTTPException(404, f"There is no CAP alert {identity[:128]!r}.")
        alert, earlier = found
        return CapAnswer(cap_bytes(self._service.sign(cap_document(alert, issuer, earlier=earlier))))

    def alerts(self, request: Request, limit: EntryLimit = SHOWN, purpose: Purpose = None) -> Response:
        """The latest alerts as an Atom feed with GeoRSS positions."""
        self._recorder.note(request, "alerts as GeoRSS", purpose=purpose)
        entries = (self._entry(one, f"{_base(request)}/api/alerts/{quote(one.id, safe='')}", "application/json")
                   for one in self._latest(request, limit))  # fmt: skip
        return self._feed(request, "alerts", "georss-alerts-title", entries)

    def incidents(self, request: Request, limit: EntryLimit = SHOWN, purpose: Purpose = None) -> Response:
        """Incidents as an Atom feed with GeoRSS positions, those that are not closed first, then the latest opened."""
        self._recorder.note(request, "incidents as GeoRSS", purpose=purpose)
        view = self._release.view(person_of(request))
        _, rows = self._incidents.incidents(limit=limit, hidden=partial(view.hidden, "incident"))
        found = [msgspec.json.decode(row.body, type=PublishedIncident) for row in view.incidents(rows)]
        entries = (self._incident_entry(one, _base(request)) for one in found)
        return self._feed(request, "incidents", "georss-incidents-title", entries)

    def _latest(self, request: Request, limit: int) -> list[PublishedAlert]:
        _, _, bodies = self._release.view(person_of(request)).alerts(self._alerts, limit=limit)
        return [read_alert(body) for body in bodies]

    def _revision(
        self, identity: str, revision: int, request: Request
    ) -> tuple[PublishedAlert, list[EarlierRevision]] | None:
        """A revision that the person may receive, and the earlier ones; None where there is no such revision."""
        rows = [one for one in self._alerts.revisions_of(identity) if one.kind == "alert" and one.body is not None]
        view = self._release.view(person_of(request))
        view.refresh()
        if not view.shows("alert", identity):
            return None
        found, earlier = None, []
        for row in rows:
            assert row.body is not None
            one = read_alert(row.body)
            if one.revision < revision:
                earlier.append(EarlierRevision(one.revision, one.changed_at))
            elif one.revision == revision:
                found = read_alert(view.stated("alert", identity, row.body))
        return None if found is None else (found, earlier)

    def _cap_entry(self, alert: PublishedAlert, request: Request) -> AtomEntry:
        identifier = cap.identifier_of(self._service.issuer.sector, alert.id, alert.revision)
        return self._entry(alert, f"{_base(request)}/v1/cap/{quote(identifier)}.xml", cap.MEDIA_TYPE)

    def _entry(self, alert: PublishedAlert, href: str, kind: str) -> AtomEntry:
        issuer = self._service.issuer
        words = issuer.catalogues[0]
        return AtomEntry(
            id=f"urn:watchline:{quote(issuer.sector, safe='')}:alert:{quote(alert.id, safe='')}",
            title=alert.headline(words),
            updated=alert.changed_at,
            published=alert.raised_at,
            summary=alert.summary(words),
            position=alert.position,
            radius_m=None if alert.position_sd_m is None else radius_95_m(alert, issuer),
            categories={
                "priority": alert.priority, "status": alert.status, "rule": alert.rule, "marking": alert.marking
            },
            link=(href, kind),
        )  # fmt: skip

    def _incident_entry(self, one: PublishedIncident, base: str) -> AtomEntry:
        sector = self._service.issuer.sector
        return AtomEntry(
            id=f"urn:watchline:{quote(sector, safe='')}:incident:{quote(one.id, safe='')}",
            title=f"{one.name}: {one.sentence}" if one.name else one.sentence,
            updated=one.updated_at or one.opened_at or atom.NEVER,
            published=one.opened_at,
            position=None if one.lon is None or one.lat is None else (one.lon, one.lat),
            categories={"priority": one.priority, "state": one.state, "kind": one.kind, "marking": one.marking},
            link=(f"{base}/v1/incidents/{quote(one.id, safe='')}", "application/json"),
        )

    def _feed(self, request: Request, name: str, title: str, entries: Iterable[AtomEntry]) -> Response:
        issuer = self._service.issuer
        address = f"{_base(request)}{request.url.path}"
        identity = f"urn:watchline:{quote(issuer.sector, safe='')}:{name}"
        said = issuer.catalogues[0].say(title, sector=issuer.title or issuer.sector)
        return AtomAnswer(atom_feed(identity, said, issuer.sent_by, address, entries))


def _base(request: Request) -> str:
    """The address under which the person reached this server, without a slash at its end."""
    return str(request.base_url).rstrip("/")
