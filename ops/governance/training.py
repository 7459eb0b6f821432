"""Training records: drills and courses by role, as JSON lines in a private file, and the indicator that they feed.

Persons are named only where the caller asks for names; counts and rates are by role.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.errors import BadInput
from ops.accounts.person import ROLES, Role
from ops.runtime.output import write_private

COLUMNS: Final = ("day", "kind", "title", "role", "person", "result")
RESULTS: Final = ("passed", "failed")
INDICATOR: Final = "training_completed"
"""Indicator of the catalogue that the records feed."""
MOST_TEXT: Final = 120
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """One training of one person or shift. ``score``: the figures of a drill; ``id`` of a drill: of its scenario."""

    id: str
    day: date
    kind: Literal["drill", "course"]
    title: str
    role: Role
    result: Literal["passed", "failed"]
    person: str = ""
    shift: str = ""
    score: dict[str, Any] = field(default_factory=dict)


def read_records(path: Path) -> list[TrainingRecord]:
    """Read a file of records; empty where there is none. BadInput names the line that cannot be read."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=TrainingRecord))
        except msgspec.MsgspecError as error:
            raise BadInput(str(error), where=f"{path.name}, line {number}", expected="a training record") from None
    return found


def add_records(path: Path, new: Sequence[TrainingRecord]) -> int:
    """Add records, readable by this user only; a record with a known id is refused. Returns their number."""
    known = read_records(path)
    ids = {one.id for one in known}
    for one in new:
        if one.id in ids:
            raise BadInput(f"{one.title[:60]!a} on {one.day} is recorded already", where=str(path), expected="it once")
        ids.add(one.id)
    write_private(path, b"".join(msgspec.json.encode(one) + b"\n" for one in [*known, *new]))
    return len(new)


def records_of_table(path: Path, *, today: date) -> list[TrainingRecord]:
    """Read a CSV table of trainings; BadInput lists every wrong row with its reason, and nothing is then taken."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeError, csv.Error) as error:
        raise BadInput(f"cannot be read ({error})", where=str(path), expected="a CSV table in UTF-8") from None
    if not rows or set(rows[0]) != set(COLUMNS):
        raise BadInput("has other columns or no rows", where=str(path), expected=", ".join(COLUMNS))
    if len(rows) > MOST_ROWS:
        raise BadInput(f"{len(rows)} rows", where=str(path), expected=f"at most {MOST_ROWS}")
    problems, records, seen = [], [], set[tuple[str, ...]]()
    for number, row in enumerate(rows, start=2):
        problem = _problem(row, seen, today)
        if problem:
            problems.append(f"row {number}: {problem}")
            continue
        fields = tuple(row[name].strip() for name in COLUMNS)
        seen.add(fields)
        values = dict(zip(COLUMNS, fields, strict=True)) | {"id": _digest(fields), "day": date.fromisoformat(fields[0])}
        records.append(TrainingRecord(**values))  # type: ignore[arg-type]
    if problems:
        more = f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise BadInput("; ".join(problems[:20]) + more, where=str(path), expected="rows without these faults")
    return records


def _problem(row: Mapping[str, str | None], seen: set[tuple[str, ...]], today: date) -> str:
    """Why a row cannot be taken; empty for a good one."""
    texts = [row.get(name) for name in COLUMNS]
    if None in row or any(text is None for text in texts):
        return f"has not {len(COLUMNS)} cells"
    day, kind, title, role, person, result = fields = tuple(str(text).strip() for text in texts)
    try:
        if date.fromisoformat(day) > today:
            return f"day {day} is in the future"
    except ValueError:
        return f"day {day[:20]!a} is not a date such as 2026-03-14"
    if kind not in ("drill", "course"):
        return f"kind {kind[:20]!a} is neither drill nor course"
    if role not in ROLES:
        return f"role {role[:20]!a} is not one of {', '.join(ROLES)}"
    if result not in RESULTS:
        return f"result {result[:20]!a} is neither passed nor failed"
    if any(not text or len(text) > MOST_TEXT or not text.isprintable() for text in (title, person)):
        return f"title or person is empty, longer than {MOST_TEXT} characters, or not on one line"
    return "is the same as an earlier row" if fields in seen else ""


@dataclass(frozen=True, slots=True)
class RoleTraining:
    """Trainings of a role in a period: all, passed, and the persons or shifts that passed at least one.

    A person with two roles meets the requirement of each, and counts in both; ``people_trained`` counts her once.
    """

    role: Role
    trainings: int
    passed: int
    completed: int


def by_role(records: Iterable[TrainingRecord], since: date, until: date) -> list[RoleTraining]:
    """Count the records of a period by role, both days included."""
    found = defaultdict[Role, list[TrainingRecord]](list)
    for one in records:
        if since <= one.day <= until:
            found[one.role].append(one)
    return [
        RoleTraining(
            role, len(own), sum(one.result == "passed" for one in own),
            len(_passed(own)),
        )
        for role in ROLES
        if (own := found[role])
    ]  # fmt: skip


def people_trained(records: Iterable[TrainingRecord], since: date, until: date) -> int:
    """Persons or shifts that passed at least one training of a period; one with two roles counts once."""
    return len(_passed([one for one in records if since <= one.day <= until]))


def _passed(records: Sequence[TrainingRecord]) -> set[str]:
    return {one.person or f"shift {one.shift}" for one in records if one.result == "passed"}


def indicator_table(done: int, planned: int, place: str, until: date, source: str) -> str:
    """A table for ``watchline indicators import``: persons or shifts that completed a training, of those planned.

    ``done``: as ``people_trained`` counts them.
    """
    if planned < max(done, 1):
        raise BadInput(
            f"{planned} planned", where="--planned", expected=f"at least the {max(done, 1)} who completed one"
        )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", "indicator", "value", "date", "source"])
    writer.writerow([place, INDICATOR, round(done / planned, 6), until.isoformat(), source])
    return out.getvalue()


def plain(record: TrainingRecord, *, names: bool) -> dict[str, Any]:
    """A record for JSON, with or without the person."""
    body: dict[str, Any] = json.loads(msgspec.json.encode(record))
    if not names:
        del body["person"]
    return body


def _digest(fields: tuple[str, ...]) -> str:
    from hashlib import sha256

    return sha256("\x1f".join(fields).encode()).hexdigest()[:16]
