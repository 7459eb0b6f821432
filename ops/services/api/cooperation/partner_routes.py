"""The page of partners: what was shared with whom and why, what was received, new packages, and common gaps.

A package is previewed before it is signed, and what is signed is the product that the preview showed, to the byte. The
audit log records each preview, and each package as a disclosure before it is in the outbox.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.accounts.rights import has
from ops.audit.purposes import is_purpose
from ops.exchange.agreements import Agreement, Agreements, read_agreements
from ops.exchange.desk.orders import ShareOrder, ShareResult
from ops.exchange.fields import COVERAGE
from ops.runtime.processes.part_state import without_folders
from ops.services.api.cooperation.desk import ExchangeFiles, share_desk
from ops.services.api.cooperation.gap_picture import GapPicture, gap_picture
from ops.services.api.cooperation.packages import exchanged
from ops.services.api.cooperation.problems import CooperationProblem, of_order, partner_sentence
from ops.services.api.login.forms import VISIT, read_form, set_cookie, visit_of
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import FOLDER, catalogue_of, render
from ops.services.api.login.routes import person_of
from ops.services.api.order_process import OrderProcess
from ops.services.api.recorder import Recorder
from ops.store.rows import time_ns
from sensors.timestamps import utc_datetime

PAGE: Final = "/partners"
GAPS: Final = "/partners/gaps"
DONE: Final = ("made", "withdrawn")
SECOND_NS: Final = 10**9
FRESH_NS: Final = 1800 * SECOND_NS
"""Age up to which a preview can be signed."""
DEFAULT_PERIOD: Final = timedelta(days=1)
PartnerForm = Annotated[Mapping[str, str], Depends(read_form)]


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package as the form states it: agreement, period and purpose, and the time of its preview."""

    agreement: Agreement
    start_ns: int
    end_ns: int
    purpose: str
    at_ns: int
    sha256: str = ""

    @property
    def choice(self) -> str:
        """The agreement as the form names it."""
        return choice_of(self.agreement)

    @property
    def period(self) -> tuple[str, str]:
        """Start and end for the form, UTC, to the second."""
        return f"{utc_datetime(self.start_ns):%Y-%m-%dT%H:%M:%S}", f"{utc_datetime(self.end_ns):%Y-%m-%dT%H:%M:%S}"


