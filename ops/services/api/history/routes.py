"""Routes of history under /v1/history: the picture as known at any kept moment, what is known of it now, and records
through time. Looking back is consultation of personal data: each answer is in the audit log, with its purpose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from ops.audit.day_keys import KeyKind, day_at
from ops.services.api.history.models import (
    HistoryExtent,
    IncidentThroughTime,
    MomentRecord,
    OpenedIncidents,
    ThroughTime,
)
from ops.services.api.history.released import released_entries, released_moment, released_revisions
from ops.services.api.incidents.routes import PathId
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release, ReleasedView
from ops.store.moment_reader import Estimate, Moment, MomentReader, sampled_times
from ops.store.rows import rfc3339, time_ns, to_json

if TYPE_CHECKING:
    from geo.frame import LocalFrame

PARTS: Final = ("tracks", "bearings", "sensors", "units")
LATER_NS: Final = 86_400 * 10**9
"""Incidents that were opened up to a day after a moment may concern its tracks."""
MOST_LATER: Final = 1_000
MOST_INCIDENTS: Final = 5_000
MOST_SAMPLES: Final = 300

At = Annotated[str, Query(max_length=40, description="RFC 3339 with an offset")]
RecordName = Annotated[str, Path(min_length=1, max_length=128)]
SampleLimit = Annotated[int, Query(ge=2, le=MOST_SAMPLES)]
FromTime = Annotated[str, Query(alias="from", max_length=40)]


class _Opened(msgspec.Struct):
    """The fields that a list of incidents shows."""

    id: str
    name: str
    kind: str
    priority: str
    state: str
    disposition: str
    opened_at: str
    updated_at: str


class _Track(msgspec.Struct):
    track: str


class _WithTracks(msgspec.Struct):
    id: str
    tracks: list[_Track]


class HistoryRoutes:
    """The handlers. ``frame`` is the frame as in ops.sector.geojson, to give the place of tracks as known now."""

    def __init__(
        self,
        reader: MomentReader,
        *,
        recorder: Recorder,
        frame: Callable[[], Mapping[str, Any] | None],
        release: Release,
    ) -> None:
        self._reader, self._recorder, self._frame_view = reader, recorder, frame
        self._release = release
        self._frame: LocalFrame | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for path, handler, model in (
            ("/v1/history", self.extent, HistoryExtent),
            ("/v1/history/moment", self.moment, MomentRecord),
            ("/v1/history/incidents", self.incidents, OpenedIncidents),
            ("/v1/history/incidents/{identity}", self.incident, IncidentThroughTime),
            ("/v1/history/tracks/{identity}", self.track, ThroughTime),
            ("/v1/history/units/{identity}", self.unit, ThroughTime),
        ):
            app.add_api_route(path, handler, methods=["GET"], response_model=model, response_class=JSONResponse)

    def extent(self, request: Request) -> Response:
        """Which days can be looked back at, and which of them are erased."""
        days, final_ns = self._reader.days(), self._final_ns(self._view(request))
        body = {
            "first": rfc3339(days[0].first_ns) if days else None,
            "last": rfc3339(days[-1].last_ns) if days else None,
            "final": None if final_ns is None else rfc3339(final_ns),
            "days": [
                {
                    "day": day.day,
                    "first": rfc3339(day.first_ns),
                    "last": rfc3339(day.last_ns),
                    "erased": _erased(day.erased),
                }
                for day in days
            ],
        }
        return _json(to_json(body, where="extent"))

    def moment(self, request: Request, at: At, now: bool = False) -> Response:
        """The picture as it was known at ``at``; with ``now``, also what is known of that time now.

        404 before the first moment.
        """
        at_ns = time_ns(at, where="at")
        self._recorder.note(request, f"picture of {rfc3339(at_ns)}")
        moment = self._reader.moment(at_ns)
        if moment is None:
            raise HTTPException(404, self._nothing(at_ns))
        _, next_ns = self._reader.neighbours(at_ns)
        view = self._view(request)
        moment = released_moment(moment, view)
        alerts, incidents = (
            [one.body for one in moment.revisions if one.kind == kind and one.body is not None]
            for kind in ("alert", "incident")
        )
        parts = {name: _list(moment.parts[name]) if name in moment.parts else b"null" for name in PARTS}
        body = _object(
            asked=_text(rfc3339(at_ns)),
            at=_text(rfc3339(moment.stamp_ns)),
            next=b"null" if next_ns is None else _text(rfc3339(next_ns)),
            cursor=str(moment.cursor).encode(),
            erased=to_json(self._erased_of(moment), where="erased"),
            **parts,
            alerts=_list(alerts),
            incidents=_list(incidents),
            now=self._now(moment, view) if now else b"null",
        )
        return _json(body)

    def incidents(
        self,
        request: Request,
        since: FromTime,
        until: At,
        limit: Annotated[int, Query(ge=1, le=MOST_INCIDENTS)] = 1_000,
    ) -> Response:
        """Incidents that were opened in a time, as known now."""
        from_ns, until_ns = _range(since, until)
        self._recorder.note(request, f"incidents opened {rfc3339(from_ns)} to {rfc3339(until_ns)}")
        view = self._view(request)
        hidden = partial(view.hidden, "incident")
        more, bodies = self._reader.incidents_opened(from_ns, until_ns, limit=limit, hidden=hidden)
        opened = [msgspec.json.decode(body, type=_Opened) for body in bodies]
        return _json(to_json({"more": more, "incidents": opened}, where="incidents"))

    def incident(self, request: Request, identity: PathId) -> Response:
        """One incident through time: each of its revisions; 404 if there is none with this id."""
        self._recorder.note(request, f"incident {identity} through time")
        found = [one for one in self._reader.revisions_of(identity) if one.kind == "incident"]
        revisions = released_revisions(found, self._view(request))
        if not revisions:
            raise HTTPException(404, f"There is no incident {identity!r}.")
        bodies = [one.body for one in revisions if one.body is not None]
        erased = str(len(revisions) - len(bodies)).encode()
        body = _object(id=to_json(identity, where="id"), erased=erased, revisions=_list(bodies))
        return _json(body)

    def track(
        self,
        request: Request,
        identity: RecordName,
        since: FromTime,
        until: At,
        samples: SampleLimit = 120,
    ) -> Response:
        """One track through time, as known then and as known now.

        As known then: where little changed, and for people from whom a marking is hidden, one position per minute.
        """
        return self._through_time(request, "tracks", identity, since, until, samples)

    def unit(
        self,
        request: Request,
        identity: RecordName,
        since: FromTime,
        until: At,
        samples: SampleLimit = 120,
    ) -> Response:
        """One unit through time, as known then."""
        return self._through_time(request, "units", identity, since, until, samples)

    def _through_time(
        self, request: Request, part: str, identity: str, since: str, until: str, samples: int
    ) -> Response:
        from_ns, until_ns = _range(since, until)
        self._recorder.note(request, f"{part[:-1]} {identity} through time, {rfc3339(from_ns)} to {rfc3339(until_ns)}")
        times, view = sampled_times(from_ns, until_ns, samples), self._view(request)
        then = [
            b'{"at":"%s","entry":%s}' % (rfc3339(at_ns).encode(), shown)
            for at_ns, entry in self._reader.entry_through_time(part, identity, times, each_minute=not view.everything)
            for shown in released_entries(part, [entry], view)
        ]
        estimates: list[Estimate] = []
        view.refresh()
        if part == "tracks" and view.shows("track", identity):
            hidden = self._hidden_tracks(view)
            final_ns = self._reader.final_ns(hidden)
            for at_ns in times if final_ns is not None else ():
                estimates += [
                    one
                    for one in self._reader.estimates(at_ns, identity, hidden=hidden, final_ns=final_ns)
                    if not estimates or estimates[-1].time_ns != one.time_ns
                ]
        body = _object(id=to_json(identity, where="id"), then=_list(then), now=self._located(estimates))
        return _json(body)

    def _now(self, moment: Moment, view: ReleasedView) -> bytes:
        """A moment as it is known now, as JSON; ``moment`` and the answer without what is hidden."""
        reader = self._reader
        final_ns = self._final_ns(view)
        known = final_ns is not None and final_ns >= moment.stamp_ns and "tracks" not in moment.erased
        newest = reader.newest((one.kind, one.identity) for one in moment.revisions)
        hidden = self._hidden_tracks(view)
        estimates = reader.estimates(moment.stamp_ns, hidden=hidden, final_ns=final_ns) if known else []
        later = self._opened_later(moment, newest, view)
        view.refresh()
        of_kind = {
            kind: [
                view.stated(kind, one.identity, newest[one.identity])
                for one in moment.revisions
                if one.kind == kind and one.identity in newest and view.shows(kind, one.identity)
            ]
            for kind in ("alert", "incident")
        }
        shown = [one for one in estimates if view.shows("track", one.track)]
        return _object(
            tracks=self._located(shown) if known else b"null",
            alerts=_list(of_kind["alert"]),
            incidents=_list(of_kind["incident"]),
            opened_later=_list(later),
        )

    def _opened_later(self, moment: Moment, known: Mapping[str, bytes], view: ReleasedView) -> list[bytes]:
        tracks = {msgspec.json.decode(entry, type=_Track).track for entry in moment.parts.get("tracks", ())}
        _, bodies = self._reader.incidents_opened(
            moment.stamp_ns, moment.stamp_ns + LATER_NS, limit=MOST_LATER, hidden=partial(view.hidden, "incident")
        )
        found = []
        for body in bodies:
            incident = msgspec.json.decode(body, type=_WithTracks)
            if incident.id not in known and any(one.track in tracks for one in incident.tracks):
                found.append(view.stated("incident", incident.id, body))
        return found

    def _view(self, request: Request) -> ReleasedView:
        return self._release.view(person_of(request))

    def _final_ns(self, view: ReleasedView) -> int | None:
        """Until when tracks are final; by the tracks that the person may have, so that no other shows in it."""
        return self._reader.final_ns(self._hidden_tracks(view))

    def _hidden_tracks(self, view: ReleasedView) -> Collection[str]:
        return () if view.everything else view.hidden("track")

    def _located(self, estimates: list[Estimate]) -> bytes:
        places = self._places(estimates)
        rows = [
            {
                "track": one.track,
                "at": rfc3339(one.time_ns),
                "lon": lon,
                "lat": lat,
                "easting": round(one.easting, 2),
                "northing": round(one.northing, 2),
                "status": one.status,
                "existence": one.existence,
            }
            for one, (lon, lat) in zip(estimates, places, strict=True)
        ]
        return to_json(rows, where="tracks")

    def _places(self, estimates: list[Estimate]) -> list[tuple[float | None, float | None]]:
        """Longitude and latitude of estimates; None where the sector's frame is not known."""
        view = self._frame_view()
        if not estimates or view is None:
            return [(None, None)] * len(estimates)
        if self._frame is None:
            from geo.frame import LocalFrame  # 20 MB, which a room where no one looks back need not have

            self._frame = LocalFrame.from_epsg(view["epsg"]) if "epsg" in view else LocalFrame.from_crs(view["proj"])
        lon, lat = self._frame.to_lonlat([one.easting for one in estimates], [one.northing for one in estimates])
        return [(round(float(east), 7), round(float(north), 7)) for east, north in zip(lon, lat, strict=True)]

    def _erased_of(self, moment: Moment) -> list[dict[str, Any]]:
        """The erased kinds of a moment, with the time of the erasure of its day."""
        if not moment.erased:
            return []
        day = day_at(moment.stamp_ns)
        known = next((one.erased for one in self._reader.days() if one.day == day), {})
        return _erased({kind: known.get(kind) for kind in sorted(moment.erased)})

    def _nothing(self, at_ns: int) -> str:
        _, first_ns = self._reader.neighbours(at_ns)
        if first_ns is None:
            return "No moment is kept yet."
        return f"No moment is kept before {rfc3339(first_ns)}."


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _erased(kinds: Mapping[KeyKind, datetime | None]) -> list[dict[str, Any]]:
    return [{"kind": kind, "erased_at": at} for kind, at in kinds.items()]


def _range(since: str, until: str) -> tuple[int, int]:
    from_ns, until_ns = time_ns(since, where="from"), time_ns(until, where="until")
    if until_ns < from_ns:
        raise HTTPException(422, "until lies before from.")
    return from_ns, until_ns


def _list(items: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _object(**fields: bytes) -> bytes:
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in fields.items()) + b"}"


def _text(value: str) -> bytes:
    return b'"' + value.encode() + b'"'
