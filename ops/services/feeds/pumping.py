"""The loop of a feed's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ops.store.connections import StoreError

log = logging.getLogger(__name__)


def pump_until(stop: threading.Event, pump: Callable[[], object], *, every_s: float, name: str) -> None:
    """Call ``pump`` every ``every_s`` until ``stop``; a failure of the store is logged once per outage and retried."""
    failing = False
    while not stop.wait(every_s):
        try:
            pump()
            failing = False
        except StoreError as error:
            if not failing:
                log.warning("%s suspended: %s", name, error)
            failing = True
