"""A process of senders that may be killed at any moment: ``python -m tests.drills.sending FOLDER TOTAL PLOTS NAME…``.

Each sensor's spool says how many scans were ever put; whoever starts again goes on from there, so that at the end the
scans 0 … TOTAL − 1 of each sensor are in the journal once, whatever was killed.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from ingest.mqtt.broker_url import BrokerUrl
from ops.broker.broker import URL_VARIABLE
from ops.runtime.processes.child_process import say, stop_when_parent_ends
from tests.drills.rig import Link

AT_ONCE = 5
PAUSE_S = 0.1
"""At this pace the scans last as long as the kills do."""


def main() -> int:
    folder, total, plots, *names = sys.argv[1:]
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    url = BrokerUrl.parse(os.environ[URL_VARIABLE])
    links = [Link(Path(folder), name, url) for name in names]
    for link in links:
        link.scans = link.spool.put_total
    say(ready=True)
    while not stopping.is_set() and any(link.scans < int(total) for link in links):
        for link in links:
            link.put(min(AT_ONCE, int(total) - link.scans), int(plots))
        stopping.wait(PAUSE_S)
    say(put=True)
    while not stopping.is_set() and any(link.spool.waiting for link in links):
        stopping.wait(0.05)
    say(drained=not any(link.spool.waiting for link in links))
    stopping.wait()
    for link in links:
        link.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