class PartnerRoutes:
    """The handlers. ``sector``: the sector file; None where none is served."""

    def __init__(
        self,
        data: Path,
        files: ExchangeFiles,
        *,
        sector: str,
        title: str,
        sector_file: str | None,
        now_ns: Callable[[], int],
        recorder: Recorder,
        desk: OrderProcess[ShareResult] | None = None,
    ) -> None:
        self._data, self._files, self._sector, self._title = data, files, sector, title
        self._sector_file, self._now_ns, self._recorder = sector_file, now_ns, recorder
        self._desk = desk or share_desk()
        self._style = (FOLDER / "cooperation.css").read_text(encoding="utf-8")

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        page: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route(PAGE, self.page, methods=["GET"], **page)
        app.add_api_route(PAGE, self.from_page, methods=["POST"], **page)
        app.add_api_route(GAPS, self.gaps, methods=["GET"], **page)
        app.add_api_route("/cooperation.css", self.style, methods=["GET"], **page)

    def style(self) -> Response:
        """The style sheet of the pages of cooperation."""
        return Response(self._style, media_type="text/css", headers={"Cache-Control": "max-age=60"})

    def page(self, request: Request, done: str = "", number: str = "") -> Response:
        """The page: agreements, the form of a package, and what was sent, received and refused."""
        known = done if done in DONE and number.isascii() and number.isdigit() and len(number) < 16 else ""
        return self._page(request, done=known, number=number if known else "")

    def gaps(
        self,
        request: Request,
        agreement: Annotated[str, Query(max_length=140)] = "",
        needed: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> Response:
        """The page with the picture of common gaps: cells in which both sides together detect less than is needed."""
        if not agreement:
            return self._page(request)
        try:
            found = self._agreement(agreement)
            self._recorder.note(request, f"common gaps with {found.partner} under {found.id}")
            result = self._ask("gaps", request, found, "", needed=needed / 100.0)
        except CooperationProblem as refused:
            return self._page(request, problem=refused)
        return self._page(request, gaps=(found, result.number, gap_picture(result, needed / 100.0)))

    async def from_page(self, request: Request, form: PartnerForm) -> Response:
        """Take a form of the page: preview, sign or withdraw."""
        action = form.get("action", "")
        work = {"preview": self._preview, "make": self._make, "withdraw": self._withdraw}
        try:
            if action not in work:
                raise CooperationProblem(422, "action")
            return await asyncio.to_thread(work[action], request, form)
        except CooperationProblem as refused:
            return await asyncio.to_thread(self._page, request, problem=refused)

    def _preview(self, request: Request, form: Mapping[str, str]) -> Response:
        wanted = self._wanted(form, self._now_ns())
        subject = f"preview of a package for {wanted.agreement.partner} under {wanted.agreement.id}"
        self._recorder.note(request, subject, operation="consultation")
        result = self._of_package("preview", request, wanted)
        return self._page(request, preview=(wanted, result))

    def _make(self, request: Request, form: Mapping[str, str]) -> Response:
        at, now_ns = form.get("at", ""), self._now_ns()
        at_ns = int(at) if at.isascii() and at.isdigit() and len(at) < 20 else 0
        if not now_ns - FRESH_NS <= at_ns <= now_ns:
            raise CooperationProblem(409, "outdated")
        made = self._of_package("make", request, self._wanted(form, at_ns))
        return self._lead(request, "made", made.number)

    def _withdraw(self, request: Request, form: Mapping[str, str]) -> Response:
        partner, number, record = (form.get(name, "").strip() for name in ("partner", "number", "record"))
        found = [one for one in self._agreements().agreements if one.partner == partner]
        if not found:
            raise CooperationProblem(422, "partner")
        if not number.isascii() or (number and not number.isdigit()) or len(number) > 15 or len(record) > 200:
            raise CooperationProblem(422, "number")
        done = self._ask(
            "withdraw", request, found[0], _purpose(form.get("purpose", "")),
            packages=(int(number),) if number else (), records=(record,) if record else (),
        )  # fmt: skip
        return self._lead(request, "withdrawn", done.number)

    def _of_package(self, kind: Any, request: Request, wanted: NewPackage) -> ShareResult:
        return self._ask(
            kind, request, wanted.agreement, wanted.purpose, at_ns=wanted.at_ns, start_ns=wanted.start_ns,
            end_ns=wanted.end_ns, sha256=wanted.sha256,
        )  # fmt: skip

    def _ask(self, kind: Any, request: Request, agreement: Agreement, purpose: str, **more: Any) -> ShareResult:
        """Carry out an order for the person of a request. CooperationProblem."""
        person, files = person_of(request), self._files
        if files.agreements is None or self._sector_file is None or (files.identity is None and kind != "gaps"):
            raise CooperationProblem(503, "no_files")
        role = str(person.role_in(self._sector) or "")
        name = person.name if person.session.kind == "local" else f"{person.name} [{person.id}]"
        order = ShareOrder(
            kind=kind, data=str(self._data), agreements=str(files.agreements), identity=str(files.identity or ""),
            sector=self._sector_file, layout=files.layout, partner=agreement.partner, agreement=agreement.id,
            purpose=purpose, person=name, role=role, limit=person.releasability,
            settings=str(files.settings or ""), **({"at_ns": self._now_ns()} | more),
        )  # fmt: skip
        try:
            return self._desk.ask(order)
        except HTTPException as refused:
            raise of_order(HTTPException(refused.status_code, without_folders(str(refused.detail)))) from None

    def _wanted(self, form: Mapping[str, str], at_ns: int) -> NewPackage:
        agreement, purpose = self._agreement(form.get("agreement", "")), _purpose(form.get("purpose", ""))
        end_ns = _time(form.get("until", ""), "until") or at_ns // SECOND_NS * SECOND_NS
        start_ns = _time(form.get("from", ""), "from") or end_ns - nanoseconds_of(DEFAULT_PERIOD)
        if not start_ns < end_ns:
            raise CooperationProblem(422, "period")
        sha256 = form.get("sha256", "")
        return NewPackage(agreement, start_ns, end_ns, purpose, at_ns, sha256[:64])

    def _agreement(self, choice: str) -> Agreement:
        found = [one for one in self._agreements().agreements if choice_of(one) == choice]
        if not found:
            raise CooperationProblem(422, "agreement")
        return found[0]

    def _agreements(self) -> Agreements:
        """The agreements file as it is now. CooperationProblem 503 where there is none, or it cannot be used."""
        if self._files.agreements is None:
            raise CooperationProblem(503, "no_agreements")
        try:
            return read_agreements(self._files.agreements)
        except BadInput as error:
            raise CooperationProblem(503, "agreements", without_folders(str(error))) from None
        except OSError as error:
            raise CooperationProblem(503, "agreements", str(error.strerror)) from None

    def _lead(self, request: Request, done: str, number: int) -> RedirectResponse:
        language = catalogue_of(request).language
        return RedirectResponse(f"{PAGE}?language={language}&done={done}&number={number}", 303)

    def _page(
        self,
        request: Request,
        *,
        problem: CooperationProblem | None = None,
        done: str = "",
        number: str = "",
        preview: tuple[NewPackage, ShareResult] | None = None,
        gaps: tuple[Agreement, int, GapPicture] | None = None,
    ) -> Response:
        now_ns, person = self._now_ns(), person_of(request)
        agreements: Agreements | None = None
        if self._files.agreements is not None:
            try:
                agreements = self._agreements()
            except CooperationProblem as unusable:
                problem = problem or unusable
        try:
            rows = exchanged(self._data, now_ns)
        except sqlite3.Error as error:
            raise CooperationProblem(503, "packages", f"The packages cannot be read ({error}).") from None
        if preview is None and gaps is None:
            self._recorder.note(request, "packages for and from partners")
        may_share = self._files.identity is not None and has(person, "share", self._sector)
        now = utc_datetime(now_ns)
        found = () if agreements is None else agreements.agreements
        cookie, new = (session, False) if (session := session_cookie(request.scope)) else visit_of(request)
        answer = render(
            request,
            "partners.html",
            cookie=cookie,
            status=200 if problem is None else problem.status_code,
            sector=self._title,
            address_page=PAGE,
            rows=rows,
            agreements=[(one, choice_of(one), one.runs_at(now)) for one in found],
            agencies={} if agreements is None else {one.name: one.agency for one in agreements.partners},
            own="" if agreements is None else agreements.own,
            senders=[one for one in found if one.sends and one.runs_at(now)] if may_share else [],
            coverers=[one for one in found if COVERAGE in one.layers] if self._sector_file else [],
            choice_of=choice_of,
            may_share=may_share,
            default_period=(_field(now_ns - nanoseconds_of(DEFAULT_PERIOD)), _field(now_ns)),
            preview=preview,
            gaps=gaps,
            done=done,
            number=number,
            problem=None if problem is None else partner_sentence(problem, catalogue_of(request)),
        )
        answer.headers["Cache-Control"] = "no-store"
        if new:
            set_cookie(request, answer, VISIT, cookie)
        return answer


def choice_of(agreement: Agreement) -> str:
    """An agreement as forms name it."""
    return f"{agreement.partner}/{agreement.id}"


def nanoseconds_of(period: timedelta) -> int:
    """The length of a period, ns."""
    return int(period / timedelta(microseconds=1)) * 1000


def _purpose(text: str) -> str:
    purpose = " ".join(text.split())
    if not is_purpose(purpose):
        raise CooperationProblem(422, "purpose")
    return purpose


def _time(text: str, name: str) -> int | None:
    """A time of a form, UTC ns; None for an empty field. CooperationProblem 422."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        return time_ns(at.replace(tzinfo=at.tzinfo or UTC), where=name) // SECOND_NS * SECOND_NS
    except (ValueError, OverflowError, BadInput):
        raise CooperationProblem(422, name) from None


def _field(at_ns: int) -> str:
    return f"{utc_datetime(at_ns):%Y-%m-%dT%H:%M}"
