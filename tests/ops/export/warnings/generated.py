"""Published alerts with every rule and message of the catalogue, and with hostile and extreme values."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ops.words.catalogue import FOLDER

RULES = (
    "distress", "crossing", "approaching", "track_initiated_inside", "entering_dead_ground", "loitering",
    "group_formed", "coverage_lost", "activity_below_baseline", "sensor_offline", "sensor_fault", "", "new_rule",
)  # fmt: skip
HOSTILE = (
    "", " ", "a b,c", "</alert><script>alert(1)</script>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "]]>", "\x00\x01\x1f\x7f", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\u202eabc", "\ufffe",
    "\uffff", "e\u0301" * 50, "x" * 3000, "line\r\nline", "%2E.%", "A1", "радар-1", "\u2028",
)  # fmt: skip
POSITIONS = (
    (-84.2, 36.6), (0.0, 90.0), (123.4, -90.0), (180.0, 10.0), (-180.0, -10.0), (179.9999999, 66.0),
    (-179.9999999, 66.0), (0.0, 0.0), (-0.0, -0.0), (12.3, 89.9999999),
)  # fmt: skip
NUMBERS = (None, 0, 0.0, -0.0, 1, 0.5, 0.97, 1e-9, 12.25, 899.9, 3600.0, 1e6, 1e300, -3.5, 10**18)
START = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
MESSAGES = {
    found[1]: sorted(set(re.findall(r"\$(\w+)", found[0])))
    for found in re.finditer(
        r"^(alert-[\w-]+) =(?:.*\n(?:[ }*\[].*\n)*)", (FOLDER / "en" / "alerts.ftl").read_text(encoding="utf-8"), re.M
    )
}


def message(chance: random.Random) -> dict[str, Any]:
    """A message of the catalogue, with values of any kind for its parameters; some are missing."""
    identity = chance.choice(sorted(MESSAGES))
    values = (*HOSTILE, *NUMBERS, [1, 2, 3, 7], ["radar-1", "cam <2>"], True)
    return {"id": identity, "parameters": {name: chance.choice(values) for name in MESSAGES[identity]
                                           if chance.random() < 0.95}}  # fmt: skip


def alert(chance: random.Random) -> dict[str, Any]:
    """A published alert."""
    raised = START + timedelta(microseconds=chance.randrange(10**13))
    found: dict[str, Any] = {
        "id": chance.choice((*HOSTILE[1:], f"A{chance.randrange(16**16):016x}")),
        "rule": chance.choice(RULES),
        "priority": chance.choice(("distress", "high", "medium", "low", "")),
        "status": chance.choice(("active", "acknowledged", "cleared", "rejected")),
        "revision": chance.randrange(1000),
        "message": message(chance),
        "raised_at": raised,
        "updated_at": raised + timedelta(seconds=chance.choice((0, 0.001, 3600, 1e7))),
        "observed_at": raised,
        "details": [message(chance) for _ in range(chance.randrange(4))],
        "why": [message(chance) for _ in range(chance.randrange(3))],
        "response": chance.choice((None, message(chance))),
        "reason_message": chance.choice((None, message(chance))),
        "sentence": chance.choice(HOSTILE),
        "detail_sentences": [chance.choice(HOSTILE)],
        "why_sentences": [],
        "response_sentence": chance.choice((None, *HOSTILE)),
        "direction": chance.choice((-1, 0, 1)),
    }
    for name in ("reason", "track", "sensor", "unit", "class_label"):
        found[name] = chance.choice(HOSTILE)
    for name in ("time_to_border_s", "class_probability", "existence", "position_sd_m"):
        found[name] = chance.choice(NUMBERS)
    found["segment"] = chance.choice((None, -1, 0, 7, 10**6))
    gaps = chance.choice((0, 0, 3))
    found["coverage_gaps"] = [{"segment": chance.randrange(60), "before": 0.9, "after": 0.1} for _ in range(gaps)]
    if chance.random() < 0.8:
        found["lon"], found["lat"] = chance.choice(POSITIONS)
    for name in ("track", "sensor", "unit", "class_label"):
        if chance.random() < 0.3:
            found[name] = None
    return found


def bodies(number: int, seed: int, *, marked: bool = True) -> Iterator[bytes]:
    """Published alerts as JSON; ``marked``: with the marking that the server adds."""
    chance = random.Random(seed)
    for _ in range(number):
        marking = {"marking": chance.choice(HOSTILE)} if marked else {}
        yield msgspec.json.encode(alert(chance) | marking)
