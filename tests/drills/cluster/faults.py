"""What fails when: a list of faults that follows from a seed, so that a drill can be repeated.

The moments and choices repeat exactly; what the processes were doing at that moment does not. For that there are the
simulated worlds (``tests/simulation``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

KILLS: Final = ("worker", "ingest", "fusion", "feeds", "identity", "broker", "supervisor", "sender")
"""Kinds of process that are killed (SIGKILL)."""
FREEZES: Final = ("worker", "ingest", "fusion", "feeds", "broker", "supervisor")
"""Kinds of process that are stopped (SIGSTOP) and continue after some seconds."""
OTHERS: Final = ("disk full", "network cut", "clock jump", "slow subscriber", "database restart")
SHORTEST_S, LONGEST_S = 5.0, 20.0
CLOCK_STEPS_S: Final = (-86_400, -3_600, 3_600, 86_400)


@dataclass(frozen=True)
class Fault:
    """One fault. ``pick`` in [0, 1) chooses among the sectors, or the workers; ``length_s`` 0 for a kill.

    ``step_s`` is that of a clock jump, which is undone after ``length_s``.
    """

    at_s: float
    kind: str
    what: str
    pick: float
    length_s: float = 0.0
    step_s: int = 0

    def __str__(self) -> str:
        lasting = f" for {self.length_s:.1f} s" if self.length_s else ""
        step = f" by {self.step_s:+d} s" if self.step_s else ""
        return f"{self.kind} {self.what}{step}{lasting}".strip()

    def chosen(self, among: Sequence[str]) -> str:
        """Return the one of these that the fault is for."""
        return sorted(among)[int(self.pick * len(among))]


def possible(faults: str, *, store: bool) -> list[tuple[str, str]]:
    """Return kind and object of each fault of ``workers``, ``kills`` or ``all``; ``store``: if there is a database."""
    found = [("kill", what) for what in KILLS if faults != "workers" or what == "worker"]
    if faults == "all":
        found += [("freeze", what) for what in FREEZES]
        found += [(what, "") for what in OTHERS if store or what != "database restart"]
    return found


def scheduled(seed: int, duration_s: float, *, every_s: float, faults: str, store: bool = False) -> list[Fault]:
    """Return the faults of a drill in order: one per ``every_s``, at a random moment in the first two thirds of it.

    Every kind comes once before one comes again.
    """
    chance, found, deck = random.Random(f"cluster drill {seed}"), list[Fault](), list[tuple[str, str]]()
    for number in range(int(duration_s / every_s)):
        if not deck:
            deck = possible(faults, store=store)
            chance.shuffle(deck)
        kind, what = deck.pop()
        at_s = (number + chance.uniform(0.0, 2.0 / 3.0)) * every_s
        pick, length_s = chance.random(), chance.uniform(SHORTEST_S, LONGEST_S)
        step_s = chance.choice(CLOCK_STEPS_S)
        lasts, jumps = kind not in ("kill", "database restart"), kind == "clock jump"
        found.append(Fault(at_s, kind, what, pick, length_s if lasts else 0.0, step_s if jumps else 0))
    return found
