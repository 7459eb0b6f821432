"""Which revision of each incident the connection to a server was given last.

Clients show the event with the latest time, and an event has the time at which it was made. A revision that is repeated
after a newer one, as over a link so slow that the answer is overdue, would put the older one back on the map.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

KEPT: Final = 20_000
"""Incidents that are remembered, those of the latest use first."""


class HandedOver:
    """Newest revision of each incident that one server was given since the process began. Not for several threads."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, int] = OrderedDict()

    def take(self, identity: str, revision: int) -> bool:
        """Note that ``revision`` is given now. False, and nothing is noted, after a newer one."""
        if self._newest.get(identity, revision) > revision:
            return False
        self._newest[identity] = revision
        self._newest.move_to_end(identity)
        if len(self._newest) > KEPT:
            self._newest.popitem(last=False)
        return True
