"""Workers of which the scheduler hears nothing, such as one that is frozen and holds no sector that would show it.

What counts is whether the time that dask states changes, not how long ago that is: a clock that is set by an hour makes
no worker late.
"""

from __future__ import annotations

from collections.abc import Mapping

from ops.cluster.supervisor.placement import Worker


class SilentWorkers:
    """How long nothing was heard of each worker, by the supervisor's own time."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._silent_s: dict[str, float] = {}

    def look(self, workers: Mapping[str, Worker], passed_s: float) -> None:
        """Take what the scheduler states, ``passed_s`` after the last time."""
        before = self._silent_s
        self._silent_s = {
            address: before[address] + passed_s if self._last.get(address) == worker.heard_s else 0.0
            for address, worker in workers.items()
        }
        self._last = {address: worker.heard_s for address, worker in workers.items()}

    def longer_than(self, seconds: float) -> set[str]:
        """Return the workers that have been silent for longer."""
        return {address for address, silent_s in self._silent_s.items() if silent_s > seconds}

    def behind_others(self, seconds: float) -> set[str]:
        """Return those that have been silent for so much longer than another; none while the scheduler hears no one."""
        return self.longer_than(min(self._silent_s.values(), default=0.0) + seconds)
