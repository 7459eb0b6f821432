"""Why a request or decision is refused: in English for programs, and in the reader's language on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from starlette.exceptions import HTTPException

from ops.governance.two_person import ApprovalRefusal, ApprovalRefused

if TYPE_CHECKING:
    from geo.message import Parameter
    from ops.words import MessageCatalogue

FIELDS: Final = ("minutes", "reason", "settings")
"""Fields of the forms, each with a sentence in the catalogue."""
_STATUS: Final = {"not_waiting": 409, "expired": 409, "too_many": 409, "unknown": 409}
_Problem = ApprovalRefusal | Literal[
    "minutes", "reason", "settings", "action", "sensor", "override", "no_actions", "changed", "storage"
]  # fmt: skip


class ApprovalProblem(HTTPException):
    """A refusal, with the parameters of its sentence in the catalogue."""

    def __init__(self, status: int, detail: str, problem: _Problem, **parameters: Parameter) -> None:
        super().__init__(status, detail)
        self.problem, self.parameters = problem, parameters


def refusal(refused: ApprovalRefused) -> ApprovalProblem:
    """The answer to a request or decision that the two-person rule does not allow."""
    return ApprovalProblem(_STATUS.get(refused.reason, 403), str(refused), refused.reason)


def valid(model: Any, values: Any) -> Any:
    """The model with these values; a refusal with status 422 that names the field."""
    from pydantic import ValidationError

    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ApprovalProblem(422, f"{field}: {first['msg']}.", field if field in FIELDS else "action") from None  # type: ignore[arg-type]


def sentence_of(refused: HTTPException, words: MessageCatalogue) -> str:
    """The refusal in the reader's language."""
    problem: str = "changed" if refused.status_code == 409 else "storage"
    parameters: dict[str, Parameter] = {"sensor": "", "least": 0}
    if isinstance(refused, ApprovalProblem):
        problem, parameters = refused.problem, parameters | refused.parameters
    return words.say("approvals-problem", problem=problem, **parameters)
