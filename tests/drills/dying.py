"""Ingest, or fusion, that kills itself with SIGKILL the n-th time it comes past a named point.

``WATCHLINE_DRILL_DIE=point:n python -m tests.drills.dying …`` with the arguments of the process that it stands in for.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

VARIABLE = "WATCHLINE_DRILL_DIE"


def before(call: Callable[..., Any], die: Callable[[], None]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        die()
        return call(*arguments, **named)

    return called


def after(call: Callable[..., Any], die: Callable[[], None]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        found = call(*arguments, **named)
        die()
        return found

    return called


def ingest_points() -> dict[str, tuple[Any, str, Callable[..., Any]]]:
    """Name → (whose, which method, before or after it)."""
    from ingest.mqtt.subscriber import Subscriber
    from ingest.receiving.receiver import Receiver
    from ops.journal.writer import Journal

    return {
        "before insert": (Journal, "_store", before),
        "after insert": (Journal, "_store", after),
        "before commit": (Journal, "_count", after),
        "after commit": (Journal, "commit", after),
        "amid the pubacks": (Subscriber, "acknowledge", after),
        "after the pubacks": (Receiver, "settle", after),
        "before ack publish": (Subscriber, "publish", before),
        "after ack publish": (Subscriber, "publish", after),
    }


def fusion_points() -> dict[str, tuple[Any, str, Callable[..., Any]]]:
    from ops.services.fusion.saving import CheckpointWriter

    return {
        "amid the parts of a checkpoint": (CheckpointWriter, "write_part", after),
        "before the end of a checkpoint": (CheckpointWriter, "end", before),
        "after a checkpoint": (CheckpointWriter, "end", after),
    }


INGEST_POINTS = (
    "before insert", "after insert", "before commit", "after commit", "amid the pubacks", "after the pubacks",
    "before ack publish", "after ack publish",
)  # fmt: skip
FUSION_POINTS = ("amid the parts of a checkpoint", "before the end of a checkpoint", "after a checkpoint")
"""In this order: the last leaves nothing to do for another process."""


def main() -> int:
    point, _, count = os.environ[VARIABLE].partition(":")
    left = int(count)

    def die() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    fusing = point in FUSION_POINTS
    owner, name, wrap = (fusion_points() if fusing else ingest_points())[point]
    setattr(owner, name, wrap(getattr(owner, name), die))
    if fusing:
        from ops.services.fusion.process import main as run
    else:
        from ops.services.ingest.process import main as run
    return run()


if __name__ == "__main__":
    sys.exit(main())
