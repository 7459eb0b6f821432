"""The route of codes of goods: whether one exists on a day, how far that was checked, its titles, and the nearest one.

``refuse_codes`` checks the codes of a record before it is sent to the journal: the list of an operator may change, and
what the journal has must be applied in the same way whenever it is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query, Request
from starlette.exceptions import HTTPException

from geo.message import Message
from ops.incidents.goods_codes.check import CodeFinding, GoodsCodeFile
from ops.incidents.goods_codes.code_list import CODE_FIELDS
from ops.runtime.processes.part_state import without_folders
from ops.services.api.incidents.models import GoodsCodeAnswer, GoodsCodeRecord, TitledCode, TracingRequest
from ops.services.api.login.pages import catalogue_of
from sensors.timestamps import utc_datetime

CodeText = Annotated[str, Query(max_length=64)]
SHOWN: Final = 80
"""Characters of a stated code in a sentence."""


class GoodsCodeProblem(HTTPException):
    """A code that does not exist, with the message that the page shows in its language."""

    def __init__(self, message: Message, sentence: str) -> None:
        super().__init__(422, sentence)
        self.message = message


class GoodsCodeRoutes:
    """The handler."""

    def __init__(self, codes: GoodsCodeFile, now_ns: Callable[[], int]) -> None:
        self._codes, self._now_ns = codes, now_ns

    def add_to(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route("/v1/goods-codes", self.find, methods=["GET"], response_model=GoodsCodeAnswer)

    def find(
        self,
        request: Request,
        hs_code: CodeText = "",
        eccn: CodeText = "",
        eu_list: CodeText = "",
        day: Annotated[
            date | None, Query(description="day on which the codes are to be valid; today without it")
        ] = None,
    ) -> GoodsCodeAnswer:
        """What is known of codes of goods: titles, whether they exist on a day, and against what that was checked.

        Titles are in the language of the parameter ``language``, else of the browser, where the list has them.
        """
        codes, language = self._codes.codes(), catalogue_of(request).language
        on = day or utc_datetime(self._now_ns()).date()
        stated = (("hs_code", hs_code), ("eccn", eccn), ("eu_list", eu_list))
        found = [codes.find(name, text, on) for name, text in stated if text.strip()]  # type: ignore[arg-type]
        return GoodsCodeAnswer(
            day=on,
            codes=[_record(one, language) for one in found],
            full_lists=[name for name in CODE_FIELDS if codes.has_full_list(name)],
            problem=without_folders(self._codes.problem or ""),
        )


def refuse_codes(codes: GoodsCodeFile, stated: TracingRequest, incident: Mapping[str, Any], request: Request) -> None:
    """Refuse a record with a code that does not exist on the day of the incident; GoodsCodeProblem names the nearest.

    A code that the incident has already is not checked again: the state of its request must stay recordable.
    A code of a wrong form is refused when the action is applied, by the same rules for every sender.
    """
    known, day = incident.get("tracing") or {}, date.fromisoformat(str(incident["opened_at"])[:10])
    for name in CODE_FIELDS:
        text = getattr(stated, name)
        finding = codes.codes().find(name, text, day) if text else None
        if finding is None or finding.fault in ("", "form") or finding.code == known.get(name):
            continue
        message = Message(
            "incident-refused-goods-code",
            {"field": name, "given": text[:SHOWN], "fault": finding.fault, "day": day.isoformat(),
             "nearest": finding.nearest or "none", "depth": finding.depth},
        )  # fmt: skip
        raise GoodsCodeProblem(message, catalogue_of(request).say(message))


def _record(one: CodeFinding, language: str) -> GoodsCodeRecord:
    titles = [TitledCode(code=row.code, title=row.title(language)) for row in one.titles]
    return GoodsCodeRecord(
        field=one.field,
        code=one.code,
        fault=one.fault,
        depth=one.depth,
        nearest=one.nearest,
        title=one.title(language),
        titles=titles,
    )
