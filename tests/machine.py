"""How much slower than alone the machine is while a test runs: limits of time are stated for a machine of one's own."""

from __future__ import annotations

import threading
import time
from typing import Self

WORK_S, PAUSE_S = 0.02, 0.2
"""Processor time of one measurement, and the pause between two."""


class Slowdown:
    """Measures, while it is open, how much longer than alone a piece of work and a pause take; ``worst`` is from 1.

    What is promised within ten seconds is asserted within ``10.0 * slowdown.worst``: on an idle machine that is the
    promise, on a busy one a test that waits its turn does not fail for it.
    """

    def __init__(self) -> None:
        self.worst = 1.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _measure(self) -> None:
        over = False
        while not over:
            began_s, worked_s = time.monotonic(), time.thread_time()
            while (taken_s := time.thread_time() - worked_s) < WORK_S:
                pass
            rested_s = time.monotonic()
            over = self._over.wait(PAUSE_S)  # a machine that stands still for seconds does so in a pause, mostly
            ended_s = time.monotonic()
            self.worst = max(self.worst, (rested_s - began_s) / taken_s, (ended_s - rested_s) / PAUSE_S)
