"""``watchline drill``: scores a shift on a demonstration, and keeps training records by role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console

from geo.errors import BadInput
from ops.accounts.person import ROLES, Role
from ops.audit.command import printable, record_command
from ops.governance.demonstration import score_of
from ops.governance.drills import DrillScore, DrillSettings
from ops.governance.training import (
    MOST_TEXT,
    TrainingRecord,
    add_records,
    by_role,
    indicator_table,
    people_trained,
    plain,
    read_records,
    records_of_table,
)
from ops.runtime.output import atomic_write, catalogue, show

YEAR: Final = timedelta(days=365)
FIRST_ZONE: Final = timedelta(hours=14)
"""The time zone in which a day begins first is ahead of UTC by this."""


class Scored(Protocol):
    """The figures that decide whether a drill is passed."""

    @property
    def incidents(self) -> int: ...
    @property
    def in_time(self) -> int: ...
    @property
    def closed(self) -> int: ...
    @property
    def right(self) -> int: ...
    @property
    def missed(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """The options of ``drill score``. ``in_time`` and ``right``: fractions from which the drill is passed."""

    data: Path
    role: str
    shift: str = ""
    person: str = ""
    records: Path | None = None
    limit_s: float = 60.0
    in_time: float = 0.8
    right: float = 0.8


def score_demonstration(options: DrillOptions, screen: Console) -> dict[str, Any]:
    """Score the incidents of a demonstration against its truth; keep the result where ``records`` is given.

    BadInput for any other folder.
    """
    role = role_of(options.role)
    for name, text in (("--shift", options.shift), ("--person", options.person)):
        if len(text) > MOST_TEXT or not (text == "" or text.isprintable()):
            raise BadInput(f"{text[:40]!a}", where=name, expected=f"at most {MOST_TEXT} visible characters")
    scored = score_of(options.data, DrillSettings(limit_s=options.limit_s))
    score = scored.score
    is_passed = passed(score, options.in_time, options.right)
    record = _record(options, role, score, scored.moved_ns, passed=is_passed)
    record_command(options.data, "drill score", f"score of a drill, role {role}", operation="consultation")
    if options.records is not None:
        add_records(options.records, [record])
    _show(score, screen, passed=is_passed)
    answers = [
        {
            "incident": one.incident, "target_class": one.target_class or None, "crossed": one.crossed,
            "right": list(one.right), "given": one.given or None, "acknowledged_s": one.acknowledged_s,
        }
        for one in score.answers
    ]  # fmt: skip
    return {**score.as_dict(), "role": role, "shift": options.shift, "result": record.result, "answers": answers}


def report_records(
    records: Path,
    *,
    names: bool,
    since: date | None,
    out: Path | None,
    planned: int | None,
    place: str,
    screen: Console,
    today: date | None = None,
) -> dict[str, Any]:
    """Print trainings by role; write the table of the indicator where ``out`` is given, which needs ``planned``."""
    if out is not None and out.resolve() == records.resolve():
        raise BadInput("is the file of the records", where="--out", expected="another file")
    today = today or datetime.now(UTC).date()
    since = since or today - YEAR
    found = [one for one in read_records(records) if since <= one.day <= today]
    trained = by_role(found, since, today)
    people, met = people_trained(found, since, today), sum(one.completed for one in trained)
    words = catalogue()
    show(screen, "training-period", start=since.isoformat(), end=today.isoformat(), count=len(found))
    for one in trained:
        show(
            screen, "training-role", role=words.say("accounts-role", role=one.role), trainings=one.trainings,
            passed=one.passed, completed=one.completed,
        )  # fmt: skip
    if trained:
        show(screen, "training-people", people=people, met=met)
    if names:
        for record in found:
            if record.person:
                line = f"{record.day} {record.role} {record.person}: {record.title} ({record.result})"
                screen.print(f"  {printable(line, 300)}", markup=False, highlight=False)
    if out is not None:
        if planned is None or not place:
            raise BadInput("is missing", where="--planned, --place", expected="both, to write the indicator")
        table = indicator_table(people, planned, place, today, f"training records of {len(found)} trainings")
        with atomic_write(out) as partial:
            partial.write_text(table, encoding="utf-8")
        show(screen, "training-indicator", file=str(out))
    return {
        "from": since.isoformat(),
        "until": today.isoformat(),
        "roles": [
            {"role": one.role, "trainings": one.trainings, "passed": one.passed, "completed": one.completed}
            for one in trained
        ],
        "people": people,
        "role_requirements": met,
        "records": [plain(one, names=names) for one in found],
    }


def import_records(table: Path, records: Path, screen: Console, now: datetime | None = None) -> dict[str, Any]:
    """Add the trainings of a CSV table to the records; nothing of it if a row is refused."""
    latest = (now or datetime.now(UTC)) + FIRST_ZONE  # days are those of the place, and may have begun there
    added = add_records(records, records_of_table(table, today=latest.date()))
    show(screen, "training-added", count=added, file=str(records))
    return {"added": added, "file": str(records)}


def role_of(text: str) -> Role:
    """The role of a name. BadInput for another text."""
    for role in ROLES:
        if role == text:
            return role
    raise BadInput(f"{text[:40]!a} is not a role", where="--role", expected=f"one of {', '.join(ROLES)}")


def passed(score: Scored, in_time: float = 0.8, right: float = 0.8) -> bool:
    """Passed if enough was acknowledged in time and closed rightly, and no crossing that was shown was missed."""
    enough = score.in_time >= in_time * score.incidents and score.right >= right * max(score.closed, 1)
    return bool(score.incidents) and enough and not score.missed


def _record(options: DrillOptions, role: Role, score: DrillScore, moved_ns: int, *, passed: bool) -> TrainingRecord:
    key = f"{moved_ns}|{role}|{options.shift}|{options.person}"
    day = datetime.fromtimestamp((options.data / "store.db").stat().st_mtime, UTC).date()
    return TrainingRecord(
        id=sha256(key.encode()).hexdigest()[:16], day=day, kind="drill", title="simulated scenario", role=role,
        result="passed" if passed else "failed", person=options.person, shift=options.shift, score=score.as_dict(),
    )  # fmt: skip


def _show(score: DrillScore, screen: Console, *, passed: bool) -> None:
    figures = score.as_dict()
    show(screen, "drill-exercise", incidents=len(score.answers))
    show(
        screen, "drill-acknowledged", part=score.in_time, whole=len(score.answers), limit=score.limit_s,
        median=figures["median_acknowledgement_s"] if figures["median_acknowledgement_s"] is not None else "–",
    )  # fmt: skip
    show(screen, "drill-right", part=score.right, whole=score.closed)
    show(screen, "drill-missed", part=score.missed, whole=score.shown)
    show(screen, "drill-undetected", part=score.undetected, whole=score.crossings)
    show(screen, "drill-result", result="passed" if passed else "failed")
