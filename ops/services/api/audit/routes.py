"""The auditor's page and routes: the audit log by person, operation, period and subject, its verification, and export.

Each reading of the log is itself recorded in it before it is answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.accounts.rights import has
from ops.audit.consistency import consistency_of
from ops.audit.entry import OPERATIONS, EntryLine
from ops.audit.log import AuditLog
from ops.audit.search import MOST_SEARCHED, EntryFilter, each_entry, json_line, page_of
from ops.audit.stores.place import has_entries
from ops.audit.verify import verify
from ops.governance.anomalies.report import AnomalyReport, anomaly_report, sentence_of
from ops.governance.anomalies.rules import AnomalySettings
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import FOLDER, catalogue_of, render
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from sensors.timestamps import nanoseconds, utc_datetime

A_PAGE: Final = 50
MOST: Final = 1_000
YEAR_NS: Final = 365 * 86_400 * 10**9
FilterText = Annotated[str, Query(max_length=200)]
FilterTime = Annotated[str, Query(max_length=40, description="RFC 3339 time; without an offset, UTC")]


class JsonLines(StreamingResponse):
    """Entries as JSON lines."""

    media_type = "application/jsonl"


LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "One entry a line.", "content": {JsonLines.media_type: {"schema": {"type": "string"}}}}
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a request, empty for none."""

    person: FilterText = ""
    operation: Annotated[Literal["", "collection", "consultation", "disclosure", "alteration", "erasure"], Query()] = ""
    subject: FilterText = ""
    since: FilterTime = ""
    until: FilterTime = ""

    @property
    def chosen(self) -> EntryFilter:
        """The filter; HTTPException for a time that cannot be read."""
        return EntryFilter(
            _ns(self.since, "since"),
            _ns(self.until, "until"),
            self.person.strip() or None,
            self.operation or None,
            self.subject.strip() or None,
        )

    @property
    def query(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.query.items()) or "all"


class LoggedEntry(BaseModel):
    """One entry of the audit log."""

    n: int
    at: str
    person: str
    role: str
    operation: str
    what: str
    purpose: str
    subject: str


class LoggedEntries(BaseModel):
    """Entries, the newest first. ``before``: continue with this number; null where there are no more."""

    entries: list[LoggedEntry]
    before: int | None


class VerificationResult(BaseModel):
    """Whether the log is unchanged; ``witnessed``: entries that the witness copy confirms, null without one."""

    ok: bool
    entries: int
    heads: int
    erased: int
    witnessed: int | None
    root: str
    findings: list[dict[str, Any]]


class ConsistencyResult(BaseModel):
    """Two signed heads, and the hashes that prove that the second continues the first (RFC 9162)."""

    ok: bool
    first: dict[str, Any]
    second: dict[str, Any]
    proof: list[str]


class AnomalyFinding(BaseModel):
    """A pattern that is rarer by chance than its threshold; ``entries``: numbers of the entries it rests on."""

    subject: str
    observed: int
    of: int
    expected: float
    p_value: float
    threshold: float
    since: str = Field(alias="from")
    until: str
    entries: list[int]


class AnomalyRule(BaseModel):
    """The tests and findings of one rule; ``not_tested``: accounts or sensors for which there is too little."""

    rule: str
    title: str
    formula: str
    subjects: int
    tests: int
    not_tested: int
    false_findings_per_month_at_most: float
    named_per_year_at_most: float | None
    findings: list[AnomalyFinding]


class AnomalyAnswer(BaseModel):
    """Unusual patterns of a period; a finding is a question, not an accusation."""

    since: str = Field(alias="from")
    until: str
    entries: int
    crossings: int
    false_findings_per_month_at_most: float
    caution: str
    rules: list[AnomalyRule]


