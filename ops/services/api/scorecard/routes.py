"""Routes of the scorecard and of the National Action Plan: pages, PDF and JSON.

They are made from the files that the sector names and from the incidents of the store that the person may see. The
audit log records each of them, a file that leaves the system as a disclosure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.accounts.rights import has
from ops.audit.entry import Operation
from ops.runtime.output import say, speaking
from ops.runtime.processes.part_state import without_folders
from ops.services.api.login.pages import catalogue_of
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.services.api.scorecard.models import ActionPlanAnswer, ScorecardAnswer
from ops.store.rows import to_json
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.analysis.score.evaluation import Evaluation
    from ops.analysis.score.inputs import SectorRecords
    from ops.drawing.pages.html_page import ServedPage

SCORECARD: Final = "/scorecard"
ACTION_PLAN: Final = "/action-plan"
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; img-src data:; font-src 'self'"
)
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EARLIEST: Final = date(1970, 1, 1)
NO_PLAN: Final = "This sector names no National Action Plan."


@dataclass(frozen=True, slots=True)
class ScorecardChoice:
    """What a scorecard is on: ``place`` empty for all, ``on`` and ``known_on`` None for today (UTC)."""

    place: str = ""
    on: date | None = None
    known_on: date | None = None

    @property
    def query(self) -> dict[str, str]:
        """The values that are set."""
        stated = {"place": self.place, "on": self.on, "known_on": self.known_on}
        return {name: str(value) for name, value in stated.items() if value}

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.query.items()) or "today"


def chosen(
    place: Annotated[str, Query(max_length=300)] = "",
    on: Annotated[str, Query(max_length=20, description="day of evaluation, YYYY-MM-DD; default: today")] = "",
    known_on: Annotated[str, Query(max_length=20, description="day of knowledge, YYYY-MM-DD; default: today")] = "",
) -> ScorecardChoice:
    """The choice of a request; an empty field of a form counts as not given. BadInput for what is not a day."""
    return ScorecardChoice(place.strip(), _day(on, "on"), _day(known_on, "known_on"))


ChosenScorecard = Annotated[ScorecardChoice, Depends(chosen)]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation with the title of its sector, the names of the files that it leaves out, and what is absent."""

    evaluation: Evaluation
    title: str
    left_out: tuple[str, ...]
    absent: tuple[str, ...]


