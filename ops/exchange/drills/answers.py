"""The answer key of a drill, sealed to the partner's scorer, and the score of a shift's answers against it."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from geo.errors import BadInput
from ops.exchange.format.manifest import DrillResult
from ops.governance.confidential import open_bytes, seal_bytes
from ops.governance.drills import DrillScore

_FORM: Final = b"watchline/1/drill-answers"


class KeyAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer key of one incident. ``right``: the right dispositions; ``crossings``: numbers of its targets that
    crossed."""

    target_class: str
    crossed: bool
    right: tuple[str, ...]
    crossings: tuple[int, ...] = ()


class AnswerKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer key by pseudonym of the incident. ``crossings``: people and vehicles that crossed in the scenario."""

    answers: dict[str, KeyAnswer]
    crossings: int


class GivenAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shift did: seconds from the display of an incident to its acknowledgement, None for none; and the
    disposition, empty for none."""

    acknowledged_s: float | None = None
    disposition: str = ""


def answer_key(score: DrillScore, pseudonyms: Mapping[str, str], shown: Collection[str]) -> AnswerKey:
    """Return the answer key of a demonstration.

    Parameters
    ----------
    score : DrillScore
        Its answers, by the id of each incident.
    pseudonyms : mapping
        The pseudonym of each incident for the partner, by id.
    shown : collection of str
        Pseudonyms of the incidents that the package holds; others have no answer.

    Returns
    -------
    AnswerKey
        Targets have numbers of their own, so that the key names nothing of the scenario.
    """
    numbers: dict[str, int] = {}
    answers = {}
    for one in score.answers:
        if (name := pseudonyms[one.incident]) in shown:
            crossings = tuple(numbers.setdefault(target, len(numbers)) for target in sorted(one.crossings))
            answers[name] = KeyAnswer(str(one.target_class), one.crossed, one.right, crossings)
    return AnswerKey(dict(sorted(answers.items())), score.crossings)


def sealed_key(key: AnswerKey, scorer: bytes, origin: str, recipient: str) -> bytes:
    """Seal an answer key to the scorer's public key, for a drill of one origin and one recipient only."""
    return seal_bytes(msgspec.json.encode(key), scorer, _form(origin, recipient))


def opened_key(sealed: bytes, private: X25519PrivateKey, origin: str, recipient: str) -> AnswerKey:
    """Open an answer key. BadInput where the private key does not fit, or it is not the key of such a drill."""
    content = open_bytes(sealed, private, _form(origin, recipient))
    try:
        return msgspec.json.decode(content, type=AnswerKey)
    except (msgspec.MsgspecError, UnicodeError):
        raise BadInput("cannot be read", where="answers.sealed", expected="the answer key of a drill") from None


def score_answers(
    key: AnswerKey, given: Mapping[str, GivenAnswer], *, drill: int, limit_s: float, role: str, shift: str
) -> DrillResult:
    """Score the answers of a shift: an incident without an answer counts as neither acknowledged nor closed.

    A crossing is missed if none of the incidents that show it was acknowledged (as ``ops.governance.drills``).
    """
    nothing = GivenAnswer()
    pairs = [(answer, given.get(name, nothing)) for name, answer in key.answers.items()]
    times = [one.acknowledged_s for _, one in pairs if one.acknowledged_s is not None]
    shown = {number for answer, _ in pairs for number in answer.crossings}
    noticed = {number for answer, one in pairs if one.acknowledged_s is not None for number in answer.crossings}
    closed = [(answer, one) for answer, one in pairs if one.disposition]
    return DrillResult(
        drill=drill,
        role=role,
        shift=shift,
        limit_s=limit_s,
        incidents=len(pairs),
        in_time=sum(time <= limit_s for time in times),
        closed=len(closed),
        right=sum(one.disposition in answer.right for answer, one in closed),
        crossings=key.crossings,
        undetected=key.crossings - len(shown),
        missed=len(shown - noticed),
        median_s=round(statistics.median(times), 1) if times else None,
    )


def _form(origin: str, recipient: str) -> bytes:
    return _FORM + f"/{origin}/{recipient}".encode()
