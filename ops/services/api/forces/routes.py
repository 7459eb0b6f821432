"""Routes of own forces under /v1: units, bases and sections; candidates for an incident; decisions on impact levels.

A decision goes through the spool and the broker into the journal, as every action of a person does. Response times are
those over the ground, which the map process computes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from ingest.unit_messages import SectionOrder
from ops.accounts.person import MOST_NAME
from ops.broker.identities import UNIT
from ops.governance.two_person import Approval, ApprovalKind, lowers
from ops.services.api.forces.models import (
    ForcesPicture,
    ImpactAnswer,
    ImpactOrder,
    ResponseCandidate,
    ResponseCandidates,
)
from ops.services.api.incidents.routes import JOURNAL_WAIT_S, OUTCOME_WAIT_S, Actions, PathId, until
from ops.services.api.map_routes import Ask
from ops.services.api.recorder import Recorder
from ops.services.map.client import MapUnavailable
from ops.store.incidents import IncidentReader
from ops.store.reader import Live
from ops.store.rows import rfc3339, to_json
from sensors.timestamps import nanoseconds, utc_datetime

OPEN: Final = ("active", "acknowledged")
OFF_DUTY: Final = "off_duty"
AskSecond = Callable[[ApprovalKind, str, Mapping[str, Any], str, Request], Approval]


class ForcesRoutes:
    """The handlers. ``ask`` asks the map process; None without a map. ``recorder`` writes to the audit log."""

    def __init__(
        self,
        reader: IncidentReader,
        ask: Ask | None,
        actions: Actions | None,
        *,
        operator: str,
        now_ns: Callable[[], int],
        recorder: Recorder,
    ) -> None:
        self._reader, self._ask, self._actions, self._operator = reader, ask, actions, operator
        self._now_ns, self._recorder = now_ns, recorder
        self.ask_second: AskSecond | None = None
        """Asks a second person to confirm the lowering of a level; None without accounts: it is then not needed."""

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"], "response_class": JSONResponse}
        app.add_api_route("/v1/forces", self.forces, response_model=ForcesPicture, **get)
        app.add_api_route(
            "/v1/incidents/{identity}/candidates", self.candidates, response_model=ResponseCandidates, **get
        )
        app.add_api_route(
            "/v1/impact-levels",
            self.decide,
            methods=["POST"],
            status_code=202,
            response_model=ImpactAnswer,
            response_class=JSONResponse,
        )

    def forces(self, request: Request) -> Response:
        """Units with their last positions, bases, and sections with required and fielded posture."""
        self._recorder.note(request, "own forces")
        live = self._live()
        body = b'{"stamp":"%s","cursor":%d,"forces":%s}' % (rfc3339(live.stamp_ns).encode(), live.cursor, live.body)
        return Response(body, media_type="application/json")

    async def candidates(self, request: Request, identity: PathId) -> Response:
        """Units and bases for an incident: response time over the ground from the last position, and its age."""
        row = await asyncio.to_thread(self._reader.incident, identity)
        if row is None:
            raise HTTPException(404, f"There is no incident {identity!r}.")
        await asyncio.to_thread(self._recorder.note, request, f"candidates for incident {identity}")
        incident = msgspec.json.decode(row.body)
        lead = None if row.lead is None or incident["state"] == "closed" else msgspec.json.decode(row.lead)
        live = await asyncio.to_thread(self._live)
        now_ns = self._now_ns()
        found = candidates_of(msgspec.json.decode(live.body), await asyncio.to_thread(self._assigned), incident, now_ns)
        aim = aim_of(incident, lead, now_ns)
        body: dict[str, Any] = {"at": rfc3339(now_ns), "target": "none", "lon": None, "lat": None, "time_left_s": None}
        if aim is not None:
            answer = await self._response(aim, found)
            body |= {"target": aim["kind"], "lon": answer["lon"], "lat": answer["lat"]}
            left_s = None if aim["left"] is None else aim["left"][0]
            body["time_left_s"] = left_s
            chances = answer["probabilities"] or [None] * len(found)
            for one, seconds, known, chance in zip(found, answer["seconds"], answer["known"], chances, strict=True):
                one["response_s"] = seconds
                one["response_known"] = known
                one["margin_s"] = None if seconds is None or left_s is None else left_s - seconds
                one["interruption_probability"] = chance
        found.sort(key=_best_first)
        rows = [{name: value for name, value in one.items() if name in ResponseCandidate.model_fields} for one in found]
        return Response(to_json(body | {"candidates": rows}, where="candidates"), media_type="application/json")

    async def decide(self, body: ImpactOrder, request: Request) -> Response:
        """Decide on the impact level of a border section, with a reason; it is journaled. 202: see ``applied``.

        409 where another decision was made since the one that the person saw.
        """
        if self._actions is None:
            raise HTTPException(503, "This server takes no actions.")
        section = await asyncio.to_thread(self._section, body.section)
        if section is None:
            raise HTTPException(404, f"There is no section {body.section!r}.")
        if any(one["id"] == body.id for one in section["decided"]):
            return _decided(body.id, True, True)
        _refuse_if_changed(section, body)
        if self.ask_second is not None and lowers(section["level"], body.level):
            return await self._asked(body, section["level"], request)
        await asyncio.to_thread(
            self._recorder.note,
            request,
            f"impact level of section {body.section}: {body.level}, because: {body.reason}",
            operation="alteration",
        )
        return await self._send(body, self._person(request))

    async def carry_out(self, approval: Approval) -> None:
        """Lower a level as two persons decided, or one in an emergency. HTTPException where that is not possible."""
        body = ImpactOrder(**approval.order, reason=approval.reason)
        section = await asyncio.to_thread(self._section, body.section)
        if self._actions is None or section is None:
            raise HTTPException(503, "This server cannot change the level of this section.")
        _refuse_if_changed(section, body)
        await self._send(body, both_names(approval))

    async def _asked(self, body: ImpactOrder, before: str, request: Request) -> Response:
        """Ask another person to confirm the lowering of a level."""
        assert self.ask_second is not None
        order = {"id": body.id, "section": body.section, "level": body.level, "after": body.after}
        subject = f"impact level of section {body.section} lowered from {before} to {body.level}"
        made = await asyncio.to_thread(
            self.ask_second, "lower_impact_level", subject, order, body.reason, request
        )  # fmt: skip
        return _decided(body.id, False, None, made.id)

    async def _send(self, body: ImpactOrder, by: str) -> Response:
        assert self._actions is not None
        order = SectionOrder(
            UNIT, 1, 1, utc_datetime(self._now_ns()), body.id, body.section, body.level, by, body.reason, body.after
        )
        try:
            key = await asyncio.to_thread(self._actions.send_reply, order)
        except Exception as error:
            raise HTTPException(503, f"The decision could not be stored ({error}); try again.") from error
        accepted = await until(lambda: self._actions is not None and self._actions.journaled(key), JOURNAL_WAIT_S)
        if not accepted:
            return _decided(body.id, False, None)
        changed = await until(lambda: self._changed(body), OUTCOME_WAIT_S)
        if changed is None:
            return _decided(body.id, True, None)
        if not any(one["id"] == body.id for one in changed["decided"]):
            _refuse_if_changed(changed, body)
        return _decided(body.id, True, True)

    def _live(self) -> Live:
        live = self._reader.live("forces")
        if live is None:
            raise HTTPException(503, "Fusion has not written any forces yet.")
        return live

    def _section(self, name: str) -> dict[str, Any] | None:
        sections = msgspec.json.decode(self._live().body)["sections"]
        return next((one for one in sections if one["section"] == name), None)

    def _changed(self, order: ImpactOrder) -> dict[str, Any] | None:
        """The section once a decision was made after the one that the person saw; None before."""
        section = self._section(order.section)
        return section if section is not None and _latest(section) != order.after else None

    def _assigned(self) -> dict[str, list[str]]:
        """Names of the open incidents that each unit or base is assigned to."""
        assigned: dict[str, list[str]] = {}
        for row in self._reader.incidents(closed=False)[1]:
            incident = msgspec.json.decode(row.body)
            if incident["unit"]:
                assigned.setdefault(incident["unit"], []).append(incident["name"])
        return assigned

    async def _response(self, aim: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if self._ask is None:
            raise HTTPException(404, "This server was opened without its ground, so it has no response times.")
        origins = [(one["lon"], one["lat"], one["walks"], one["turns_out"]) for one in found]
        question = {"target": aim["at"], "in_frame": aim["in_frame"], "origins": origins, "left": aim["left"]}
        try:
            answer = await run_sync(partial(self._ask, "responders", **question))
        except MapUnavailable as error:
            raise HTTPException(503, str(error), headers={"Retry-After": "2"}) from None
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        if answer.status >= 400:
            raise HTTPException(answer.status, str(body["error"]))
        return body

    def _person(self, request: Request) -> str:
        person = getattr(request.state, "person", None)
        return self._operator if person is None else str(person.name)


def aim_of(incident: Mapping[str, Any], lead: Mapping[str, Any] | None, now_ns: int) -> dict[str, Any] | None:
    """Where responses go: the end of the target's path with the time that is left, else the incident's position.

    None for an incident without a position. The time left counts from the observation that the estimate is of: a
    later revision, such as an acknowledgement, keeps the estimate.
    """
    estimate = None if lead is None or lead.get("status") not in OPEN else lead.get("response_estimate")
    if lead is not None and estimate is not None and estimate.get("end_easting") is not None:
        age_s = (now_ns - nanoseconds(datetime.fromisoformat(lead["observed_at"]))) / 1e9
        left = estimate["time_left_s"] - max(age_s, 0.0)
        return {
            "kind": "interception",
            "at": (estimate["end_easting"], estimate["end_northing"]),
            "in_frame": True,
            "left": (left, estimate["time_left_sd_s"] or 0.0, lead.get("existence") or 0.0),
        }
    place = lead if lead is not None and lead.get("lon") is not None else incident
    if place.get("lon") is None or place.get("lat") is None:
        return None
    return {"kind": "incident", "at": (place["lon"], place["lat"]), "in_frame": False, "left": None}


def candidates_of(
    forces: Mapping[str, Any], assigned: Mapping[str, list[str]], incident: Mapping[str, Any], now_ns: int
) -> list[dict[str, Any]]:
    """Units on duty, without the one that calls for help, and bases; response times are not known yet."""
    empty = {"response_s": None, "response_known": True, "margin_s": None, "interruption_probability": None}
    found: list[dict[str, Any]] = []
    for unit in forces["units"]:
        if unit["duty"] == OFF_DUTY or unit["unit"] == incident["calling_unit"]:
            continue
        age_s = max((now_ns - unit["observed_ns"]) / 1e9, 0.0)
        found.append(
            {
                "kind": "unit",
                "name": unit["unit"],
                "lon": unit["lon"],
                "lat": unit["lat"],
                "position_age_s": round(age_s, 1),
                "current": age_s <= forces["stale_s"],
                "duty": unit["duty"],
                "base": unit["base"],
                "assigned": assigned.get(unit["unit"], []),
                "walks": unit["moves"] == "foot",
                "turns_out": unit["duty"] == "standby",
                **empty,
            }
        )
    for base in forces["bases"]:
        found.append(
            {
                "kind": "base",
                **base,
                "position_age_s": None,
                "current": True,
                "duty": "",
                "base": base["name"],
                "assigned": assigned.get(base["name"], []),
                "walks": False,
                "turns_out": True,
                **empty,
            }
        )
    return found


def _best_first(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Current positions first, then what can arrive, the most probable interruption, the fastest."""
    response_s = one["response_s"]
    return (
        not one["current"],
        response_s is None,
        -(one["interruption_probability"] or 0.0),
        math.inf if response_s is None else response_s,
        one["name"],
    )


def _latest(section: Mapping[str, Any]) -> str:
    return str(section["decided"][-1]["id"]) if section["decided"] else ""


def _refuse_if_changed(section: Mapping[str, Any], order: ImpactOrder) -> None:
    if _latest(section) == order.after:
        return
    if not section["decided"]:
        raise HTTPException(409, f"No decision on section {order.section!r} has the id {order.after!r}.")
    last = section["decided"][-1]
    raise HTTPException(
        409, f"{last['by']} set section {order.section!r} to {last['level']} at {last['at'][:19]}Z: {last['reason']}"
    )


def both_names(approval: Approval) -> str:
    """The names under which a lowering is shown: of both persons, or of the one who overrode the rule."""
    assert approval.decided_by is not None
    if approval.emergency:
        return approval.decided_by.name
    both = f"{approval.asked_by.name}, {approval.decided_by.name}"
    return both if len(both) <= MOST_NAME else approval.asked_by.name


def _decided(identity: str, accepted: bool, applied: bool | None, approval: str | None = None) -> Response:
    answer = {"id": identity, "accepted": accepted, "applied": applied, "approval": approval}
    return Response(to_json(answer, where="impact level"), 202, media_type="application/json")