class ScorecardRoutes:
    """The handlers, which run in threads. ``sector`` reads what the sector file names, at each request."""

    def __init__(
        self,
        store: Path,
        sector: Callable[[], SectorRecords],
        *,
        simulated: bool,
        now_ns: Callable[[], int],
        recorder: Recorder,
        release: Release,
        marking: str = "",
    ) -> None:
        self._store, self._sector, self._simulated = store, sector, simulated
        self._now_ns, self._recorder, self._release, self._marking = now_ns, recorder, release, marking

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"]}
        app.add_api_route("/v1/scorecard", self.scorecard, response_model=ScorecardAnswer, **get)
        app.add_api_route("/v1/action-plan", self.action_plan, response_model=ActionPlanAnswer, **get)
        pages = {
            SCORECARD: self.scorecard_page, f"{SCORECARD}.pdf": self.scorecard_pdf,
            ACTION_PLAN: self.plan_page, f"{ACTION_PLAN}.pdf": self.plan_pdf, f"{ACTION_PLAN}.docx": self.plan_docx,
        }  # fmt: skip
        for path, handler in pages.items():
            app.add_api_route(path, handler, include_in_schema=False, response_class=Response, **get)

    def scorecard(self, request: Request, choice: ChosenScorecard) -> Response:
        """All four families of measures: each value with its unit, target, interval, age, history and records."""
        made = self._evaluated(request, choice, "scorecard")
        figures = made.evaluation.figures()
        figures |= {
            "places": list(made.evaluation.places),
            "left_out": list(made.left_out),
            "absent": list(made.absent),
        }
        return Response(to_json(figures, where="scorecard"), media_type="application/json")

    def action_plan(self, request: Request, choice: ChosenScorecard) -> Response:
        """The status of the National Action Plan; 404 where the sector names none."""
        status = self._evaluated(request, choice, "action plan").evaluation.plan
        if status is None:
            raise HTTPException(404, NO_PLAN)
        return Response(to_json(status.as_dict(), where="action plan"), media_type="application/json")

    def scorecard_page(self, request: Request, choice: ChosenScorecard) -> Response:
        """The scorecard as a page."""
        made = self._evaluated(request, choice, "scorecard page")
        return self._answer(request, self._scorecard_html(request, choice, made, served=True))

    def scorecard_pdf(self, request: Request, choice: ChosenScorecard) -> Response:
        """The scorecard as PDF, which leaves the system."""
        made = self._evaluated(request, choice, "scorecard PDF", "disclosure")
        return self._pdf(self._scorecard_html(request, choice, made, served=False), "scorecard", made)

    def plan_page(self, request: Request, choice: ChosenScorecard) -> Response:
        """The status of the plan as a page."""
        made = self._evaluated(request, choice, "action plan page")
        return self._answer(request, self._plan_html(request, choice, made, served=True))

    def plan_pdf(self, request: Request, choice: ChosenScorecard) -> Response:
        """The status of the plan as PDF, which leaves the system."""
        made = self._evaluated(request, choice, "action plan PDF", "disclosure")
        return self._pdf(self._plan_html(request, choice, made, served=False), "action-plan", made)

    def plan_docx(self, request: Request, choice: ChosenScorecard) -> Response:
        """The status of the plan as DOCX, which leaves the system."""
        made = self._evaluated(request, choice, "action plan DOCX", "disclosure")
        from ops.analysis.action_plan.document import plan_document

        status, card = made.evaluation.plan, made.evaluation.card
        if status is None:
            raise HTTPException(404, NO_PLAN)
        with speaking(catalogue_of(request)):
            body = plan_document(status, card, notices=_plan_notices(made), marking=self._marking)
        return _file(body, DOCX, f"action-plan-{made.evaluation.sector}-{card.day}.docx")

    def _evaluated(
        self, request: Request, choice: ScorecardChoice, what: str, operation: Operation = "consultation"
    ) -> Evaluated:
        """Evaluate for the person of a request, after it is recorded; 503 where a file cannot be used."""
        self._recorder.note(request, f"{what}, {choice}", operation=operation)
        from ops.analysis.score.evaluation import evaluate  # slow to import, and rarely needed
        from ops.analysis.score.inputs import ScoreFiles, read_inputs

        today = utc_datetime(self._now_ns()).date()
        day, known_on = _until(today, choice.on, "on"), _until(today, choice.known_on, "known_on")
        limit = person_of(request).releasability
        files = ScoreFiles(None, None, None, None, self._store, self._simulated, limit, live=True)
        settings = self._release.settings
        own: Sequence[Path | None] = ()
        try:
            sector = self._sector()
            own = sector.indicators, sector.outcomes, sector.action_plan, sector.challenge, sector.training
            place = choice.place or None
            inputs = read_inputs(files, sector, settings, day=day, until=today, known_on=known_on, place=place)
        except BadInput as error:
            raise HTTPException(503, _sentence(error, own)) from None
        try:
            evaluation = evaluate(
                inputs, sector=sector.name, place=place, day=day, known_on=known_on, simulated=self._simulated,
            )  # fmt: skip
        except BadInput as error:
            raise BadInput(error.what, where="place", expected=error.expected) from None
        left_out = tuple(path.name for path in inputs.left_out)
        return Evaluated(evaluation, sector.title or sector.name, left_out, inputs.absent)

    def _scorecard_html(self, request: Request, choice: ScorecardChoice, made: Evaluated, *, served: bool) -> str:
        from ops.analysis.score.page import scorecard_page

        evaluation = made.evaluation
        with speaking(catalogue_of(request)):
            plan = _address(ACTION_PLAN, choice, request) if evaluation.plan is not None and served else None
            subject = choice.place or made.title
            menu = self._menu(request, choice, evaluation, SCORECARD) if served else None

            def address_of(place: str) -> str:
                return _address(SCORECARD, replace(choice, place=place), request)

            return scorecard_page(
                evaluation.card, subject=subject, plan=plan, notices=_notices(made), served=menu,
                address_of=address_of if served else None, marking=self._marking,
            )  # fmt: skip

    def _plan_html(self, request: Request, choice: ScorecardChoice, made: Evaluated, *, served: bool) -> str:
        from ops.analysis.action_plan.page import plan_page

        evaluation = made.evaluation
        if evaluation.plan is None:
            raise HTTPException(404, NO_PLAN)
        with speaking(catalogue_of(request)):
            menu = self._menu(request, choice, evaluation, ACTION_PLAN) if served else None
            card_at = _address(SCORECARD, choice, request) if served else None
            notices = _plan_notices(made)
            return plan_page(
                evaluation.plan, evaluation.card, scorecard_at=card_at, notices=notices, served=menu,
                marking=self._marking,
            )  # fmt: skip

    def _menu(self, request: Request, choice: ScorecardChoice, evaluation: Evaluation, path: str) -> ServedPage:
        from ops.drawing.pages.html_page import ChoiceField, ServedPage
        from ops.words import LANGUAGES

        links = [(say("score-open"), _address(SCORECARD, choice, request))]
        if evaluation.plan is not None:
            links.append((say("score-to-plan"), _address(ACTION_PLAN, choice, request)))
        links += [
            (say("report-pdf"), _address(f"{path}.pdf", choice, request)),
            *([(say("report-docx"), _address(f"{path}.docx", choice, request))] if path == ACTION_PLAN else []),
            (say("report-json"), _address(f"/v1{path}", choice, request)),
        ]
        if has(person_of(request), "picture", evaluation.sector):
            links.insert(0, (say("report-live"), "/"))
        places = [("", say("score-choose-every-place")), *((place, place) for place in evaluation.places)]
        fields = [
            ChoiceField("place", say("score-choose-place"), choice.place, places),
            ChoiceField("on", say("score-choose-day"), evaluation.card.day.isoformat()),
            ChoiceField("known_on", say("score-choose-known"), evaluation.known_on.isoformat()),
        ]
        address_in = {tag: _address(path, choice, request, tag) for tag in LANGUAGES}
        return ServedPage(links, address_in, path, fields)

    def _answer(self, request: Request, body: str) -> HTMLResponse:
        from ops.drawing.pages.html_page import style_source

        headers = {
            "Content-Security-Policy": f"{_POLICY}; style-src {style_source(self._marking)}",
            "Referrer-Policy": "same-origin",
            "Content-Language": catalogue_of(request).language,
            "Vary": "Accept-Language, Cookie",
        }
        return HTMLResponse(body, headers=headers)

    def _pdf(self, body: str, kind: str, made: Evaluated) -> Response:
        from ops.drawing.pages.pdf import PdfUnavailable, pdf_of

        try:
            pdf = pdf_of(body)
        except PdfUnavailable as error:
            sentence = str(error)
            raise HTTPException(503, sentence[0].upper() + sentence[1:]) from error
        return _file(pdf, "application/pdf", f"{kind}-{made.evaluation.sector}-{made.evaluation.card.day}.pdf")


