"""A part of a room that ends is started again, ever later, and at last given up; nothing of it is said in silence."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from ops.room.supervision import GIVE_UP_AFTER_S, LONGEST_PAUSE_S, STEADY_S, Supervision


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Part:
    """A process that the test ends and lets become ready."""

    name: str
    clock: Clock
    alive: bool = True
    starts: list[float] = field(default_factory=list)
    says: dict[str, Any] = field(default_factory=lambda: {"ready": True})
    refuses: OSError | None = None

    def restart(self) -> None:
        self.starts.append(self.clock.now_s)
        if self.refuses is not None:
            raise self.refuses
        self.alive, self.says = True, {}

    def exit_report(self) -> str:
        return f"{self.name} ended with code -9. Log: x.log."

    def last(self, key: str) -> Any:
        return self.says.get(key)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def part(clock: Clock) -> Part:
    return Part("broker", clock)


@pytest.fixture
def supervision(clock: Clock, part: Part) -> Supervision:
    made = Supervision(monotonic_s=clock)
    made.add(part)
    return made


def test_the_first_end_is_mended_at_once_and_said_until_the_part_is_ready(
    supervision: Supervision, part: Part, clock: Clock
) -> None:
    assert supervision.look() == []
    assert supervision.parts() == {"broker": None}
    part.alive = False
    assert supervision.parts() == {"broker": "broker ended with code -9. Log: x.log."}, "before the next round"
    assert supervision.look() == ["broker ended with code -9. Log: x.log. It was started again."]
    assert part.starts == [clock.now_s]
    assert supervision.parts() == {"broker": "broker ended with code -9. Log: x.log."}, "started, but not ready yet"
    part.says["ready"] = True
    assert supervision.look() == ["broker runs again."]
    assert supervision.parts() == {"broker": None}


def end_for(supervision: Supervision, part: Part, clock: Clock, seconds: float) -> list[str]:
    """The part ends as soon as it is started, for so long; look once a second."""
    sentences = []
    for _ in range(round(seconds)):
        part.alive = False
        sentences += supervision.look()
        clock.now_s += 1.0
    return sentences


def test_the_pauses_double_up_to_the_longest(supervision: Supervision, part: Part, clock: Clock) -> None:
    end_for(supervision, part, clock, 400)
    pauses = [later - sooner for sooner, later in pairwise(part.starts)]
    # a round a second: an end is seen one round after the start, and the pause is counted from there
    assert pauses == [2.0, 3.0, 5.0, 9.0, 17.0, 33.0] + [LONGEST_PAUSE_S + 1.0] * (len(pauses) - 6)
    assert len(pauses) > 8


def test_a_part_that_has_run_steadily_starts_over_with_the_pauses(
    supervision: Supervision, part: Part, clock: Clock
) -> None:
    end_for(supervision, part, clock, 100)
    while not part.alive:
        supervision.look()
        clock.now_s += 1.0
    clock.now_s += STEADY_S + 1.0
    part.alive, before = False, len(part.starts)
    supervision.look()
    assert part.starts[before:] == [clock.now_s]


def test_a_part_that_never_recovers_is_given_up_loudly(supervision: Supervision, part: Part, clock: Clock) -> None:
    assert supervision.given_up is None
    sentences = end_for(supervision, part, clock, GIVE_UP_AFTER_S + 2 * LONGEST_PAUSE_S)
    assert "not started any more" in sentences[-1]
    assert supervision.given_up == sentences[-1]
    starts = len(part.starts)
    assert end_for(supervision, part, clock, 600) == []
    assert len(part.starts) == starts
    assert "not started any more" in (supervision.parts()["broker"] or ""), "and health says so for good"


def test_a_machine_without_room_for_a_process_does_not_end_the_supervisor(
    supervision: Supervision, part: Part, clock: Clock
) -> None:
    part.refuses = OSError(errno.EMFILE, "Too many open files")
    part.alive = False
    assert "cannot be started (Too many open files)" in " ".join(supervision.look())
    assert "cannot be started" in (supervision.parts()["broker"] or "")
    part.refuses = None
    clock.now_s += LONGEST_PAUSE_S
    supervision.look()
    assert part.alive


def test_each_problem_is_told_once_and_that_it_is_over(supervision: Supervision, part: Part, clock: Clock) -> None:
    other = Part("fusion", clock)
    supervision.add(other)
    part.says["problem"] = "DISK_FULL: 1.0 MB left"
    assert supervision.look() == ["broker: DISK_FULL: 1.0 MB left"]
    assert supervision.look() == []
    assert supervision.parts() == {"broker": "DISK_FULL: 1.0 MB left", "fusion": None}
    part.says["problem"] = None
    assert supervision.look() == ["broker: all is well again."]
    assert supervision.look() == []
