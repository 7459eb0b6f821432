"""Running a drill that a partner sent, and scoring the answers of a shift."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import printable, record_command
from ops.exchange.agreements import read_agreements
from ops.exchange.command import answer_of
from ops.exchange.drills.answers import GivenAnswer, opened_key, score_answers
from ops.exchange.format.manifest import DrillResult
from ops.exchange.format.verify import MOST_TITLE
from ops.exchange.make import PackageSender, share_score
from ops.exchange.received import ReceivedPackage, ReceivedStore
from ops.governance.confidential import new_key, private_key
from ops.governance.confidential_command import PASSPHRASE
from ops.governance.drill_command import passed, role_of
from ops.governance.training import TrainingRecord, add_records
from ops.incidents.incident import CHOSEN
from ops.runtime.output import catalogue, checked_out, show, write_private

FORM: Final = "watchline/1/drill-answers"
NOT_ACKNOWLEDGED: Final = "-"
"""What a person enters to leave an incident without an acknowledgement."""
_MOST_BYTES: Final = 10_000_000

AskPerson = Callable[[str], str | None]
"""Shows a text and returns the line that a person enters; None at the end of the input."""


class DrillAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers of a shift to the drill ``number`` of an origin, by pseudonym of the incident."""

    form: str
    origin: str
    number: int
    sha256: str
    role: str
    shift: str
    answers: dict[str, GivenAnswer]


@dataclass(frozen=True, slots=True)
class DrillToRun:
    """A received drill, and the shift that works on it."""

    data: Path
    origin: str
    number: int
    role: str
    shift: str
    out: Path


def make_scorer_key(out: Path, screen: Console) -> dict[str, Any]:
    """Create the key of the scorer of drills; its public key goes to the partners that send drills."""
    if out.exists():
        raise BadInput("exists already", where=str(out), expected="a new file")
    pem, public = new_key(os.environ.get(PASSPHRASE, ""))
    write_private(out, pem)
    text = b64encode(public).decode()
    show(screen, "drill-key", key=text, file=str(out))
    return {"file": str(out), "public_base64": text}


def run_drill(drill: DrillToRun, ask: AskPerson, seconds: Callable[[], float], screen: Console) -> dict[str, Any]:
    """Show the incidents of a drill one after the other, and keep the answers of the shift in a private file.

    ``seconds``: a clock that does not jump. The end of the input leaves the rest without an answer, and so does Ctrl-C,
    which then ends the command: answers that were given are kept.
    """
    _check_shift(drill.role, drill.shift)
    package, incidents = _incidents_of(drill.data, drill.origin, drill.number)
    if drill.out.exists():
        raise BadInput("exists already", where=str(drill.out), expected="a new file")
    terms = package.manifest.drill
    assert terms is not None
    record_command(drill.data, f"drill run {drill.origin}", f"drill {drill.number}", operation="consultation")
    show(screen, "drill-running", title=printable(terms.title, MOST_TITLE), incidents=len(incidents),
         limit=terms.limit_s)  # fmt: skip
    answers: dict[str, GivenAnswer] = {}
    ended = False
    try:
        for place, incident in enumerate(incidents, start=1):
            given = _answer(_described(incident), f"{place}/{len(incidents)}", ask, seconds)
            if given is None:
                break
            answers[incident["id"]] = given
        ended = True
    finally:
        if ended or answers:
            found = DrillAnswers(FORM, drill.origin, drill.number, package.sha256, drill.role, drill.shift, answers)
            write_private(drill.out, msgspec.json.encode(found))
            show(screen, "drill-answered", count=len(answers), whole=len(incidents), file=str(drill.out))
    return {"file": str(drill.out), "answered": len(answers), "incidents": len(incidents)}


@dataclass(frozen=True, slots=True)
class DrillToMark:
    """The answers of a shift, what their score needs, and where it is kept."""

    answers: Path
    key: Path
    data: Path
    agreements: Path
    identity: Path
    purpose: str
    records: Path | None = None
    out: Path | None = None


def mark_drill(drill: DrillToMark, screen: Console) -> dict[str, Any]:
    """Score answers with the sealed answer key, and send the score to the origin of the drill as a signed package."""
    if drill.out is not None:
        checked_out(drill.out, drill.data)
    read_agreements(drill.agreements)
    answers = _read_answers(drill.answers)
    package, _ = _incidents_of(drill.data, answers.origin, answers.number)
    if package.sha256 != answers.sha256:
        raise BadInput("answers of another drill", where=str(drill.answers), expected=f"SHA-256 {package.sha256[:12]}…")
    terms = package.manifest.drill
    assert terms is not None
    sender = PackageSender.of(drill.data, drill.agreements, answers.origin, drill.identity, drill.purpose)
    agreement = sender.sending(package.agreement)
    sealed = _sealed(drill.data, answers.origin, answers.number)
    private = private_key(drill.key.read_bytes(), os.environ.get(PASSPHRASE, ""))
    key = opened_key(sealed, private, answers.origin, package.manifest.recipient)
    result = score_answers(
        key, answers.answers, drill=answers.number, limit_s=terms.limit_s, role=answers.role, shift=answers.shift
    )
    is_passed = passed(result)
    if drill.records is not None:
        add_records(drill.records, [_record(result, terms.title, package, answers, passed=is_passed)])
    made = share_score(sender, agreement, result)
    show_result(result, screen)
    show(screen, "drill-result", result="passed" if is_passed else "failed")
    sent = answer_of(made, sender, drill.out, screen)
    return {"score": msgspec.to_builtins(result), "passed": is_passed, "package": sent}


