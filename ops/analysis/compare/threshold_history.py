"""The history of a file of thresholds: a hash chain beside it, to which every state that a comparison used is added.

A line of ``NAME.history.jsonl`` holds one state of the thresholds, the day, what differs from the state before without
a change entry, and the hash of the line before; its own hash covers all that. The newest hash stands in every report,
so a history that was removed or rewritten no longer agrees with earlier reports.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from ops.analysis.compare.thresholds import Threshold, ThresholdError
from ops.runtime.file_lock import lock_file
from ops.runtime.output import atomic_write

NOTHING: Final = "0" * 64
"""The hash before the first line."""
KEYS: Final = ("number", "on", "thresholds", "undeclared", "before", "hash")
SHOWN: Final = 12
"""Digits of a hash that are shown to people."""


@dataclass(frozen=True, slots=True)
class ThresholdHistory:
    """The history of one file: its number of states, the day of the first, the newest hash, what was changed unsaid.

    ``undeclared`` are (day on which it was found, sentence); ``unwritten`` says why the state could not be recorded,
    empty where it was.
    """

    file: str
    states: int
    since: date
    head: str
    undeclared: tuple[tuple[date, str], ...] = ()
    unwritten: str = ""

    @property
    def warnings(self) -> list[str]:
        """What a reader must know, one sentence each; empty where every change has its entry and is recorded."""
        said = [
            f"Changed without a change entry, found on {day.isoformat()}: {sentence}."
            for day, sentence in self.undeclared
        ]
        if self.unwritten:
            said.append(f"This state of the thresholds could not be recorded: {self.unwritten}.")
        return said

    @property
    def sentence(self) -> str:
        """Return one sentence for the report."""
        states = "1 state" if self.states == 1 else f"{self.states} states"
        return (
            f"Thresholds: {states} recorded since {self.since.isoformat()}, hash chain {self.head[:SHOWN]} "
            f"({self.file}); earlier reports name its earlier hashes."
        )

    @property
    def figures(self) -> dict[str, Any]:
        """Return the history for JSON."""
        return {
            "file": self.file,
            "states": self.states,
            "since": self.since.isoformat(),
            "hash": self.head,
            "undeclared": [{"found_on": day.isoformat(), "what": sentence} for day, sentence in self.undeclared],
            "unwritten": self.unwritten,
        }


def recorded(path: Path, thresholds: Sequence[Threshold], *, today: date) -> ThresholdHistory:
    """Add the thresholds of a file to its history, unless they are those of its newest state, and return the history.

    Raises ThresholdError for a history whose chain is broken, naming the line.
    """
    file = path.with_name(f"{path.name}.history.jsonl")
    lock = None
    unwritten = ""
    try:
        lock = lock_file(file.with_name(f".{file.name}.lock"), wait=True)
    except OSError as error:
        unwritten = f"{file.name} cannot be written ({error.strerror})"
    try:
        lines = _read(file)
        state = [_state(one) for one in thresholds]
        if not lines or lines[-1]["thresholds"] != state:
            told = _undeclared(lines[-1]["thresholds"], state) if lines else []
            lines.append(_line(len(lines) + 1, today, state, told, lines[-1]["hash"] if lines else NOTHING))
            if not unwritten:
                unwritten = _written(file, lines)
    finally:
        if lock is not None:
            os.close(lock)
    undeclared = tuple((date.fromisoformat(line["on"]), what) for line in lines for what in line["undeclared"])
    since, head = date.fromisoformat(lines[0]["on"]), str(lines[-1]["hash"])
    return ThresholdHistory(file.name, len(lines), since, head, undeclared, unwritten)


def _written(file: Path, lines: Sequence[dict[str, Any]]) -> str:
    """Write the history; return why it could not be written, empty where it was."""
    try:
        with atomic_write(file) as partial:
            partial.write_text("".join(_json(line) + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        return f"{file.name} cannot be written ({error.strerror})"
    return ""


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ThresholdError(f"cannot be read ({reason})", where=file.name, expected="a history") from None
    lines: list[dict[str, Any]] = []
    for number, written in enumerate(text.splitlines(), start=1):
        before = lines[-1]["hash"] if lines else NOTHING
        if not _holds(written, number, before):
            raise ThresholdError(
                "does not follow from the line before: the history was changed",
                where=f"{file.name}, line {number}",
                expected="the hash chain as compare wrote it",
            )
        lines.append(json.loads(written))
    return lines


def _holds(written: str, number: int, before: str) -> bool:
    """Whether a line is one of the chain, with a hash of its own that is right."""
    try:
        line = json.loads(written)
        made = _line(number, date.fromisoformat(line["on"]), line["thresholds"], line["undeclared"], before)
    except (ValueError, KeyError, TypeError):
        return False
    return bool(line == made)


def _line(number: int, on: date, state: Any, undeclared: Any, before: str) -> dict[str, Any]:
    line = {"number": number, "on": on.isoformat(), "thresholds": state, "undeclared": undeclared, "before": before}
    return line | {"hash": hashlib.sha256(_json(line).encode()).hexdigest()}


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _state(threshold: Threshold) -> dict[str, Any]:
    log = [
        {"value": change.value, "on": change.on.isoformat(), "by": change.by, "why": change.why}
        for change in threshold.log
    ]
    return {"name": threshold.name, "measure": threshold.measure, "log": log}


def _undeclared(before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[str]:
    """What differs from the state before other than by entries that were added, a sentence each without a stop."""
    present = {one["name"]: one for one in now}
    told = []
    for old in before:
        name, new = old["name"], present.get(old["name"])
        if new is None:
            told.append(f"{name!r} was removed; it was {_entry(old['log'][-1])}")
            continue
        if new["measure"] != old["measure"]:
            told.append(f"{name!r} was of {old['measure']} and is of {new['measure']}")
        for was, is_now in zip_longest(old["log"], new["log"][: len(old["log"])]):
            if was != is_now:
                became = "is gone" if is_now is None else f"became {_entry(is_now)}"
                told.append(f"{name!r}: {_entry(was)} {became}")
    return told


def _entry(entry: dict[str, Any]) -> str:
    return f"{entry['value']:g} of {entry['on']} by {entry['by']} ({entry['why']})"
