"""Supervision of a room's processes: one that ends is started again, ever later, and in the end given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

STEADY_S: Final = 60.0
"""A process that has run for so long has recovered: its next end counts as the first."""
LONGEST_PAUSE_S: Final = 60.0
GIVE_UP_AFTER_S: Final = 3600.0
"""A process that has not recovered for so long is given up: a person must find the cause and start the room again."""


class Part(Protocol):
    """A process under supervision, see ``ops.runtime.child_process.Child``."""

    name: str

    @property
    def alive(self) -> bool: ...

    def restart(self) -> None: ...

    def exit_report(self) -> str: ...

    def last(self, key: str) -> Any: ...


@dataclass(slots=True)
class _Watched:
    part: Part
    failures: int = 0
    failing_since_s: float = 0.0
    started_s: float = 0.0
    due_s: float | None = None
    """Time of the next start of a process that has ended."""
    down: str | None = None
    """Why it does not work; None from the moment that it reports ``ready``."""
    given_up: bool = False
    problem: str | None = None


class Supervision:
    """Keeps processes running. ``look`` is one round, to be called about every second; it never waits."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._watched: list[_Watched] = []

    def add(self, part: Part) -> None:
        """Supervise one more process, which has been started."""
        self._watched.append(_Watched(part, started_s=self._monotonic_s()))

    def look(self) -> list[str]:
        """Start what has ended and is due; return a sentence for each end, return and reported problem."""
        sentences: list[str] = []
        for one in self._watched:
            problem = one.part.last("problem") if one.part.alive and one.down is None else one.problem
            if problem != one.problem:
                one.problem = problem
                sentences.append(f"{one.part.name}: {problem or 'all is well again.'}")
            self._look_at(one, self._monotonic_s(), sentences)
        return sentences

    @property
    def given_up(self) -> str | None:
        """Which process was given up, and why; None while there is none."""
        return next((one.down for one in self._watched if one.given_up), None)

    def parts(self) -> Mapping[str, str | None]:
        """Return why each process does not work, by name; None for one that does."""
        return {one.part.name: _why_not(one) for one in self._watched}

    def _look_at(self, one: _Watched, now_s: float, sentences: list[str]) -> None:
        if one.given_up:
            return
        if one.part.alive:
            if one.down is not None and one.part.last("ready") is not None:
                one.down = None
                sentences.append(f"{one.part.name} runs again.")
            if one.failures and now_s - one.started_s > STEADY_S:
                one.failures = 0
            return
        if one.due_s is None:
            self._note_end(one, now_s, sentences)
        if not one.given_up and one.due_s is not None and now_s >= one.due_s:
            self._start(one, now_s, sentences)

    def _note_end(self, one: _Watched, now_s: float, sentences: list[str]) -> None:
        """Decide when a process that has just ended is started again."""
        one.failures = 1 if now_s - one.started_s > STEADY_S else one.failures + 1
        if one.failures == 1:
            one.failing_since_s = now_s
        one.down = report = one.part.exit_report()
        if now_s - one.failing_since_s > GIVE_UP_AFTER_S:
            one.given_up = True
            one.down = (
                f"{report} It has failed {one.failures} times in {(now_s - one.failing_since_s) / 60:.0f} min and is"
                " not started any more: find the cause, then start Watchline again."
            )
            sentences.append(one.down)
            return
        pause_s = 0.0 if one.failures == 1 else min(2.0 ** (one.failures - 2), LONGEST_PAUSE_S)
        one.due_s = now_s + pause_s
        sentences.append(
            f"{report} It was started again." if pause_s == 0 else f"{report} Next start in {pause_s:.0f} s."
        )

    def _start(self, one: _Watched, now_s: float, sentences: list[str]) -> None:
        one.started_s, one.due_s = now_s, None
        try:
            one.part.restart()
        except OSError as error:  # such as no process, file or memory left: no reason to end the room
            one.down = f"{one.part.name} cannot be started ({error.strerror})."
            one.due_s = now_s + LONGEST_PAUSE_S
            sentences.append(f"{one.down} Next start in {LONGEST_PAUSE_S:.0f} s.")


def _why_not(one: _Watched) -> str | None:
    """Why the process does not work; an end counts at once, before the next ``look``."""
    if one.down is None and not one.part.alive:
        return one.part.exit_report()
    return one.down or one.problem
