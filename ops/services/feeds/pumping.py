"""The loop of a feed's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ops.store.connections import StoreError

log = logging.getLogger(__name__)


class Turns:
    """Counts the turns of a thread, so that another one can find that it hangs.

    ``note`` is called by the thread, with each turn and between the long steps of one; ``look`` by the other one.
    """

    def __init__(self) -> None:
        self._count, self._seen, self._looks = 0, -1, 0

    def note(self) -> None:
        """Note that the thread works."""
        self._count += 1

    def look(self) -> int:
        """Return the number of looks, with this one, since a look found that the thread had worked."""
        seen, self._seen = self._seen, self._count
        self._looks = 0 if self._seen != seen else self._looks + 1
        return self._looks


def pump_until(
    stop: threading.Event, pump: Callable[[], object], *, every_s: float, name: str, turns: Turns | None = None
) -> None:
    """Call ``pump`` every ``every_s`` until ``stop``; a failure of the store is logged once per outage and retried."""
    failing = False
    while not stop.wait(every_s):
        if turns is not None:
            turns.note()
        try:
            pump()
            failing = False
        except StoreError as error:
            if not failing:
                log.warning("%s suspended: %s", name, error)
            failing = True