def show_result(result: DrillResult, screen: Console) -> None:
    """Print the figures of a score, each with its numbers."""
    show(screen, "drill-exercise", incidents=result.incidents)
    show(screen, "drill-acknowledged", part=result.in_time, whole=result.incidents, limit=result.limit_s,
         median="–" if result.median_s is None else result.median_s)  # fmt: skip
    show(screen, "drill-right", part=result.right, whole=result.closed)
    show(screen, "drill-missed", part=result.missed, whole=result.crossings - result.undetected)
    show(screen, "drill-undetected", part=result.undetected, whole=result.crossings)


def _answer(what: str, place: str, ask: AskPerson, seconds: Callable[[], float]) -> GivenAnswer | None:
    """AskPerson for the acknowledgement and the disposition of an incident; None at the end of the input."""
    words = catalogue()
    shown_s = seconds()
    entered = ask(words.say("drill-ask-acknowledge", place=place, incident=what))
    if entered is None:
        return None
    if entered.strip() == NOT_ACKNOWLEDGED:
        return GivenAnswer()
    acknowledged_s = round(seconds() - shown_s, 3)
    while True:
        entered = ask(words.say("drill-ask-disposition", choices=", ".join(CHOSEN)))
        disposition = "" if entered is None else entered.strip()
        if not disposition or disposition in CHOSEN:
            return GivenAnswer(acknowledged_s, disposition)


def _described(incident: Mapping[str, Any]) -> str:
    """An incident on one line: its fields as they were sent, and its cell."""
    fields = [f"{name} {value}" for name, value in incident.items()
              if name not in ("id", "source", "lon", "lat") and value not in (None, "")]  # fmt: skip
    return printable(", ".join([*fields, f"{incident['lat']:.5f} {incident['lon']:.5f}"]), 400)


def _incidents_of(data: Path, origin: str, number: int) -> tuple[ReceivedPackage, list[dict[str, Any]]]:
    """A received drill and its incidents, earliest first. BadInput where there is none, or no longer."""
    store = ReceivedStore(data)
    try:
        store.forget_expired(int(datetime.now(UTC).timestamp()) * 10**9)
        found = [one for one in store.packages(origin) if one.number == number and one.kind == "drill"]
        if not found or found[0].state != "in_force":
            known = ", ".join(
                f"{one.origin} {one.number}"
                for one in store.packages()
                if (one.kind, one.state) == ("drill", "in_force")
            )
            what = f"no drill {number} of {origin[:64]!r} is in force"
            raise BadInput(what, where="NUMBER", expected=f"one of: {known or 'none was received'}")
        incidents = list(store.records(origin, number, "incidents"))
    finally:
        store.close()
    return found[0], sorted(incidents, key=lambda one: (str(one.get("opened_at") or ""), one["id"]))


def _sealed(data: Path, origin: str, number: int) -> bytes:
    store = ReceivedStore(data)
    try:
        found = store.sealed(origin, number)
    finally:
        store.close()
    if found is None:
        raise BadInput("has no answer key", where=f"drill {number}", expected="a drill in force")
    return found


def _read_answers(path: Path) -> DrillAnswers:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES)
    try:
        answers = msgspec.json.decode(content, type=DrillAnswers)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadInput(
            f"cannot be read ({str(error)[:200]})", where=str(path), expected="answers of `drill run`"
        ) from None
    if answers.form != FORM:
        raise BadInput(f"{answers.form[:60]!a}", where=str(path), expected=FORM)
    _check_shift(answers.role, answers.shift)
    for one in answers.answers.values():
        if one.acknowledged_s is not None and not 0.0 <= one.acknowledged_s < 1e6:
            raise BadInput(f"{one.acknowledged_s}", where=f"{path} acknowledged_s", expected="seconds from 0")
        if one.disposition not in ("", *CHOSEN):
            raise BadInput(f"{one.disposition[:40]!a}", where=f"{path} disposition", expected=", ".join(CHOSEN))
    return answers


def _check_shift(role: str, shift: str) -> None:
    role_of(role)
    if len(shift) > MOST_TITLE or not (shift == "" or shift.isprintable()):
        raise BadInput(f"{shift[:40]!a}", where="--shift", expected=f"at most {MOST_TITLE} visible characters")


def _record(
    result: DrillResult, title: str, package: ReceivedPackage, answers: DrillAnswers, *, passed: bool
) -> TrainingRecord:
    key = f"{package.sha256}|{answers.role}|{answers.shift}"
    return TrainingRecord(
        id=sha256(key.encode()).hexdigest()[:16], day=datetime.now(UTC).date(), kind="drill", title=title,
        role=role_of(answers.role), result="passed" if passed else "failed", shift=answers.shift,
        score=msgspec.to_builtins(result),
    )  # fmt: skip
