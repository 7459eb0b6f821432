"""A part of a room that ends is started again, ever later, and at last given up; nothing of it is said in silence."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from geo.message import Message
from ops.room.supervision import END_SILENT_S, GIVE_UP_AFTER_S, LONGEST_PAUSE_S, SILENT_S, STEADY_S, Supervision
from ops.runtime.processes.child_process import Child
from ops.runtime.processes.part_state import code_of, without_log
from ops.words import MessageCatalogue
from tests.patience import PATIENT_S


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
    killed: list[float] = field(default_factory=list)

    def restart(self) -> None:
        self.starts.append(self.clock.now_s)
        if self.refuses is not None:
            raise self.refuses
        self.alive, self.says = True, {}

    def kill(self, *, wait: bool) -> None:
        assert not wait, "the supervisor never waits"
        self.killed.append(self.clock.now_s)
        self.alive = False

    def ended(self) -> Message:
        named = {"part": self.name, "cause": "none", "code": -9, "words": "", "log": "x.log"}
        return Message("part-ended", named)

    def last(self, key: str) -> Any:
        return self.says.get(key)


def sentences(supervision: Supervision, language: str = "en") -> dict[str, str | None]:
    """The states of the parts, as sentences."""
    words = MessageCatalogue.of(language)
    return {name: None if state is None else words.say(state) for name, state in supervision.parts().items()}


def lines(messages: list[Message]) -> list[str]:
    return [MessageCatalogue.of().say(message) for message in messages]


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
    assert sentences(supervision) == {"broker": None}
    part.alive = False
    assert sentences(supervision) == {"broker": "broker ended with code -9. Log: x.log."}, "before the next round"
    assert lines(supervision.look()) == ["broker ended with code -9. Log: x.log. Restarted."]
    assert part.starts == [clock.now_s]
    assert sentences(supervision) == {"broker": "broker ended with code -9. Log: x.log."}, "started, but not ready yet"
    part.says["ready"] = True
    assert lines(supervision.look()) == ["broker is running again."]
    assert sentences(supervision) == {"broker": None}


def end_for(supervision: Supervision, part: Part, clock: Clock, seconds: float) -> list[str]:
    """The part ends as soon as it is started, for so long; look once a second."""
    said: list[str] = []
    for _ in range(round(seconds)):
        part.alive = False
        said += lines(supervision.look())
        clock.now_s += 1.0
    return said


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
    said = end_for(supervision, part, clock, GIVE_UP_AFTER_S + 2 * LONGEST_PAUSE_S)
    assert "will not be restarted" in said[-1]
    assert supervision.given_up is not None
    assert lines([supervision.given_up]) == [said[-1]]
    starts = len(part.starts)
    assert end_for(supervision, part, clock, 600) == []
    assert len(part.starts) == starts
    assert "will not be restarted" in (sentences(supervision)["broker"] or ""), "and health says so for good"


def test_a_machine_without_room_for_a_process_does_not_end_the_supervisor(
    supervision: Supervision, part: Part, clock: Clock
) -> None:
    part.refuses = OSError(errno.EMFILE, "Too many open files")
    part.alive = False
    assert "cannot be started (Too many open files)" in " ".join(lines(supervision.look()))
    assert "cannot be started" in (sentences(supervision)["broker"] or "")
    part.refuses = None
    clock.now_s += LONGEST_PAUSE_S
    supervision.look()
    assert part.alive


def test_each_problem_is_told_once_and_that_it_is_over(supervision: Supervision, part: Part, clock: Clock) -> None:
    other = Part("fusion", clock)
    supervision.add(other)
    part.says["problem"] = "DISK_FULL: 1.0 MB left"
    assert lines(supervision.look()) == ["broker: DISK_FULL: 1.0 MB left"]
    assert supervision.look() == []
    assert sentences(supervision) == {"broker": "DISK_FULL: 1.0 MB left", "fusion": None}
    part.says["problem"] = None
    assert lines(supervision.look()) == ["broker: problem resolved."]
    assert supervision.look() == []


def test_a_part_whose_end_is_expected_is_not_restarted(supervision: Supervision, part: Part) -> None:
    supervision.remove(part)
    part.alive = False
    assert supervision.look() == []
    assert part.starts == []
    assert sentences(supervision) == {}


def test_a_part_that_compiles_kernels_is_starting_and_not_well(supervision: Supervision, part: Part) -> None:
    """After an update fusion compiles for minutes: the picture is frozen, and each part said that it was well."""
    part.says["compiling"] = True
    (line,) = lines(supervision.look())
    assert "broker is compiling kernels" in line
    assert supervision.look() == []
    state = supervision.parts()["broker"]
    assert code_of(state) == "compiling_kernels"
    assert sentences(supervision) == {"broker": "starting: compiling kernels"}
    part.says["compiling"] = False
    assert lines(supervision.look()) == ["broker has compiled its kernels and is running."]
    assert code_of(supervision.parts()["broker"]) == "ok"


def test_the_reason_is_said_in_the_language_of_the_reader_and_its_code_is_not(
    supervision: Supervision, part: Part
) -> None:
    part.alive = False
    assert (sentences(supervision, "fr")["broker"] or "").startswith("broker s’est arrêté avec le code -9.")
    assert code_of(supervision.parts()["broker"]) == "ended"


def look_for(supervision: Supervision, clock: Clock, seconds: float, each: Callable[[], object] = int) -> list[str]:
    """Look once a second for so long, and do something before each look."""
    said: list[str] = []
    for _ in range(round(seconds)):
        clock.now_s += 1.0
        each()
        said += lines(supervision.look())
    return said


def test_a_part_whose_signs_of_life_stay_away_is_down_by_name_until_they_come(
    supervision: Supervision, part: Part, clock: Clock
) -> None:
    """Frozen, as by a disk that hangs, it runs, and it had been well for as long as it did."""
    assert look_for(supervision, clock, 300.0) == [], "it has not given any: none is expected"

    def gives() -> None:
        part.says["alive"] = clock.now_s

    assert look_for(supervision, clock, 300.0, gives) == []
    assert look_for(supervision, clock, SILENT_S - 1.0) == []
    assert look_for(supervision, clock, 1.0) == ["broker has given no sign of life for 15 s."]
    state = supervision.parts()["broker"]
    assert state is not None
    assert (code_of(state), without_log(state)) == ("silent", state)
    assert sentences(supervision) == {"broker": "has given no sign of life for 15 s"}
    assert sentences(supervision, "fr") == {"broker": "aucun signe de vie depuis 15 s"}
    assert supervision.ended is None, "it runs"
    assert look_for(supervision, clock, 3600.0) == [], "and is not ended: fusion may work for long at one step"
    assert part.killed == []
    assert look_for(supervision, clock, 2.0, gives) == ["broker gives signs of life again."]
    assert sentences(supervision) == {"broker": None}


def test_a_silent_part_that_may_be_ended_is_restarted_and_finally_given_up(clock: Clock) -> None:
    """It works after each start for less than the time after which a part has recovered."""
    part, supervision = Part("feeds", clock), Supervision(monotonic_s=clock)
    supervision.add(part, ends_silent=True)

    def gives_at_first() -> None:
        if part.alive and clock.now_s - (part.starts or [0.0])[-1] <= 10.0:
            part.says = {"ready": True, "alive": clock.now_s}

    part.says["alive"] = clock.now_s
    said = look_for(supervision, clock, END_SILENT_S + 1.0)
    assert said == [
        "feeds has given no sign of life for 15 s.",
        "feeds has given no sign of life for 60 s and is ended.",
        "feeds ended with code -9. Log: x.log. Restarted.",
    ]
    assert part.killed == part.starts
    assert lines(supervision.look()) == [], "and a process that starts has time"
    assert look_for(supervision, clock, 2.0, gives_at_first) == ["feeds is running again."]
    said = look_for(supervision, clock, GIVE_UP_AFTER_S + 3 * END_SILENT_S, gives_at_first)
    assert "will not be restarted" in said[-1]
    assert supervision.given_up is not None


@pytest.mark.parametrize("every_s", [20.0, 3600.0])
def test_a_supervisor_that_stood_still_blames_no_part(clock: Clock, every_s: float) -> None:
    """Suspended with the machine, or without a core: what was reported meanwhile is read after its next look."""
    part, supervision = Part("feeds", clock), Supervision(monotonic_s=clock)
    supervision.add(part, ends_silent=True)
    for _ in range(200):
        part.says["alive"] = clock.now_s
        for _ in range(5):
            clock.now_s += every_s
            assert supervision.look() == []


def test_a_part_that_compiles_kernels_is_not_silent(clock: Clock) -> None:
    part, supervision = Part("fusion", clock), Supervision(monotonic_s=clock)
    supervision.add(part, ends_silent=True)
    part.says |= {"alive": clock.now_s, "compiling": True}
    look_for(supervision, clock, 600.0)
    assert code_of(supervision.parts()["fusion"]) == "compiling_kernels"
    assert part.killed == []


GIVES_SIGNS = """
import threading
from ops.runtime.processes.child_process import say, sign_of_life, stop_when_parent_ends
stop = threading.Event()
stop_when_parent_ends(stop.set)
say(ready=True)
while not stop.wait(0.05):
    sign_of_life()
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    (tmp_path / "gives_signs.py").write_text(GIVES_SIGNS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    made = Child("feeds", "gives_signs", [], log=tmp_path / "x.log", secrets={})
    yield made
    made.stop(timeout_s=PATIENT_S)


def test_a_process_that_is_frozen_is_ended_and_another_one_takes_its_place(child: Child, clock: Clock) -> None:
    supervision = Supervision(monotonic_s=clock)
    supervision.add(child, ends_silent=True)
    child.wait_for("alive", timeout_s=PATIENT_S)
    frozen, said, until_s = child.process, list[str](), time.monotonic() + PATIENT_S
    frozen.send_signal(signal.SIGSTOP)
    while child.process is frozen and time.monotonic() < until_s:
        said += look_for(supervision, clock, 1.0)
        time.sleep(0.01)
    assert frozen.returncode == -signal.SIGKILL
    assert "feeds has given no sign of life for 15 s." in said
    assert said[-2] == "feeds has given no sign of life for 60 s and is ended."
    assert said[-1].endswith("Restarted.")
    child.wait_for("alive", timeout_s=PATIENT_S)
    assert lines(supervision.look()) == ["feeds is running again."]
    assert supervision.parts() == {"feeds": None}