def sector_records(file: str | None, name: str, title: str) -> Callable[[], SectorRecords]:
    """Return what reads the records that a sector file names; without a file, there are none."""

    def read() -> SectorRecords:
        from ops.analysis.score.inputs import SectorRecords
        from ops.sector.sector_file import load_sector

        return SectorRecords(name, title) if file is None else SectorRecords.of(load_sector(file))

    return read


def _sentence(error: BadInput, own: Sequence[Path | None]) -> str:
    """The sentence of an error, in which the sector's ``own`` files and all others are named without their folders."""
    from ops.analysis.score.inputs import ROOM

    where, what = error.where, error.what
    for path in own:
        if path is not None:
            where, what = (text.replace(str(path), path.name) for text in (where, what))
    remedy = " An administrator has to replace one of them." if ROOM in where + what else ""
    return f"{Path(where).name}: {without_folders(what)}; expected {without_folders(error.expected)}.{remedy}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _notices(made: Evaluated) -> Sequence[str]:
    return [*_left_out(made), *(say("score-absent", kind=kind) for kind in made.absent)]


def _left_out(made: Evaluated) -> list[str]:
    return [say("score-left-out", files=", ".join(made.left_out))] if made.left_out else []


def _plan_notices(made: Evaluated) -> Sequence[str]:
    newest = [say("score-summary-newest")] if made.evaluation.card.newest_only else []
    return [*newest, *_left_out(made)]


def _address(path: str, choice: ScorecardChoice, request: Request, language: str | None = None) -> str:
    query = choice.query | {"language": language or catalogue_of(request).language}
    return f"{path}?{urlencode(query)}"


def _until(today: date, day: date | None, name: str) -> date:
    """A chosen day, or today; BadInput for one that has not come, or that no time of a store can express."""
    if day is not None and not EARLIEST <= day <= today:
        raise BadInput(f"{day} is not a day of this scorecard", where=name, expected=f"{EARLIEST} to {today}")
    return day or today


def _day(text: str, name: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"{text[:20]!r} is not a day", where=name, expected="YYYY-MM-DD") from None
