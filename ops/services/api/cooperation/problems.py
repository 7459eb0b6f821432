"""Why a form of the pages of cooperation is refused: in the reader's language, with the technical reason in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.eurosur.attributes import subjects

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

_OF_ORDERS: Final = {
    "package": "changed", "--package": "no_package", "--record": "no_record", "--agreement": "not_in_force",
}  # fmt: skip
"""Refusals of an order by what they name."""
_REPORT_FIELDS: Final = (
    "id", "layer", "sublayer", "known_at", "source", "reliability", "credibility", "text", "occurred_from",
    "occurred_to", "lon", "lat", "section", "impact", "urgent", "status", "follows", "supported_by", "incident",
    "marking", "validation", "reaction", "related", "details",
)  # fmt: skip


class CooperationProblem(HTTPException):
    """A refusal: ``problem`` is its name in the catalogue, ``reason`` a technical reason that has no translation."""

    def __init__(self, status: int, problem: str, reason: str = "") -> None:
        super().__init__(status, reason or problem)
        self.problem, self.reason = problem, reason


def of_order(refused: HTTPException) -> CooperationProblem:
    """The refusal of an order by the process that carries it out (``ops.services.api.order_process``)."""
    detail, where = str(refused.detail), str(refused.detail).partition(":")[0]
    if refused.status_code == 422:
        problem = _OF_ORDERS.get(where, "no_coverage" if "no coverage in force" in detail else "refused")
        return CooperationProblem(422, problem, "" if problem != "refused" else detail)
    for problem, words in (("busy", "Another package"), ("late", "This took longer")):
        if detail.startswith(words):
            return CooperationProblem(refused.status_code, problem)
    return CooperationProblem(refused.status_code, "failed", detail)


def partner_sentence(refused: CooperationProblem, words: MessageCatalogue) -> tuple[str, str]:
    """The sentence of a refusal on the page of partners, and its technical reason."""
    return words.say("partners-problem", problem=refused.problem), refused.reason


def report_sentence(refused: HTTPException | BadInput, words: MessageCatalogue) -> tuple[str, str]:
    """The sentence of a refused report, which names the field and what is expected, and what was wrong with it."""
    if isinstance(refused, BadInput) and (named := attribute_of(refused)) is not None:
        name, kind = named
        return words.say("eurosur-problem-attribute", attribute=name, kind=kind), refused.what
    if isinstance(refused, BadInput):
        field, reason = field_of(refused), refused.what
    elif isinstance(refused, CooperationProblem):
        field, reason = refused.problem, refused.reason
    else:
        field, reason = "storage", str(refused.detail)
    return words.say("eurosur-problem", field=field), reason


def attribute_of(refused: BadInput) -> tuple[str, str] | None:
    """The attribute that a refused report names, with its kind, or ``missing``; None where it names none."""
    _, found, name = refused.where.rpartition("details.")
    kinds = {
        key: one.kind
        for layer in subjects().values()
        for each in layer.values()
        for key, one in each.attributes.items()
    }
    if not found or name not in kinds:
        return None
    together = refused.what.startswith(("adds up to", "ends before", "is after", "is not over"))
    return name, "missing" if refused.what == "is missing" else "together" if together else kinds[name]


def field_of(refused: BadInput) -> str:
    """The field that a refused report names, the first of several; ``report`` for none of them."""
    named = refused.where.rpartition(") ")[2].replace("`", "").split(" ")[0].split(".")[0].strip("$")
    return named if named in _REPORT_FIELDS else "report"
