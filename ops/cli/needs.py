"""What each command needs of memory, whatever it works on: most of it are the libraries that it imports."""

from __future__ import annotations

from typing import Final

from ops.runtime.memory import MemoryNeed

LIGHT: Final = MemoryNeed(70, 160)
"""The need of all commands that are in no table, which is that of the frame and of the store of accounts."""
WITH_NUMPY: Final = MemoryNeed(100, 360)
"""The need of the commands that load numpy and do little with it."""
NEEDS: Final[dict[str, MemoryNeed]] = {
    "demo": MemoryNeed(700, 1_300),
    "run": MemoryNeed(600, 1_300),
    "serve": MemoryNeed(350, 1_300),
    "replay": MemoryNeed(500, 1_300),
    "coverage": MemoryNeed(600, 1_600),
    "challenge": MemoryNeed(650, 1_700),
    "sites": MemoryNeed(400, 1_100),
    "score": MemoryNeed(300, 1_100),
    "handover": MemoryNeed(350, 1_000),
    "export": MemoryNeed(450, 1_100),
    **dict.fromkeys(["share make", "share gaps"], MemoryNeed(450, 1_300)),
    "drill mark": MemoryNeed(250, 700),
    "share withdraw": MemoryNeed(200, 600),
    **dict.fromkeys(
        [
            *("share receive", "share list", "share key", "share serve", "share pull", "share connect"),
            "broker exchange",
        ],
        MemoryNeed(120, 400),
    ),
    "plan": MemoryNeed(550, 1_400),
    "patrols": MemoryNeed(600, 1_600),
    "risk": MemoryNeed(500, 1_100),
    "threats layers": MemoryNeed(500, 1_100),
    "compare": MemoryNeed(500, 1_500),
    "simulate": MemoryNeed(450, 1_200),
    "record": MemoryNeed(200, 700),
    "archive detections": MemoryNeed(400, 1_100),
    "archive track": MemoryNeed(900, 1_600),
    "sector init": MemoryNeed(450, 1_100),
    "sector check": MemoryNeed(450, 1_100),
    "sector preview": MemoryNeed(550, 1_400),
    "sector schema": MemoryNeed(300, 900),
    "terrain info": MemoryNeed(250, 700),
    "terrain import": MemoryNeed(250, 800),
    "sensor calibrate": MemoryNeed(500, 1_300),
    "journal import": MemoryNeed(120, 500),
    "cluster run": MemoryNeed(900, 1_600),
    "cluster serve": MemoryNeed(400, 700),
    "cluster worker": MemoryNeed(900, 1_600),
    "cluster status": WITH_NUMPY,
    "top": WITH_NUMPY,
    **dict.fromkeys(["drill score", "drill import", "drill report", "drill run", "drill key"], MemoryNeed(250, 700)),
    "audit transparency": MemoryNeed(200, 700),
    "doctor": MemoryNeed(120, 360),
    **dict.fromkeys(
        [
            *(
                "catalogue list",
                "catalogue show",
                "indicators list",
                "indicators partners",
                "indicators import",
                "indicators compare",
                "action-plan import",
            ),
            *("threats list", "threats show", "lanes", "screening"),
            *("sensor register", "sensor list", "sensor test", "sensor task", "sensor survey"),
            *("journal stats", "journal detections", "broker config", "broker check", "broker revoke"),
            *("eurosur add", "eurosur list", "eurosur export", "eurosur subjects"),
            "audit anomalies",
            *("store purge", "store migrate", "store grant", "store copy", "store verify"),
            *("dead-letters list", "dead-letters show", "dead-letters replay", "feeds dead-letters", "feeds replay"),
        ],
        WITH_NUMPY,
    ),
}
"""Peaks with the sample sector on two cores, rounded up. A larger sector needs more; more cores, more address space.

That of ``score`` is its peak with ``--pdf`` and ``--docx``; the address space is that of a nation."""


def need_of(command_path: str) -> MemoryNeed:
    """Return the need of a command, as in ``watchline journal stats``."""
    return NEEDS.get(command_path.removeprefix("watchline "), LIGHT)
