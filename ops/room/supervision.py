"""Supervision of a room's processes: one that ends is restarted, after ever longer pauses, and finally given up.

A process that runs but gives no sign of life (``ops.runtime.processes.child_process.sign_of_life``) is reported, and
some are then ended, and so restarted.
"""

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

SILENT_S: Final = 15.0
"""A process that gives signs of life is reported after so long without one."""
END_SILENT_S: Final = 60.0
"""And ended after so long, if it may be."""
LONGEST_LOOK_S: Final = 1.0
"""What the time between two looks counts at most towards a silence. A supervisor that itself stood still, with the
machine or under its load, has not read what was reported meanwhile: a silence is also a number of looks."""


class Part(Protocol):
    """A process under supervision, see ``ops.runtime.processes.child_process.Child``."""

    name: str

    @property
    def alive(self) -> bool: ...

    def restart(self) -> None: ...

    def kill(self, *, wait: bool) -> None: ...

    def ended(self) -> Message: ...

    def last(self, key: str) -> Any: ...


@dataclass(slots=True)
class _Watched:
    part: Part
    ends_silent: bool = False
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
    sign: Any = None
    """Its newest sign of life; None for a process that gives none."""
    silent_s: float = 0.0
    silent: Message | None = None
    """That it has given no sign of life for too long."""

    def is_steady(self, now_s: float) -> bool:
        """Whether it has worked for ``STEADY_S`` since its start."""
        return now_s - self.silent_s - self.started_s > STEADY_S


class Supervision:
    """Keeps processes running. Call ``look`` about every second; it never waits."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._looked_s = monotonic_s()
        self._watched: list[_Watched] = []

    def add(self, part: Part, *, ends_silent: bool = False) -> None:
        """Supervise one more process, which is running. ``ends_silent``: end it after a silence of ``END_SILENT_S``.

        That is for a process that does nothing long between two signs of life, and whose restart loses nothing.
        """
        self._watched.append(_Watched(part, ends_silent, started_s=self._monotonic_s()))

    def remove(self, part: Part) -> None:
        """Supervise a process no longer."""
        self._watched = [one for one in self._watched if one.part is not part]

    def look(self) -> list[Message]:
        """Restart ended processes that are due; return a message for each end, recovery and reported problem."""
        messages: list[Message] = []
        looked_s, self._looked_s = self._looked_s, self._monotonic_s()
        for one in self._watched:
            if one.part.alive:
                _listen(one, min(self._looked_s - looked_s, LONGEST_LOOK_S), messages)
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
            if one.failures and one.is_steady(now_s):
                one.failures = 0
            return
        if one.due_s is None:
            self._note_end(one, now_s, messages)
        if not one.given_up and one.due_s is not None and now_s >= one.due_s:
            self._start(one, now_s, messages)

    def _note_end(self, one: _Watched, now_s: float, messages: list[Message]) -> None:
        """Decide when a process that has just ended is restarted."""
        one.failures = 1 if one.is_steady(now_s) else one.failures + 1
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
        one.sign, one.silent_s, one.silent = None, 0.0, None
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


def _listen(one: _Watched, since_s: float, messages: list[Message]) -> None:
    """Count how long a process has given no sign of life; one that compiles kernels does nothing else."""
    sign, before_s = one.part.last("alive"), one.silent_s
    if sign is None or sign != one.sign or one.part.last("compiling"):
        if one.silent is not None:
            messages.append(Message("console-part-heard", {"part": one.part.name}))
        one.sign, one.silent_s, one.silent = sign, 0.0, None
        return
    one.silent_s += since_s
    if one.silent is None and one.silent_s >= SILENT_S:
        one.silent = Message("part-silent", {"seconds": round(SILENT_S)})
        messages.append(Message("console-part-silent", {"part": one.part.name, **one.silent.parameters}))
    if one.ends_silent and before_s < END_SILENT_S <= one.silent_s:
        messages.append(Message("console-part-killed", {"part": one.part.name, "seconds": round(END_SILENT_S)}))
        one.part.kill(wait=False)  # one that waits for a disk ends only when the disk answers


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
    return one.down or one.silent or one.problem
