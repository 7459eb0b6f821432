"""Keeps the certificate of a running web server valid: renews its own, and uses files that have changed."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from geo.errors import WatchlineError
from ops.services.api.serving.tls import RENEWED_BEFORE, Tls, now_utc, own_certificate

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 60.0
LOADED_WITHIN_S: Final = 60.0


class CertificateRenewal:
    """Renews and reads again the certificate of ``context``, from which each new connection of ``loop`` takes it.

    Open connections continue. A certificate of our own is renewed before its end; one of the site is read again when
    its files change, and before its end the log warns once a day.
    """

    def __init__(
        self,
        tls: Tls,
        context: ssl.SSLContext,
        loop: asyncio.AbstractEventLoop,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._tls, self._context, self._loop, self._now = tls, context, loop, now
        self._names, self._fingerprint = tls.names(), tls.fingerprint()
        self._read: list[tuple[int, int]] = []
        self._warned = ""

    def look(self) -> None:
        """Renew and use the certificate if it is time; what fails is logged, and tried again at the next look."""
        try:
            if self._tls.own:
                self._renew()
            self._use()
            ends = self._tls.ends()
            if ends - self._now() <= RENEWED_BEFORE:
                self._warn(f"The certificate of the web server, {self._tls.certificate}, ends on {ends:%Y-%m-%d}.")
        except (WatchlineError, OSError, ValueError) as error:
            self._warn(f"The certificate of the web server cannot be renewed: {error}")

    def _renew(self) -> None:
        """Renew for the names of this server and, so that servers with one folder do not renew in turn, those in it."""
        try:
            others = self._tls.names()
        except (OSError, ValueError):  # no certificate any more
            others = ()
        own_certificate(self._tls.certificate.parent, [*self._names, *others], self._now())

    def _use(self) -> None:
        states = [path.stat() for path in (self._tls.certificate, self._tls.key)]
        found = [(state.st_mtime_ns, state.st_ino) for state in states]
        if found == self._read:
            return
        self._tls.check(self._now())
        asyncio.run_coroutine_threadsafe(self._load(), self._loop).result(LOADED_WITHIN_S)
        self._read = found
        if (fingerprint := self._tls.fingerprint()) != self._fingerprint:
            self._fingerprint = fingerprint
            logger.warning("The web server has a new certificate. SHA-256: %s", fingerprint)

    async def _load(self) -> None:
        """In the loop, so that no connection begins with the new certificate and the old key."""
        self._context.load_cert_chain(self._tls.certificate, self._tls.key, password="")

    def _warn(self, sentence: str) -> None:
        """Log a sentence, the same one once a day."""
        if (said := f"{self._now():%Y-%m-%d} {sentence}") != self._warned:
            self._warned = said
            logger.warning("%s", sentence)


@contextmanager
def renewing(tls: Tls, context: ssl.SSLContext, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Look after the certificate of ``context`` from a thread while the block runs."""
    renewal, ended = CertificateRenewal(tls, context, loop), threading.Event()

    def look() -> None:
        renewal.look()
        while not ended.wait(LOOK_EVERY_S):
            renewal.look()

    thread = threading.Thread(target=look, name="certificate", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)
