"""The history of a file of thresholds: a hash chain beside it, to which every state that a comparison used is added.

A line of ``NAME.history.jsonl`` holds one state of the thresholds, the day, the differences from the previous state
that have no change entry, and the hash of the previous line; its own hash covers all of that. Every report states the
newest hash, so a history that was removed or rewritten no longer agrees with earlier reports.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any, Final

from geo.message import Message, Parameter
from ops.analysis.compare.thresholds import RENAMED, Threshold, ThresholdError
from ops.runtime.files.lock import lock_file
from ops.runtime.output import atomic_write, say_in_english

NOTHING: Final = "0" * 64
"""The hash before the first line."""
KEYS: Final = ("number", "on", "thresholds", "undeclared", "before", "hash")
SHOWN: Final = 12
"""Digits of a hash that are shown to people."""


@dataclass(frozen=True, slots=True)
class ThresholdHistory:
    """The history of one file: its number of states, the day of the first, the newest hash, and undeclared changes.

    ``undeclared`` are (day on which the change was found, the change); ``unwritten`` states why the newest state could
    not be recorded, empty where it was.
    """

    file: str
    states: int
    since: date
    head: str
    undeclared: tuple[tuple[date, Message], ...] = ()
    unwritten: str = ""

    @property
    def warnings(self) -> list[Message]:
        """Messages for the reader, one sentence each; empty if every change has its entry and is recorded."""
        told = []
        for day, change in self.undeclared:
            parameters: dict[str, Any] = {"date": day.isoformat(), "what": change}
            told.append(Message("compare-history-undeclared", parameters))
        if self.unwritten:
            told.append(Message("compare-history-unwritten", {"reason": self.unwritten}))
        return told

    @property
    def message(self) -> Message:
        """The history in one sentence for the report."""
        figures: dict[str, Parameter] = {
            "states": self.states,
            "since": self.since.isoformat(),
            "hash": self.head[:SHOWN],
            "file": self.file,
        }
        return Message("compare-history", figures)

    @property
    def figures(self) -> dict[str, Any]:
        """The history as plain values for JSON."""
        return {
            "file": self.file,
            "states": self.states,
            "since": self.since.isoformat(),
            "hash": self.head,
            "undeclared": [
                {"found_on": day.isoformat(), "what": say_in_english(change), "message": change.as_dict()}
                for day, change in self.undeclared
            ],
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
            changes = _undeclared(lines[-1]["thresholds"], state) if lines else []
            found = [say_in_english(change) for change in changes]
            lines.append(_line(len(lines) + 1, today, state, found, lines[-1]["hash"] if lines else NOTHING))
            if not unwritten:
                unwritten = _written(file, lines)
    finally:
        if lock is not None:
            os.close(lock)
    undeclared = tuple(
        (date.fromisoformat(line["on"]), change)
        for before, line in pairwise(lines)
        for change in _undeclared(before["thresholds"], line["thresholds"])
    )
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
    """Whether a line belongs to the chain and its hash is right."""
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


def _undeclared(before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[Message]:
    """Differences from the previous state other than entries that were added."""
    present = {one["name"]: one for one in now}
    found = []
    for old in before:
        name, new = old["name"], present.get(old["name"])
        if new is None:
            found.append(Message("compare-undeclared-removed", {"name": name, **_entry(old["log"][-1])}))
            continue
        measure = RENAMED.get(old["measure"], old["measure"])
        if new["measure"] != measure:
            changed = {"name": name, "before": measure, "now": new["measure"]}
            found.append(Message("compare-undeclared-measure", changed))
        for was, is_now in zip_longest(old["log"], new["log"][: len(old["log"])]):
            if was == is_now:
                continue
            if is_now is None:
                found.append(Message("compare-undeclared-entry-removed", {"name": name, **_entry(was)}))
            else:
                after = {f"new_{key}": value for key, value in _entry(is_now).items()}
                found.append(Message("compare-undeclared-entry-changed", {"name": name, **_entry(was), **after}))
    return found


def _entry(entry: dict[str, Any]) -> dict[str, str]:
    return {"value": f"{entry['value']:g}", "date": entry["on"], "person": entry["by"], "reason": entry["why"]}
