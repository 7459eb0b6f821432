"""Routes of the handover report and of the after-action report: page, PDF, JSON, and the notes that people sign.

Without a period, the handover report is that of the current shift. Everything is read from the store; the audit log
records each report, a PDF as a disclosure, and each note with its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from geo.errors import BadInput
from ops.accounts.accounts import form_token
from ops.accounts.person import Person
from ops.accounts.rights import has
from ops.analysis.handover.accesses import accesses_in
from ops.analysis.handover.period import ReportPeriod, shift_at, shift_before
from ops.analysis.handover.report import PeriodReport, ReportSource, period_report
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.releasability.decision import UNMARKED
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api.login.forms import TOKEN_FIELD, VISIT, read_form, set_cookie, visit_of
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import catalogue_of
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.store.connections import ReadConnections
from ops.store.handover_notes import MOST_TEXT, HandoverNote, HandoverNotes
from ops.store.periods import PeriodReader, ReleasedPeriods
from ops.store.rows import time_ns, to_json
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.analysis.handover.document import ReportDocument
    from ops.words import MessageCatalogue

HANDOVER: Final = "/handover"
AFTER_ACTION: Final = "/after-action"
MOST_CHOSEN: Final = 100
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; img-src data:; font-src 'self'"
)

QueryTime = Annotated[str | None, Query(max_length=40)]
PeriodStart = Annotated[str | None, Query(alias="from", max_length=40)]
ChosenIncidents = Annotated[str, Query(max_length=500)]
SignedForm = Annotated[Mapping[str, str], Depends(read_form)]


@dataclass(frozen=True, slots=True)
class ReportedSector:
    """The sector as reports name it; ``time_zone`` is that of its shifts, ``goods`` are the codes with their titles."""

    name: str
    title: str
    time_zone: str = "UTC"
    settings: ReportSettings = field(default_factory=ReportSettings)
    goods: GoodsCodeFile = field(default_factory=lambda: GoodsCodeFile(None))


class HandoverRoutes:
    """The handlers. Synchronous ones run in threads, so that a report delays no other request."""

    def __init__(
        self,
        reads: ReadConnections,
        sector: ReportedSector,
        *,
        now_ns: Callable[[], int],
        recorder: Recorder,
        release: Release,
    ) -> None:
        self._release = release
        self._reader, self._notes = PeriodReader(reads), HandoverNotes(reads.path.parent)
        self._sector, self._now_ns, self._recorder = sector, now_ns, recorder
        self._zone, self._starts = ZoneInfo(sector.time_zone), sector.settings.times

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/v1/handover", self.report, methods=["GET"], response_model=PeriodReport)
        for method, path, handler in (
            ("GET", HANDOVER, self.page),
            ("GET", AFTER_ACTION, self.page),
            ("GET", f"{HANDOVER}.pdf", self.pdf),
            ("GET", f"{AFTER_ACTION}.pdf", self.pdf),
            ("POST", f"{HANDOVER}/notes", self.sign),
        ):
            app.add_api_route(path, handler, methods=[method], include_in_schema=False, response_class=Response)

    def report(
        self, request: Request, start: PeriodStart = None, until: QueryTime = None, incidents: ChosenIncidents = ""
    ) -> Response:
        """The report of a period as records; by default of the current shift.

        ``from`` and ``until``: RFC 3339 with an offset. ``incidents``: ids or radio names, separated by commas.
        """
        period, chosen = self._period(start, until), _chosen(incidents)
        self._recorder.note(request, _subject("report", period, chosen))
        return Response(to_json(self._made(request, period, chosen), where="report"), media_type="application/json")

    def page(
        self, request: Request, start: PeriodStart = None, until: QueryTime = None, incidents: ChosenIncidents = ""
    ) -> Response:
        """The report as a page. A time without an offset, as the form of the page sends it, is UTC."""
        period, chosen = self._period(start, until, utc=True), _chosen(incidents)
        self._recorder.note(request, _subject(request.url.path[1:] + " page", period, chosen))
        from ops.analysis.handover.page import report_page  # slow to import, and rarely needed
        from ops.drawing.pages.html_page import style_source

        words, person = catalogue_of(request), person_of(request)
        report = self._made(request, period, chosen)
        cookie, is_new = session_cookie(request.scope), False
        if not cookie:
            cookie, is_new = visit_of(request)
        may_sign = has(person, "sign", self._sector.name) and not _is_after_action(request)
        body = report_page(
            self._document(request, report, words, chosen),
            links=self._links(request, period, words, incidents),
            address_in={tag: _address(request.url.path, period, incidents, tag) for tag in ("en", "fr")},
            choice={
                "action": AFTER_ACTION,
                "start": f"{period.start:%Y-%m-%dT%H:%M}",
                "end": f"{period.end:%Y-%m-%dT%H:%M}",
                "incidents": incidents,
            },
            form=self._form(period, person, cookie, request, words) if may_sign else None,
        )
        headers = {
            "Content-Security-Policy": f"{_POLICY}; style-src {style_source(self._sector.settings.marking)}",
            "Referrer-Policy": "same-origin",  # without one, Chromium would send the form with the origin "null"
            "Content-Language": words.language,
            "Vary": "Accept-Language, Cookie",
        }
        answer = HTMLResponse(body, headers=headers)
        if is_new:
            set_cookie(request, answer, VISIT, cookie)
        return answer

    def pdf(
        self, request: Request, start: PeriodStart = None, until: QueryTime = None, incidents: ChosenIncidents = ""
    ) -> Response:
        """The report as PDF, which leaves the system: a disclosure."""
        period, chosen = self._period(start, until, utc=True), _chosen(incidents)
        kind = request.url.path[1:].removesuffix(".pdf")
        self._recorder.note(request, _subject(f"{kind} PDF", period, chosen), operation="disclosure")
        from ops.analysis.handover.pdf import report_pdf  # slow to import, and rarely needed

        report = self._made(request, period, chosen)
        body = report_pdf(self._document(request, report, catalogue_of(request), chosen), made_at=report.made_at)
        name = f"{kind}-{self._sector.name}-{period.start:%Y%m%dT%H%MZ}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(body, media_type="application/pdf", headers=headers)

    def sign(self, request: Request, form: SignedForm) -> Response:
        """Sign a note on a shift, and lead back to its report."""
        period = self._period(form.get("from"), form.get("until"))
        now = utc_datetime(self._now_ns())
        if period.start >= now:
            raise BadInput("The period has not begun", where="from", expected="a time in the past")
        person = person_of(request)
        text = form.get("note", "").replace("\r\n", "\n").strip()
        role = str(person.role_in(self._sector.name) or "")
        marking = self._marking(person, form.get("marking"))
        note = HandoverNote(period.start, period.end, now, person.name, person.login, role, text, marking)
        self._notes.check(note)
        subject = f"handover note, SHA-256 {note.digest}, on {_span(period)}"
        self._recorder.note(request, subject, operation="alteration")
        self._notes.add(note)
        address = _address(HANDOVER, period, "", catalogue_of(request).language)
        return RedirectResponse(f"{address}&signed=1#notes", 303)

    def _period(self, start: str | None, until: str | None, *, utc: bool = False) -> ReportPeriod:
        if start is None and until is None:
            return shift_at(utc_datetime(self._now_ns()), self._starts, self._zone)
        if not start or not until:
            raise BadInput("Only one end of the period is given", where="from, until", expected="both or neither")
        return ReportPeriod(_moment(start, "from", utc=utc), _moment(until, "until", utc=utc))

    def _made(self, request: Request, period: ReportPeriod, chosen: tuple[str, ...]) -> PeriodReport:
        view = self._release.view(person_of(request))
        view.refresh()
        source = ReportSource(
            self._reader if view.everything else ReleasedPeriods(self._reader, view),
            self._sector.name,
            self._sector.title,
            self._sector.time_zone,
            self._sector.settings.marking,
            self._sector.goods.codes(),
        )
        notes = [note for note in self._notes.of(period.start, period.end) if note.is_for(view)]
        accesses = accesses_in(self._reader.path, period) if view.everything else ()
        now = utc_datetime(self._now_ns())
        return period_report(source, period, now=now, notes=notes, chosen=chosen, accesses=accesses)

    def _marking(self, person: Person, chosen: str | None) -> str | None:
        """The marking of a note: the chosen one, else the most restrictive that the person may see.

        None where the settings name no markings: should they name some later, the note stays closed.
        """
        if not self._release.settings.levels:
            return None
        within = self._release.markings.within(person.releasability)
        if chosen is None:
            return within[-1] if within else UNMARKED
        if chosen and chosen not in within:
            expected = f"one of {', '.join(within)}, or an empty text for none" if within else "an empty text"
            raise BadInput(f"{chosen[:40]!r}", where="marking", expected=expected)
        return chosen

    def _document(
        self, request: Request, report: PeriodReport, words: MessageCatalogue, chosen: tuple[str, ...]
    ) -> ReportDocument:
        from ops.analysis.handover.document import document_of

        return document_of(
            report,
            words,
            made_by=person_of(request).name,
            after_action=_is_after_action(request),
            chosen=words.formats.names(chosen) if chosen else "",
        )

    def _links(
        self, request: Request, period: ReportPeriod, words: MessageCatalogue, incidents: str
    ) -> list[tuple[str, str]]:
        language = words.language
        before = shift_before(shift_at(period.start, self._starts, self._zone), self._starts, self._zone)
        pdf = f"{AFTER_ACTION if _is_after_action(request) else HANDOVER}.pdf"
        return [
            (words.say("handover-live"), "/"),
            (words.say("handover-current"), f"{HANDOVER}?language={language}"),
            (words.say("handover-previous"), _address(HANDOVER, before, "", language)),
            (words.say("handover-title-after-action"), _address(AFTER_ACTION, period, incidents, language)),
            (words.say("handover-pdf"), _address(pdf, period, incidents, language)),
        ]

    def _form(
        self, period: ReportPeriod, person: Person, cookie: str, request: Request, words: MessageCatalogue
    ) -> dict[str, Any]:
        return {
            "action": f"{HANDOVER}/notes?language={words.language}",
            "token_field": TOKEN_FIELD,
            "token": form_token(cookie),
            "start": _text(period.start),
            "end": _text(period.end),
            "most": MOST_TEXT,
            "name": person.name,
            "done": request.query_params.get("signed") == "1",
            "markings": ["", *within] if (within := self._release.markings.within(person.releasability)) else [],
            "marking": self._marking(person, None),
        }


def _is_after_action(request: Request) -> bool:
    return request.url.path.startswith(AFTER_ACTION)


def _moment(text: str, where: str, *, utc: bool) -> datetime:
    moment: datetime | str = text
    if utc:
        try:
            naive = datetime.fromisoformat(text)
        except ValueError:
            naive = None
        if naive is not None and naive.tzinfo is None:
            moment = naive.replace(tzinfo=UTC)
    return utc_datetime(time_ns(moment, where=where))


def _chosen(incidents: str) -> tuple[str, ...]:
    names = tuple(name for part in incidents.split(",") if (name := part.strip()))
    if len(names) > MOST_CHOSEN:
        raise BadInput("Too many incidents are chosen", where="incidents", expected=f"at most {MOST_CHOSEN}")
    return names


def _subject(what: str, period: ReportPeriod, chosen: tuple[str, ...]) -> str:
    return f"{what}, {_span(period)}" + (f", incidents {', '.join(chosen)}" if chosen else "")


def _span(period: ReportPeriod) -> str:
    return f"{_text(period.start)} to {_text(period.end)}"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _address(path: str, period: ReportPeriod, incidents: str, language: str) -> str:
    query = {"from": _text(period.start), "until": _text(period.end), "incidents": incidents, "language": language}
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
