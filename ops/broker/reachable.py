"""Check that a broker answers before any process is started that needs it."""

from __future__ import annotations

import socket
import time
from typing import Final

from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl

_AGAIN_S: Final = 0.2


def wait_until_reachable(url: BrokerUrl, *, timeout_s: float) -> None:
    """Wait for a TCP connection to the broker, and close it again.

    An absent broker is reported without the cost of starting processes that would only fail. Authentication is left
    to the connections of those processes.

    Parameters
    ----------
    url : BrokerUrl
        The broker.
    timeout_s : float, s
        Time allowed for a broker that is still starting.

    Raises
    ------
    BrokerError
        When nothing answers within that time.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        left_s = max(deadline_s - time.monotonic(), 0.1)
        try:
            socket.create_connection((url.host, url.port), timeout=left_s).close()
        except OSError:
            if time.monotonic() >= deadline_s:
                raise BrokerError(
                    f"no answer from {url.shown}",
                    where="broker",
                    expected=f"a connection within {timeout_s:.0f} s",
                ) from None
            time.sleep(_AGAIN_S)
        else:
            return
