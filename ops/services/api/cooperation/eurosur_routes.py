"""The page of reports of the EUROSUR layers: events by what is due, follow-ups, closures, and new reports by form.

A person sees the reports whose marking she may receive, and adds none that she could not see. Nothing here changes a
report: a correction or a closure is a further one.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.eurosur.attributes import subjects
from ops.eurosur.report import BEST_HEARSAY, SUBLAYERS, Reliability, Report, ReportStatus, SourceKind
from ops.eurosur.store import FILE, ReportStore, StoredReport
from ops.releasability.decision import UNMARKED
from ops.services.api.cooperation.problems import CooperationProblem, report_sentence
from ops.services.api.cooperation.report_form import as_entered, field_name, report_of_form
from ops.services.api.login.forms import VISIT, read_form, set_cookie, visit_of
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import catalogue_of, render
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from sensors.timestamps import utc_datetime

PAGE: Final = "/eurosur"
MOST_SHOWN: Final = 300
"""Events and other reports on the page, the newest."""
IMPACTS: Final = ("", "low", "medium", "high", "very_high")
EurosurForm = Annotated[Mapping[str, str], Depends(read_form)]


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event: its reports from the first to the newest that the person may see.

    ``overdue``: a report that is due was not sent in time, or is not sent yet; ``waits``: one of these is still not
    sent. ``may_follow``: it can be continued.
    """

    reports: list[StoredReport]
    overdue: bool
    waits: bool
    may_follow: bool

    @property
    def first(self) -> Report:
        """The first report that is shown."""
        return self.reports[0].report

    @property
    def newest(self) -> Report:
        """The newest report that is shown."""
        return self.reports[-1].report

    @property
    def due(self) -> StoredReport | None:
        """The report that must be sent next; None where none must."""
        unsent = [one for one in self.reports if one.is_due and one.sent_at is None]
        return min(unsent, key=lambda one: one.report.due_at, default=None)


class Entered(dict[str, str]):
    """The fields that a person entered; empty for a field that is not there."""

    def __missing__(self, name: str) -> str:
        return ""


