"""Servers of pictures that are slow or cannot be reached: each gets few of the fetchers, and pauses that double.

So that one sensor with a slow server holds up the pictures of no other. What is known of a server is in memory only:
after a start each is tried again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

SLOW_AT_ONCE: Final = 2
"""Files that are fetched at once from a server that is not known to answer quickly."""
QUICK_NS: Final = 10**9
"""A server that delivered its last file within this time is quick."""
FIRST_PAUSE_NS: Final = 5 * 10**9
LONGEST_PAUSE_NS: Final = 60 * 10**9
MOST_HOSTS: Final = 10_000
"""Number of servers that are remembered; a sensor could name any number."""


@dataclass(slots=True)
class _Host:
    """How often in a row it failed, until when it is not asked, and whether its last file came quickly."""

    failures: int = 0
    paused_until_ns: int = 0
    quick: bool = False


class PictureHosts:
    """Remembers how servers answered, for any number of threads; a drop folder has no name and no limits."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    @staticmethod
    def of(uri: str) -> str:
        """Return the server of an address; empty for a drop folder and for an address that cannot be read."""
        try:
            return urlsplit(uri).netloc
        except ValueError:
            return ""

    def paused_until_ns(self, host: str) -> int:
        """Return until when a server is not asked [UTC ns]; 0 for one that may be."""
        with self._lock:
            known = self._hosts.get(host)
            return 0 if known is None else known.paused_until_ns

    def at_once(self, host: str) -> int | None:
        """Return how many files may be fetched at once from a server; None for any number."""
        with self._lock:
            known = self._hosts.get(host)
            return None if not host or (known is not None and known.quick) else SLOW_AT_ONCE

    def delivered(self, host: str, took_ns: int) -> None:
        """Note that a server answered, and how long that took."""
        self._note(host, _Host(quick=took_ns <= QUICK_NS))

    def failed(self, host: str, now_ns: int) -> None:
        """Note that a server could not be reached, did not answer, or broke off."""
        with self._lock:
            failures = self._hosts.get(host, _Host()).failures + 1
        pause_ns = min(FIRST_PAUSE_NS * 2 ** min(failures - 1, 20), LONGEST_PAUSE_NS)
        self._note(host, _Host(failures, now_ns + pause_ns))

    def _note(self, host: str, known: _Host) -> None:
        if not host:
            return
        with self._lock:
            self._hosts.pop(host, None)
            self._hosts[host] = known
            if len(self._hosts) > MOST_HOSTS:
                del self._hosts[next(iter(self._hosts))]
