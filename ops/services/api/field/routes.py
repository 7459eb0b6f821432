"""Routes of field units' devices under /v1/field: the unit's list, its answers, positions and map.

Answers and positions are published as messages of the unit, signed by the server, and so reach the journal as those of
units with MQTT do; fusion applies them. An answer is stored before it is answered, and taken once, by its action id.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol
from weakref import WeakValueDictionary

import anyio
import msgspec
from anyio.to_thread import run_sync
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from geo.message import Message
from ingest.errors import MalformedMessage
from ingest.help_call import HelpCall
from ingest.sending.spool import MessageKey
from ingest.unit_messages import Position, Reply, SectionOrder, read_help_call
from ops.field.certificates import UnitCertificates
from ops.field.devices import Device, DeviceStore, UnitAnswer
from ops.field.refusal_file import RefusalBookError
from ops.field.refusals import RefusalBook, RefusalChannel, RefusedMessage
from ops.services.api.event_stream import EventStream
from ops.services.api.field.changes import SentStates, changes_of, version_of
from ops.services.api.field.models import (
    MOST_CALLS,
    MOST_POSITIONS,
    FieldChanges,
    FieldPosition,
    FieldPositionResults,
    FieldPositions,
    FieldReplies,
    FieldReply,
    FieldReplyResults,
    FieldState,
)
from ops.services.api.field.reach import Reach
from ops.services.api.field.situation import (
    closed_lead,
    field_incident,
    given_at_ns,
    incidents_of,
    other_units,
    outcomes_of,
    own_position,
    own_unit,
)
from ops.services.api.field.stream import FieldStream, Pulse
from ops.services.api.login.routes import person_of
from ops.services.api.observability.tags import matches, tag_of_body
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release, ReleasedView
from ops.store.incidents import IncidentReader
from ops.store.rows import rfc3339, to_json
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

log = logging.getLogger(__name__)

OLDEST_S: Final = 23 * 3600.0
"""Oldest time that an answer or a position is stated with: ingest refuses what was observed more than a day ago."""
AT_ANY_TIME: Final = ("note", "attach")
"""Answers that are taken after the incident was closed, too: a phone may have been out of reach until then."""
STALE_S: Final = 600.0
"""Age of a position from which it is not current, while fusion has not written another limit."""
AT_ONCE: Final = 4
"""Requests with positions at once, one of each device: each position is written to the disk, so they must delay neither
the operations centre nor the calls for help of other devices."""
NO_FORCES: Final[Mapping[str, Any]] = {"units": []}


class UnitSender(Protocol):
    """Sends messages of units to the journal (``ops.services.api.operator_actions.ActionSender``)."""

    def send_reply(self, reply: Reply | SectionOrder) -> MessageKey:
        """Store a reply of a unit and send it until the journal has it."""

    def send_position(self, position: Position) -> MessageKey:
        """Store a position of a unit and send it until the journal has it."""

    def send_call(self, unit: str, observed_at: Any, note: str) -> MessageKey:
        """Store a call for help without a position and send it until the journal has it."""


class FieldRoutes:
    """The handlers, for devices that the gate has admitted. ``sender`` None: nothing is taken from units."""

    def __init__(
        self,
        reader: IncidentReader,
        devices: DeviceStore | None,
        sender: UnitSender | None,
        *,
        sector: tuple[str, str],
        language: str,
        now_ns: Callable[[], int],
        recorder: Recorder,
        release: Release,
        reach: Reach,
        stopped: Callable[[], bool],
        keeps_time: bool = True,
        certificates: UnitCertificates | None = None,
        refusals: RefusalBook | None = None,
    ) -> None:
        """``sector``: its name in topics, and its title. ``keeps_time`` false: the server's clock is a scenario's, with
        which that of a device cannot be compared. ``refusals`` counts what is refused."""
        self._reader, self._devices, self._sender, self._reach = reader, devices, sender, reach
        (self._sector, self._title), self._language = sector, language
        self._now_ns, self._recorder, self._release, self._stopped = now_ns, recorder, release, stopped
        self._sent = SentStates()
        self._keeps_time, self._certificates, self._refusals = keeps_time, certificates, refusals
        self._turns: anyio.CapacityLimiter | None = None
        self._turn_of: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def _words(self) -> MessageCatalogue:
        from ops.words import MessageCatalogue  # Babel is slow to import

        return MessageCatalogue.of(self._language)

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route(
            "/v1/field/state",
            self.state,
            methods=["GET"],
            response_model=FieldState | FieldChanges,
            response_class=JSONResponse,
        )
        app.add_api_route(
            "/v1/field/stream", self.stream, methods=["GET"], status_code=200, response_class=EventStream,
            response_model=str,
        )  # fmt: skip
        for path, handler, model in (
            ("/v1/field/replies", self.replies, FieldReplyResults),
            ("/v1/field/positions", self.positions, FieldPositionResults),
        ):
            app.add_api_route(
                path, handler, methods=["POST"], status_code=202, response_model=model, response_class=JSONResponse
            )

    # --- what a unit sees

    async def state(self, request: Request, since: Annotated[str, Query(pattern=r"^[0-9a-z]{0,40}$")] = "") -> Response:
        """Everything that the page of a field unit shows; 304 while nothing but the time has changed.

        ``since``: the version of the state that the device has. It then gets what has changed in it, or the whole state
        if the server does not remember that version.
        """
        device = _device(request)
        await asyncio.to_thread(self._recorder.note, request, f"list of unit {device.unit}")
        number, incidents = await asyncio.to_thread(incidents_of, self._reader, self._view(request), device.unit)
        forces, now_ns = await asyncio.to_thread(self._forces), self._now_ns()
        answers = await asyncio.to_thread(self._outcomes_of, device, self._view(request))
        body = await asyncio.to_thread(self._state, device, number, incidents, answers, forces, now_ns)
        own, stale_s = own_unit(forces, device.unit), forces.get("stale_s", STALE_S)
        tag = tag_of_body(
            to_json(await self._reach.order(body, incidents, own, now_ns, stale_s=stale_s), where="field")
        )
        version = version_of(body)
        body = {"version": version, **body}
        sent, known = to_json(body, where="field"), self._sent.of(device.id, since)
        if not matches(request.headers.get("if-none-match", ""), tag):  # else it keeps the state that it has
            self._sent.keep(device.id, version, body)
        if known is not None:
            changes = to_json({"since": since, **changes_of(known, body), "version": version}, where="field")
            sent = min(sent, changes, key=len)
        return Response(sent, media_type="application/json", headers={"ETag": tag})

    def _state(
        self,
        device: Device,
        number: int,
        incidents: Sequence[Mapping[str, Any]],
        outcomes: Sequence[Mapping[str, Any]],
        forces: Mapping[str, Any],
        now_ns: int,
    ) -> dict[str, Any]:
        own = own_unit(forces, device.unit)
        return {
            "unit": device.unit,
            "device": device.id,
            "sector": self._sector,
            "title": self._title,
            "at": rfc3339(now_ns),
            "number": number,
            "language": self._words.language,
            "duty": "" if own is None else own["duty"],
            "sections": [] if own is None or own["section"] is None else [own["section"]],
            "position": own_position(own),
            "incidents": [field_incident(one, device.unit) for one in incidents],
            "outcomes": outcomes,
            "units": other_units(forces, device.unit),
        }

    def _outcomes_of(self, device: Device, view: ReleasedView) -> list[dict[str, Any]]:
        return outcomes_of(self._reader, view, device.unit, self._store().answers(device.unit), self._words)

    def stream(self, request: Request) -> Response:
        """Server-sent events: ``change`` when the unit's list may have changed. ``Last-Event-ID`` is honoured."""
        device, view = _device(request), self._view(request)
        self._recorder.note(request, f"stream of unit {device.unit}")
        after = request.headers.get("last-event-id", "")
        return FieldStream(partial(self._pulse, device, view), after, self._stopped)

    def _pulse(self, device: Device, view: ReleasedView) -> Pulse | None:
        """The state of all that makes the unit's list different; None if the device may no longer be used."""
        devices = self._store()
        certified = self._certificates is None or self._certificates.holds(device.id)
        if not (certified and devices.still_in(device.id)):
            return None
        outcomes = self._outcomes_of(device, view)
        own = own_unit(self._forces(), device.unit)
        rest = (outcomes, None if own is None else (own["duty"], own["section"], own["distress_ns"] is not None))
        return Pulse(view.number(self._reader.last_event()), blake2b(repr(rest).encode(), digest_size=8).hexdigest())

    # --- what a unit sends

    async def replies(self, body: FieldReplies, request: Request) -> Response:
        """Take answers of the unit's people. 202: each is ``accepted`` once it is stored; what became of it is in the
        state later. The same ``action_id`` sent again counts once."""
        device, view, sender = _device(request), self._view(request), self._sending()
        _, visible = await asyncio.to_thread(incidents_of, self._reader, view, device.unit)
        leads = {one["id"]: one["lead"] for one in visible}
        read = [_read_reply(one) for one in body.replies]
        usable = [(place, one) for place, one in enumerate(read) if isinstance(one, FieldReply)]
        in_order = sorted(usable, key=lambda each: each[1].at)  # a queue may have been sent out of order
        problems: list[Message | None] = [
            Message("unit-unreadable", {"what": said}) if isinstance(said, str) else None for said in read
        ]
        for place, reply in in_order:
            problems[place] = await asyncio.to_thread(self._take_reply, reply, body, request, device, leads, sender)
        ids = [_id_of(one) for one in body.replies]
        await asyncio.to_thread(self._count_refused, device, "reply", ids, problems)
        return JSONResponse(
            {"results": [{"action_id": one, **self._result(said)} for one, said in zip(ids, problems, strict=True)]},
            202,
        )

    def _take_reply(
        self,
        reply: FieldReply,
        body: FieldReplies,
        request: Request,
        device: Device,
        leads: Mapping[str, str],
        sender: UnitSender,
    ) -> Message | None:
        """Store one answer for sending; return why it is not taken."""
        at_ns, late_s, ahead_s = given_at_ns(reply.at, body.sent_at, self._now_ns(), OLDEST_S)
        ahead_s = ahead_s if self._keeps_time else 0.0
        answer = UnitAnswer(reply.action_id, reply.incident, reply.action, device.id, late_s, ahead_s)
        devices = self._store()
        lead = leads.get(reply.incident)
        if lead is None and reply.action in AT_ANY_TIME:
            lead = closed_lead(self._reader, self._view(request), device.unit, reply.incident)
        if lead is None and not devices.has_answer(reply.action_id, device.unit):
            return Message("unit-no-incident")
        new = devices.take_answer(answer, device.unit)
        if new is None:
            return Message("unit-id-used")
        if not new:
            return None
        try:
            subject = f"incident {reply.incident}: {reply.action} by unit {device.unit}"
            self._recorder.note(request, subject, operation="alteration")
            sender.send_reply(
                Reply(
                    unit=device.unit, boot=1, seq=1, observed_at=utc_datetime(at_ns), action=reply.action,
                    alert=str(lead), by=reply.by or device.name, reason=reply.reason, incident=reply.incident,
                    action_id=reply.action_id, expected_revision=reply.expected_revision,
                    disposition=reply.disposition, note=reply.note, attachment=reply.attachment,
                )
            )  # fmt: skip
        except MalformedMessage as error:
            devices.drop_answer(reply.action_id)
            return Message("unit-unreadable", {"what": error.field})
        except Exception as error:
            devices.drop_answer(reply.action_id)
            raise HTTPException(503, "The answer could not be stored; send it again.") from error
        return None

    async def positions(self, body: FieldPositions, request: Request) -> Response:
        """Take positions of the unit, and calls for help whatever else is wrong. 202: each is ``accepted`` once it is
        stored."""
        device, sender = _device(request), self._sending()
        if self._turns is None:  # must be created in the serving event loop
            self._turns = anyio.CapacityLimiter(AT_ONCE)
        async with self._turn_of.setdefault(device.id, asyncio.Lock()):
            results = await run_sync(self._take_positions, body, request, device, sender, limiter=self._turns)
        return JSONResponse({"results": results}, 202)

    def _take_positions(
        self, body: FieldPositions, request: Request, device: Device, sender: UnitSender
    ) -> list[dict[str, Any]]:
        problems: list[Message | None] = []
        calls = [_call_in(one) for one in body.positions]
        newest = [place for place, call in enumerate(calls) if call is not None][-MOST_CALLS:]
        for place, (stated, call) in enumerate(zip(body.positions, calls, strict=True)):
            if place >= MOST_POSITIONS and place not in newest:  # an older call is heard with the newest
                problems.append(None if call else Message("unit-too-many", {"count": MOST_POSITIONS}))
            else:
                problems.append(self._take_position(stated, call, _moment(body.sent_at), device, sender))
        if any(call is not None for call in calls):  # after it was sent: a full disk must not hold up a call for help
            self._recorder.note(request, f"call for help of unit {device.unit}", operation="alteration")
        self._count_refused(device, "position", [""] * len(problems), problems)
        return [self._result(problem) for problem in problems]

    def _take_position(
        self, stated: Any, call: HelpCall | None, sent_at: Any, device: Device, sender: UnitSender
    ) -> Message | None:
        try:
            one = FieldPosition.model_validate(stated)
        except ValidationError as error:
            if call is None:
                return Message("unit-unreadable", {"what": _first_of(error)})
            self._take_call(call, device, sender)
            return None
        at_ns, _, _ = given_at_ns(one.at, sent_at, self._now_ns(), OLDEST_S)
        position = Position(
            device.unit, 1, 1, utc_datetime(at_ns), one.lon, one.lat, one.position_sd_m, one.distress, one.note,
            one.duty, one.moves,
        )  # fmt: skip
        try:
            sender.send_position(position)
        except MalformedMessage as error:
            if call is None:
                return Message("unit-unreadable", {"what": error.field})
            self._take_call(call, device, sender)
        except Exception as error:
            raise HTTPException(503, "The position could not be stored; send it again.") from error
        return None

    def _take_call(self, call: HelpCall, device: Device, sender: UnitSender) -> None:
        """Send a call for help whose position message cannot be used, with what can be read of it."""
        now = utc_datetime(self._now_ns())
        try:
            if call.lon is None or call.lat is None:
                sender.send_call(device.unit, now, call.note)
            else:
                sender.send_position(
                    Position(device.unit, 1, 1, now, call.lon, call.lat, distress=True, note=call.note)
                )
        except Exception as error:
            raise HTTPException(503, "The call for help could not be stored; send it again.") from error

    # --- within

    def _forces(self) -> Mapping[str, Any]:
        live = self._reader.live("forces")
        return NO_FORCES if live is None else msgspec.json.decode(live.body)

    def _view(self, request: Request) -> ReleasedView:
        return self._release.view(person_of(request))

    def _store(self) -> DeviceStore:
        assert self._devices is not None  # the gate admits no device without it
        return self._devices

    def _sending(self) -> UnitSender:
        if self._sender is None:
            raise HTTPException(503, "This server takes nothing from field units.")
        return self._sender

    def _result(self, problem: Message | None) -> dict[str, Any]:
        return {"accepted": problem is None, "problem": None if problem is None else self._words.say(problem)}

    def _count_refused(
        self, device: Device, channel: RefusalChannel, ids: Sequence[str], problems: Sequence[Message | None]
    ) -> None:
        """Count what was refused; the device has the reasons in its answer."""
        now_ns = self._now_ns()
        refused = [
            RefusedMessage(device.unit, "page", channel, problem.id, problem, now_ns, reference=one, notified=True)
            for one, problem in zip(ids, problems, strict=True)
            if problem is not None
        ]
        if self._refusals is not None and refused:
            with suppress(RefusalBookError):  # it counts them as soon as it can
                self._refusals.note(*refused)


def _device(request: Request) -> Device:
    device: Device = request.state.device
    return device


def _read_reply(stated: Any) -> FieldReply | str:
    """An answer, or the name of the field that cannot be used."""
    try:
        return FieldReply.model_validate(stated)
    except ValidationError as error:
        return _first_of(error)


def _first_of(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.errors()[0]["loc"])[:80] or "body"


def _id_of(stated: Any) -> str:
    return str(stated.get("action_id", ""))[:64] if isinstance(stated, dict) else ""


def _call_in(stated: Any) -> HelpCall | None:
    """The readable part of a call for help; None for a position without one."""
    return read_help_call(json.dumps(stated).encode()) if isinstance(stated, dict) else None


def _moment(stated: Any) -> Any:
    """The time at which the device sends; None if it is not usable."""
    try:
        return FieldReplies(replies=[], sent_at=stated).sent_at
    except ValidationError:
        return None