class EurosurRoutes:
    """The handlers."""

    def __init__(
        self, data: Path, *, title: str, now_ns: Callable[[], int], recorder: Recorder, release: Release
    ) -> None:
        self._data, self._title, self._now_ns = data, title, now_ns
        self._recorder, self._release = recorder, release

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        page: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route(PAGE, self.page, methods=["GET"], **page)
        app.add_api_route(PAGE, self.from_page, methods=["POST"], **page)

    def page(self, request: Request, added: str = "") -> Response:
        """The page."""
        return self._page(request, added=added[:64])

    async def from_page(self, request: Request, form: EurosurForm) -> Response:
        """Add the report of a form, and lead back to the page."""
        try:
            identity = await asyncio.to_thread(self._add, request, form)
        except (HTTPException, BadInput) as refused:
            return await asyncio.to_thread(self._page, request, problem=refused, form=form)
        return RedirectResponse(f"{PAGE}?language={catalogue_of(request).language}&added={identity}", 303)

    def _add(self, request: Request, form: Mapping[str, str]) -> str:
        """Add the report of a form; return its id. BadInput names the field."""
        now, person = utc_datetime(self._now_ns()), person_of(request)
        text = {name: value.replace("\r\n", "\n").strip() for name, value in form.items()}
        with _open(self._data) as store:
            before = store.report(text["follows"]) if text.get("follows") else None
            markings = self._release.markings
            if before is not None and not markings.may_see(person.releasability, before.report.marking):
                before = None  # as an unknown one
            followed = before is not None and any(one.report.follows == before.report.id for one in store.reports())
            if text.get("follows") and (before is None or followed):  # perhaps by a report that is hidden
                raise CooperationProblem(422, "follows")
            identity = _new_id(store, now)  # a stated one could be that of a hidden report
            report = report_of_form(text, identity, now, None if before is None else before.report)
            if report.marking != UNMARKED and report.marking not in self._release.settings.levels:
                raise CooperationProblem(422, "marking")
            if not markings.may_see(person.releasability, report.marking):
                raise CooperationProblem(422, "marking")

            for where, names in (("supported_by", report.supported_by), ("related", report.related)):
                for other in map(store.report, names):
                    if other is None or not markings.may_see(person.releasability, other.report.marking):
                        raise BadInput("an unknown report", where=where, expected="ids of reports on the page")

            def audited(_: int) -> None:
                what = f"EUROSUR report {report.id}" + (f", follow-up of {report.follows}" if report.follows else "")
                self._recorder.note(request, f"{what}, {report.status}", operation="collection")

            store.add([report], now, audited)
        return report.id

    def _page(
        self, request: Request, *, problem: HTTPException | BadInput | None = None, added: str = "",
        form: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        now, person = utc_datetime(self._now_ns()), person_of(request)
        chains = self._chains(person.releasability)
        self._recorder.note(request, f"{sum(map(len, chains))} EUROSUR reports")
        events = [
            ShownEvent(
                chain, any(one.overdue_at(now) for one in chain),
                any(one.overdue_at(now) and one.sent_at is None for one in chain),
                chain[-1].report.status == "open" and chain[-1].report.is_event,
            )
            for chain in chains
        ]  # fmt: skip
        events.sort(key=lambda one: (not one.waits, -one.newest.known_at.timestamp()))
        levels = self._release.settings.levels
        cookie, new = (session, False) if (session := session_cookie(request.scope)) else visit_of(request)
        answer = render(
            request,
            "eurosur.html",
            cookie=cookie,
            status=200 if problem is None else getattr(problem, "status_code", 422),
            sector=self._title,
            events=events[:MOST_SHOWN],
            more=max(len(events) - MOST_SHOWN, 0),
            overdue=sum(one.waits for one in events),
            sublayers=SUBLAYERS,
            sources=get_args(SourceKind),
            reliabilities=get_args(Reliability),
            credibilities=range(1, 7),
            best_hearsay=BEST_HEARSAY,
            impacts=IMPACTS,
            visible={one.report.id for chain in chains for one in chain},
            subjects=subjects(),
            field_name=field_name,
            shown=as_entered,
            statuses=get_args(ReportStatus),
            markings=[one for one in levels if self._release.markings.may_see(person.releasability, one)],
            now=f"{now:%Y-%m-%dT%H:%M}",
            form=Entered(form or {}),
            empty=Entered(),
            added=added if any(one.report.id == added for chain in chains for one in chain) else "",
            problem=None if problem is None else report_sentence(problem, catalogue_of(request)),
        )
        answer.headers["Cache-Control"] = "no-store"
        if new:
            set_cookie(request, answer, VISIT, cookie)
        return answer

    def _chains(self, limit: str) -> list[list[StoredReport]]:
        """The events with the reports that a person with this limit may see."""
        if not (self._data / FILE).exists():
            return []
        with _open(self._data) as store:
            every = store.chains()
        may_see = self._release.markings.may_see
        shown = [[one for one in chain if may_see(limit, one.report.marking)] for chain in every]
        return [chain for chain in shown if chain]


@contextmanager
def _open(data: Path) -> Iterator[ReportStore]:
    """The reports of a data folder. HTTPException 503 where the file cannot be used."""
    try:
        store = ReportStore(data)
        try:
            yield store
        finally:
            store.close()
    except sqlite3.Error as error:
        raise HTTPException(503, f"The reports cannot be read or stored ({error}).") from None


def _new_id(store: ReportStore, now: datetime) -> str:
    """A free name of a report of this day. By chance: a number would state how many reports are hidden."""
    while store.report(identity := f"E{now.astimezone(UTC):%Y%m%d}-{secrets.token_hex(3)}") is not None:
        pass
    return identity