class AuditRoutes:
    """The handlers, which run in threads. ``witness``: folder of the witness copy, None without one."""

    def __init__(self, log: AuditLog, recorder: Recorder, *, sector: str, time_zone: str = "UTC") -> None:
        self._log, self._recorder, self._sector, self._time_zone = log, recorder, sector, time_zone
        self._verifying, self._comparing = threading.Lock(), threading.Lock()
        self._style = (FOLDER / "audit.css").read_text(encoding="utf-8")

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"]}
        app.add_api_route("/audit", self.page, include_in_schema=False, response_class=Response, **get)
        app.add_api_route("/audit.css", self.style, include_in_schema=False, response_class=Response, **get)
        app.add_api_route("/v1/audit/entries", self.entries, response_model=LoggedEntries, **get)
        app.add_api_route("/v1/audit/export", self.export, response_class=JsonLines, responses=LINES, **get)
        app.add_api_route("/v1/audit/verification", self.verification, response_model=VerificationResult, **get)
        app.add_api_route("/v1/audit/anomalies", self.anomalies, response_model=AnomalyAnswer, **get)
        app.add_api_route("/v1/audit/consistency", self.consistency, response_model=ConsistencyResult, **get)

    @property
    def _folder(self) -> Path:
        return self._log.folder

    def entries(
        self,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = A_PAGE,
    ) -> LoggedEntries:
        """Entries of the audit log, the newest first. A request looks at 200,000 entries at most."""
        chosen = wanted.chosen
        self._recorder.note(request, f"audit log: {wanted}")
        found = page_of(self._folder, chosen, limit, before)
        return LoggedEntries(entries=[LoggedEntry(**_plain(one)) for one in found.entries], before=found.before)

    def export(self, request: Request, wanted: Annotated[Wanted, Depends()]) -> Response:
        """The entries as JSON lines, oldest first; recorded as a disclosure."""
        chosen = wanted.chosen
        self._recorder.note(request, f"export of the audit log: {wanted}", operation="disclosure")

        def lines() -> Iterator[str]:
            for entry in each_entry(self._folder, chosen):
                yield json_line(entry)

        headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"', "Cache-Control": "no-store"}
        return JsonLines(lines(), headers=headers)

    def verification(self, request: Request) -> VerificationResult:
        """Verify the whole log against its signed heads and, where there is one, against the witness copy."""
        self._recorder.note(request, "verification of the audit log")
        return VerificationResult(**self._verified().as_dict())

    def consistency(
        self,
        request: Request,
        first: Annotated[int, Query(ge=1, le=2**53)],
        second: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    ) -> ConsistencyResult:
        """Prove that the head ``second``, by default the newest, continues the head ``first``."""
        self._recorder.note(request, f"consistency of the audit log from head {first}")
        try:
            return ConsistencyResult(**consistency_of(self._folder, first, second).as_dict())
        except BadInput as error:
            raise HTTPException(422, str(error)) from None

    def anomalies(self, request: Request, since: FilterTime = "", until: FilterTime = "") -> AnomalyAnswer:
        """Unusual patterns in the audit log, with formulas and false-alarm rates; by default of the last 365 days."""
        report = self._anomalies(request, _ns(since, "since"), _ns(until, "until"))
        return AnomalyAnswer(**report.as_dict(catalogue_of(request)))

    def page(
        self,
        request: Request,
        wanted: Annotated[Wanted, Depends()],
        before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
        verify: bool = False,
        unusual: bool = False,
        first: Annotated[str, Query(max_length=20)] = "",
        second: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        """The auditor's page."""
        words, problem, found, proof = catalogue_of(request), None, None, None
        self._recorder.note(request, f"audit log: {wanted}")
        try:
            found = page_of(self._folder, wanted.chosen, A_PAGE, before)
        except HTTPException:
            problem = words.say("auditor-problem-time")
        result = None
        if verify:
            self._recorder.note(request, "verification of the audit log")
            result = self._verified()
        if first:
            self._recorder.note(request, f"consistency of the audit log from head {first[:20]}")
            try:
                proof = consistency_of(self._folder, int(first), int(second) if second else None)
            except (ValueError, BadInput):
                problem = words.say("auditor-problem-heads")
        report = self._anomalies(request, None, None) if unusual else None
        query, entries = wanted.query, [] if found is None else found.entries
        more = (
            None if found is None or found.before is None else f"/audit?{urlencode(query | {'before': found.before})}"
        )
        answer = render(
            request,
            "audit.html",
            cookie=session_cookie(request.scope) or "",
            sector=self._sector,
            person=person_of(request),
            wanted=wanted,
            operations=OPERATIONS,
            entries=[_shown(one) for one in entries],
            more=more,
            searched=MOST_SEARCHED,
            export=f"/v1/audit/export?{urlencode(query)}",
            result=result,
            findings=[] if result is None else [words.say(one.message) for one in result.findings],
            proof=proof,
            report=report,
            sentences=[] if report is None else [(one, sentence_of(one, words)) for one in report.findings],
            first=first,
            second=second,
            problem=problem,
            may_log_out=person_of(request).session.kind == "browser",
            size=self._log.size,
            may=has(person_of(request), "audit", self._sector),
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def style(self) -> Response:
        """The style sheet of the page."""
        return Response(self._style, media_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})

    def _anomalies(self, request: Request, since_ns: int | None, until_ns: int | None) -> AnomalyReport:
        """The report; 404 without entries, 503 while another one is computed."""
        self._recorder.note(request, "anomalies in the audit log")
        if not has_entries(self._folder):
            raise HTTPException(404, "The audit log has no entries yet.")
        if since_ns is None:
            since_ns = (until_ns if until_ns is not None else time.time_ns()) - YEAR_NS
        if not self._comparing.acquire(blocking=False):
            raise HTTPException(503, "Patterns are being looked for; try again later.", headers={"Retry-After": "5"})
        try:
            settings = AnomalySettings(time_zone=self._time_zone)
            return anomaly_report(self._folder.parent, since_ns=since_ns, until_ns=until_ns, settings=settings)
        finally:
            self._comparing.release()

    def _verified(self) -> Any:
        if not has_entries(self._folder):
            raise HTTPException(404, "The audit log has no entries yet.")
        if not self._verifying.acquire(blocking=False):
            raise HTTPException(503, "The audit log is being verified; try again later.", headers={"Retry-After": "5"})
        try:
            return verify(self._folder, witness=self._log.witness)
        except BadInput as error:
            raise HTTPException(503, f"The audit log cannot be compared with its witness copy: {error}") from None
        finally:
            self._verifying.release()


def _ns(text: str, name: str) -> int | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return nanoseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise HTTPException(422, f"{name}: expected a time such as 2026-03-14T21:00Z.") from None


def _plain(line: EntryLine) -> dict[str, Any]:
    return {"n": line.n, **line.entry.as_dict()}


def _shown(line: EntryLine) -> dict[str, Any]:
    """An entry for the page: the time as a text in UTC, and texts without signs that cannot be seen."""
    plain = {
        name: "".join(sign if sign.isprintable() else "\ufffd" for sign in str(value))
        for name, value in _plain(line).items()
    }
    return plain | {"n": line.n, "time": utc_datetime(line.at_ns).strftime("%Y-%m-%d %H:%M:%S")}
