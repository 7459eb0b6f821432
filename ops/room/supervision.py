"""Supervision of a room's processes: one that ends is restarted, after ever longer pauses, and finally given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from geo.message import Message, Parameter
from ops.runtime.processes.part_state import COMPILING, problem_of

STEADY_S: Final = 60.0
"""A process that has run this long has recovered: its next failure counts as the first."""
LONGEST_PAUSE_S: Final = 60.0
GIVE_UP_AFTER_S: Final = 3600.0
"""A process that has not recovered within this time is given up: a person must find the cause and restart the room."""


class Part(Protocol):
    """A process under supervision, see ``ops.runtime.processes.child_process.Child``."""

    name: str

    @property
    def alive(self) -> bool: ...

    def restart(self) -> None: ...

    def ended(self) -> Message: ...

    def last(self, key: str) -> Any: ...


@dataclass(slots=True)
class _Watched:
    part: Part
    failures: int = 0
    failing_since_s: float = 0.0
    started_s: float = 0.0
    due_s: float | None = None
    """Time of the next start of a process that has ended."""
    down: Message | None = None
    """Why it does not work; None once it reports ``ready``."""
    given_up: bool = False
    problem: Message | None = None
    """What it reports itself while it works: a problem, or that it compiles kernels."""


class Supervision:
    """Keeps processes running. Call ``look`` about every second; it never waits."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._watched: list[_Watched] = []

    def add(self, part: Part) -> None:
        """Supervise one more process, which is running."""
        self._watched.append(_Watched(part, started_s=self._monotonic_s()))

    def remove(self, part: Part) -> None:
        """Supervise a process no longer."""
        self._watched = [one for one in self._watched if one.part is not part]

    def look(self) -> list[Message]:
        """Restart ended processes that are due; return a message for each end, recovery and reported problem."""
        messages: list[Message] = []
        for one in self._watched:
            problem = _reported(one.part) if one.part.alive and one.down is None else one.problem
            if problem != one.problem:
                messages.append(_change(one, problem))
                one.problem = problem
            self._look_at(one, self._monotonic_s(), messages)
        return messages

    @property
    def given_up(self) -> Message | None:
        """Return which process was given up, and why; None while there is none."""
        return next((one.down for one in self._watched if one.given_up), None)

    @property
    def ended(self) -> Message | None:
        """Return why a process does not run; None while all do, whatever they report."""
        return next((_why_not(one) for one in self._watched if one.down is not None or not one.part.alive), None)

    def parts(self) -> Mapping[str, Message | None]:
        """Return why each process does not work, by name; None for one that does."""
        return {one.part.name: _why_not(one) for one in self._watched}

    def _look_at(self, one: _Watched, now_s: float, messages: list[Message]) -> None:
        if one.given_up:
            return
        if one.part.alive:
            if one.down is not None and one.part.last("ready") is not None:
                one.down = None
                messages.append(_named("recovered", one))
            if one.failures and now_s - one.started_s > STEADY_S:
                one.failures = 0
            return
        if one.due_s is None:
            self._note_end(one, now_s, messages)
        if not one.given_up and one.due_s is not None and now_s >= one.due_s:
            self._start(one, now_s, messages)

    def _note_end(self, one: _Watched, now_s: float, messages: list[Message]) -> None:
        """Decide when a process that has just ended is restarted."""
        one.failures = 1 if now_s - one.started_s > STEADY_S else one.failures + 1
        if one.failures == 1:
            one.failing_since_s = now_s
        one.down = ended = one.part.ended()
        if now_s - one.failing_since_s > GIVE_UP_AFTER_S:
            one.given_up = True
            minutes = round((now_s - one.failing_since_s) / 60)
            counts: dict[str, Parameter] = {"failures": one.failures, "minutes": minutes}
            one.down = Message("part-given-up", {**ended.parameters, **counts})
            messages.append(one.down)
            return
        pause_s = 0.0 if one.failures == 1 else min(2.0 ** (one.failures - 2), LONGEST_PAUSE_S)
        one.due_s = now_s + pause_s
        messages.append(
            Message("console-part-restarted", ended.parameters)
            if pause_s == 0
            else Message("console-part-next-start", {**ended.parameters, "seconds": round(pause_s)})
        )

    def _start(self, one: _Watched, now_s: float, messages: list[Message]) -> None:
        one.started_s, one.due_s = now_s, None
        try:
            one.part.restart()
        except OSError as error:  # such as no process, file or memory left: no reason to end the room
            one.down = Message("part-not-started", {"part": one.part.name, "reason": error.strerror})
            one.due_s = now_s + LONGEST_PAUSE_S
            messages.append(
                Message("console-part-not-started", {**one.down.parameters, "seconds": round(LONGEST_PAUSE_S)})
            )


def _named(event: str, one: _Watched) -> Message:
    return Message(f"console-part-{event}", {"part": one.part.name})


def _reported(part: Part) -> Message | None:
    """What a running process reports of itself: that it compiles kernels, or a problem."""
    if part.last("compiling"):
        return COMPILING
    problem = part.last("problem")
    return None if problem is None else problem_of(problem)


def _change(one: _Watched, problem: Message | None) -> Message:
    named: dict[str, Parameter] = {"part": one.part.name}
    if problem is COMPILING:
        return Message("console-part-compiling", named)
    if problem is not None:
        return Message("console-part-problem", {**named, **problem.parameters})
    return Message("console-part-compiled" if one.problem is COMPILING else "console-part-well", named)


def _why_not(one: _Watched) -> Message | None:
    """Why the process does not work; an end counts at once, before the next ``look``."""
    if one.down is None and not one.part.alive:
        return one.part.ended()
    return one.down or one.problem
