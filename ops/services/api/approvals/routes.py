"""The page and routes of requests under the two-person rule.

A request is recorded in the audit log when it is made and when it is decided, before anything is carried out. It is
carried out at most once. One that cannot be carried out counts as failed and has to be asked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from ops.accounts.accounts import Accounts
from ops.accounts.rights import has
from ops.governance.anomalies.evidence import OVERRIDE
from ops.governance.approvals import Approvals, ApprovalStoreError
from ops.governance.mutes import mute
from ops.governance.two_person import (
    RIGHT_FOR,
    STATE_AFTER,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    ApprovalRefused,
    Party,
    SamePersons,
)
from ops.journal.events import Mute
from ops.services.api.approvals.models import (
    ApprovalRecord,
    ApprovalRecords,
    DecisionRequest,
    ErasureRequest,
    MuteRequest,
)
from ops.services.api.approvals.problems import ApprovalProblem, refusal, sentence_of, valid
from ops.services.api.forces.routes import ForcesRoutes
from ops.services.api.login.forms import read_form
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import catalogue_of, render
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.store.reader import Reader

PAGE: Final = "/approvals"
LEAST_OVERRIDE: Final = 10
"""Characters of the reason of an override."""
MOST_REASON: Final = 500
_NO_ACCOUNTS: Final = "This server has no accounts, so there is no second person to confirm a request."

CarryOut = Callable[[Approval], Awaitable[None]]
ApprovalForm = Annotated[Mapping[str, str], Depends(read_form)]


class ApprovalRoutes:
    """The handlers. ``approvals`` None: a server without accounts, which takes no requests.

    ``lower``: carries out the lowering of an impact level; raises HTTPException where that is not possible.
    """

    def __init__(
        self,
        approvals: Approvals | None,
        accounts: Accounts | None,
        reader: Reader,
        *,
        folder: Path,
        sector: str,
        now_ns: Callable[[], int],
        recorder: Recorder,
        lower: CarryOut,
        takes_actions: bool,
    ) -> None:
        self._approvals, self._accounts, self._reader = approvals, accounts, reader
        self._takes_actions = takes_actions
        self._folder, self._sector, self._now_ns, self._recorder, self._lower = (
            folder, sector, now_ns, recorder, lower,
        )  # fmt: skip

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        page: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route(PAGE, self.page, methods=["GET"], **page)
        app.add_api_route(PAGE, self.from_page, methods=["POST"], **page)
        app.add_api_route("/v1/approvals", self.listed, methods=["GET"], response_model=ApprovalRecords)
        made: Any = {"methods": ["POST"], "status_code": 202, "response_model": ApprovalRecord}
        app.add_api_route("/v1/sensors/{sensor}/mute", self.ask_mute, **made)
        app.add_api_route("/v1/approvals/erasure", self.ask_erasure, **made)
        app.add_api_route(
            "/v1/approvals/{identity}/decision", self.decide, methods=["POST"], response_model=ApprovalRecord
        )

    def listed(self, request: Request) -> ApprovalRecords:
        """Requests under the two-person rule, the newest first, with what the caller may decide."""
        found = self._store().newest()
        self._recorder.note(request, "requests for confirmation")
        return ApprovalRecords(approvals=[self._record(one, request) for one in found])

    def ask_mute(self, sensor: str, body: MuteRequest, request: Request) -> ApprovalRecord:
        """Ask that the messages of a sensor are not read for some time; another person has to confirm it."""
        if not self._takes_actions:
            raise ApprovalProblem(503, "This server takes no actions.", "no_actions")
        self._check_sensor(sensor)
        order = {"sensor": sensor, "minutes": body.minutes}
        subject = f"sensor {sensor} muted for {body.minutes} min"
        return self._record(self.ask("mute_sensor", subject, order, body.reason, request), request)

    def ask_erasure(self, body: ErasureRequest, request: Request) -> ApprovalRecord:
        """Ask for an erasure by `watchline store purge` under certain settings; another person has to confirm it."""
        subject = f"erasure of what the settings {body.settings} make due"
        return self._record(self.ask("erase", subject, {"settings": body.settings}, body.reason, request), request)

    async def decide(self, identity: str, body: DecisionRequest, request: Request) -> ApprovalRecord:
        """Confirm, refuse, withdraw or override a request. 409 if it no longer waits, 403 if the caller may not."""
        made = await self._decided(identity, body.decision, body.reason, request)
        return self._record(made, request)

    def page(self, request: Request, asked: str = "") -> Response:
        """The page: requests that wait, forms for new ones, and what was decided."""
        return self._page(request, done="asked" if asked else "", problem="")

    async def from_page(self, request: Request, form: ApprovalForm) -> Response:
        """Take a form of the page, and lead back to it."""
        words = catalogue_of(request)
        action, reason = form.get("action", ""), form.get("reason", "").strip()[:MOST_REASON]
        try:
            if action == "mute":
                await asyncio.to_thread(self.ask_mute, *_mute_of(form, reason), request)
            elif action == "erase":
                body = valid(ErasureRequest, {"settings": form.get("settings", "").strip(), "reason": reason})
                await asyncio.to_thread(self.ask_erasure, body, request)
            elif action in STATE_AFTER:
                decision = valid(DecisionRequest, {"decision": action, "reason": reason})
                await self._decided(form.get("id", ""), decision.decision, decision.reason, request)
            else:
                raise ApprovalProblem(422, f"action: expected one of mute, erase, {', '.join(STATE_AFTER)}.", "action")
        except HTTPException as refused:
            return self._page(request, done="", problem=sentence_of(refused, words), status=refused.status_code)
        return RedirectResponse(f"{PAGE}?language={words.language}&asked=1", 303)

    def ask(
        self, kind: ApprovalKind, subject: str, order: Mapping[str, Any], reason: str, request: Request
    ) -> Approval:
        """Record a request in the audit log and store it. HTTPException where that is not possible."""
        store, person = self._store(), person_of(request)
        self._recorder.note(request, f"request to confirm: {subject}, because: {reason}", operation="alteration")
        try:
            return store.ask(kind, subject, order, reason, person, self._party(request))
        except ApprovalRefused as refused:
            raise refusal(refused) from None
        except ApprovalStoreError as error:
            raise HTTPException(503, str(error)) from None

    async def _decided(self, identity: str, decision: ApprovalDecision, reason: str, request: Request) -> Approval:
        if decision == "override" and len(reason) < LEAST_OVERRIDE:
            expected = f"at least {LEAST_OVERRIDE} characters for an override"
            raise ApprovalProblem(422, f"reason: expected {expected}.", "override", least=LEAST_OVERRIDE)
        made = await asyncio.to_thread(self._decide, identity, decision, reason, request)
        if decision in ("confirm", "override"):
            try:
                await self._carry_out(made)
            except HTTPException as error:
                await asyncio.to_thread(self._store().fail, made.id, str(error.detail))
                raise
        return made

    def _decide(self, identity: str, decision: ApprovalDecision, reason: str, request: Request) -> Approval:
        store, person, party = self._store(), person_of(request), self._party(request)
        try:
            found = store.check(identity, decision, person, party)
            if found is None:
                raise ApprovalProblem(404, f"There is no request {identity[:64]!r}.", "unknown")
            made = store.decide(identity, decision, person, party, reason)
        except ApprovalRefused as refused:
            raise refusal(refused) from None
        except ApprovalStoreError as error:
            raise HTTPException(503, str(error)) from None
        flag = OVERRIDE if decision == "override" else ""
        remark = f", because: {reason}" if reason else ""
        decided = f"{STATE_AFTER[decision]} request {identity} of {found.asked_by.name} [{found.asked_by.id}]"
        try:
            self._recorder.note(request, f"{flag}{found.subject}: {decided}{remark}", operation="alteration")
        except Exception:
            store.fail(made.id, "it could not be recorded in the audit log")  # and is therefore not carried out
            raise
        return made

    async def _carry_out(self, approval: Approval) -> None:
        """Do what was approved; an erasure is carried out by its command."""
        if approval.kind == "lower_impact_level":
            await self._lower(approval)
        elif approval.kind == "mute_sensor":
            now_s = self._now_ns() / 1e9
            sensor, minutes = str(approval.order["sensor"]), float(approval.order["minutes"])
            try:
                await asyncio.to_thread(
                    mute, self._folder, sensor, now_s + minutes * 60.0, now_s=now_s, why=_why_of(approval)
                )
            except Exception as error:
                raise HTTPException(503, f"The mute could not be stored ({error}); ask again.") from error

    def _check_sensor(self, sensor: str) -> None:
        live = self._reader.live("sensors")
        known = [] if live is None else [str(one.get("sensor")) for one in msgspec.json.decode(live.body)]
        if sensor not in known:
            raise ApprovalProblem(404, f"There is no sensor {sensor[:64]!r}.", "sensor", sensor=sensor[:64])

    def _store(self) -> Approvals:
        if self._approvals is None:
            raise ApprovalProblem(503, _NO_ACCOUNTS, "local")
        return self._approvals

    def _party(self, request: Request) -> Party:
        person = person_of(request)
        account = None if self._accounts is None else self._accounts.store.account_of_id(person.id)
        created_s = 0.0 if account is None else account.created_s
        return Party(person.id, person.name, person.login, str(person.role_in(self._sector) or ""), created_s)

    def _may(self, approval: Approval, request: Request) -> list[ApprovalDecision]:
        """The decisions that the caller may make; the asker is offered the withdrawal and not a refusal."""
        person, party, store = person_of(request), self._party(request), self._store()
        found: list[ApprovalDecision] = []
        for decision in STATE_AFTER:
            try:
                store.check_for(approval, decision, person, party)
            except ApprovalRefused:
                continue
            if decision != "refuse" or party.id != approval.asked_by.id:
                found.append(decision)
        return found

    def _record(self, one: Approval, request: Request) -> ApprovalRecord:
        now_s = self._store().now_s()
        return ApprovalRecord(
            id=one.id,
            kind=one.kind,
            subject=one.subject,
            reason=one.reason,
            state=one.state_at(now_s),
            asked_by=one.asked_by.name,
            asked_at=_utc(one.asked_s),
            expires_at=_utc(one.expires_s),
            decided_by=None if one.decided_by is None else one.decided_by.name,
            decided_at=None if one.decided_s is None else _utc(one.decided_s),
            remark=one.remark,
            emergency=one.emergency,
            order=dict(one.order),
            may=self._may(one, request),
        )

    def _page(self, request: Request, *, done: str, problem: str, status: int = 200) -> Response:
        person = person_of(request)
        records: list[ApprovalRecord] = []
        if self._approvals is None:
            problem = problem or catalogue_of(request).say("approvals-no-accounts")
        else:
            self._recorder.note(request, "requests for confirmation")
            records = [self._record(one, request) for one in self._approvals.newest()]
        answer = render(
            request,
            "approvals.html",
            cookie=session_cookie(request.scope) or "",
            status=status,
            sector=self._sector,
            waiting=[one for one in records if one.state == "waiting"],
            decided=[one for one in records if one.state != "waiting"],
            may_mute=self._approvals is not None
            and self._takes_actions
            and has(person, RIGHT_FOR["mute_sensor"], self._sector),
            may_ask=self._approvals is not None,
            done=done,
            problem=problem,
            least_override=LEAST_OVERRIDE,
            most_reason=MOST_REASON,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _why_of(approval: Approval) -> Mute:
    """What the journal and the map state of a mute: reason and roles, without names."""
    decided = approval.decided_by
    return Mute(
        None, approval.reason, approval.asked_by.role, "" if decided is None else decided.role, approval.emergency,
        approval.id,
    )  # fmt: skip


def _mute_of(form: Mapping[str, str], reason: str) -> tuple[str, MuteRequest]:
    body = valid(MuteRequest, {"minutes": form.get("minutes", "").strip(), "reason": reason})
    return form.get("sensor", "").strip(), body


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def add_two_person_rule(
    app: FastAPI,
    forces: ForcesRoutes,
    reader: Reader,
    accounts: Accounts | None,
    *,
    folder: Path,
    sector: str,
    now_ns: Callable[[], int],
    recorder: Recorder,
    takes_actions: bool,
) -> None:
    """Add the page and routes of requests, and let them guard impact levels; without accounts there is no rule."""
    approvals = None
    if accounts is not None:
        same = SamePersons(accounts.settings.same_person)
        approvals = Approvals(folder, sector=sector, now_s=accounts.now_s, same=same)
    routes = ApprovalRoutes(
        approvals, accounts, reader, folder=folder, sector=sector, now_ns=now_ns, recorder=recorder,
        lower=forces.carry_out, takes_actions=takes_actions,
    )  # fmt: skip
    forces.ask_second = None if approvals is None else routes.ask
    routes.add_to(app)
