"""Five attacks by the thousand, mixed into honest traffic over restarts: none comes in, nothing honest is lost.

2,000 each; ``make drill`` (WATCHLINE_DRILL=long) sends 10,000 each.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.errors import UNPROVEN
from ingest.receiving.receiver import Guards, Receiver
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, record_of
from ingest.security.signature import Signer
from ops.journal.writer import Journal
from sensors.scan import Plot, Scan

EACH = 10_000 if os.environ.get("WATCHLINE_DRILL") == "long" else 2_000
NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
KEYS = {name: Signer.generate() for name in ("r1", "r2")}
REGISTER = Register(
    record_of("sensor", name, key.public, valid_from=NOW - timedelta(days=1), valid_until=None)
    for name, key in KEYS.items()
)
BOOTS = 8


def topic(sensor: str, sector: str = "x", channel: str = "detections") -> str:
    return f"watchline/1/{sector}/sensor/{sensor}/{channel}"


def sent(sensor: str, boot: int, seq: int, by_boot: int, *, azimuth_deg: float = 1.0, key: str = "") -> Delivery:
    """A signed message; the forger of a boot has the sensor's position in the network, not its key."""
    payload = encode(Scan(sensor, boot, seq, seq, NOW, NOW, "radar", (Plot(azimuth_deg=azimuth_deg),)))
    said = [("boot", str(boot)), ("seq", str(seq)), ("by_boot", str(by_boot)), ("sent", str(NOW_NS))]
    signed = KEYS[key or sensor].sign(topic(sensor), "application/json", said, payload)
    return Delivery(topic(sensor), payload, "application/json", tuple(signed), NOW_NS)


def with_said(message: Delivery, **said: str) -> Delivery:
    properties = tuple((dict(message.user_properties) | said).items())
    return Delivery(message.topic, message.payload, message.content_type, properties, NOW_NS)


def flip(message: Delivery, chance: random.Random) -> Delivery:
    """One bit of the body, or of one of the properties."""
    if chance.random() < 0.5:
        body = bytearray(message.payload)
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        return Delivery(message.topic, bytes(body), message.content_type, message.user_properties, NOW_NS)
    name, value = chance.choice(message.user_properties)
    at = chance.randrange(len(value))
    return with_said(message, **{name: value[:at] + chr(ord(value[at]) ^ 1 << chance.randrange(7)) + value[at + 1 :]})


def elsewhere(message: Delivery, chance: random.Random) -> Delivery:
    other = chance.choice([topic("r2"), topic("r1", "y"), topic("r1", channel="status"), topic("r1", channel="ack")])
    return Delivery(other, message.payload, message.content_type, message.user_properties, NOW_NS)


def forged_boot(message: Delivery, chance: random.Random) -> Delivery:
    """A boot that never was: in the properties, or signed by a key that is not the sensor's."""
    if chance.random() < 0.5:
        higher = str(chance.randrange(BOOTS + 1, 10**6))
        return with_said(message, boot=higher, by_boot=higher)
    boot = chance.randrange(BOOTS + 1, 10**6)
    return sent("r1", boot, chance.randrange(1, 1000), boot, key="r2")


def test_none_of_ten_thousand_attacks_comes_in_and_no_honest_message_is_lost(tmp_path: Path) -> None:
    chance = random.Random(64)
    journal = Journal(tmp_path / "journal.db")

    def open_door() -> Receiver:
        trust = Authenticator(REGISTER, required=True, recall_boot=journal.recall_boot)
        return Receiver("x", commit=journal.commit, acknowledge=lambda _: True, recall=journal.recall,
                        guards=Guards(trust))  # fmt: skip

    attacks: dict[str, Callable[[Delivery], Delivery]] = {
        "replay": lambda message: message,
        "bit flip": lambda message: flip(message, chance),
        "cross-topic": lambda message: elsewhere(message, chance),
        "forged boot": lambda message: forged_boot(message, chance),
    }
    done: Counter[str] = Counter()
    honest: list[Delivery] = []
    held_back: list[Delivery] = []
    a_boot = EACH // BOOTS
    for boot in range(1, BOOTS + 1):
        door = open_door()  # ingest restarts too: what it knows must be on the disk
        own = [sent("r1", boot, seq, boot) for seq in range(1, 101)]
        door.handle(own[:20])
        honest += own
        stream = own[20:]
        for name, attack in attacks.items():
            stream += [attack(chance.choice(honest if name == "replay" else own)) for _ in range(a_boot)]
            done[name] += a_boot
        stream += held_back  # recorded in an earlier boot and never delivered: played now, after a newer boot was heard
        done["rollback"] += len(held_back)
        held_back = [sent("r1", boot, 1_000 + number, boot) for number in range(EACH // (BOOTS - 1))]
        chance.shuffle(stream)
        for first in range(0, len(stream), 500):
            door.handle(stream[first : first + 500])
    keys = Counter((row.sensor, row.boot, row.seq) for row in journal.read(limit=10**6) if row.kind != "refusal")
    assert keys == Counter(("r1", boot, seq) for boot in range(1, BOOTS + 1) for seq in range(1, 101))
    bodies = {(row.boot, row.seq): row.body for row in journal.read(limit=10**6) if row.kind != "refusal"}
    assert all(
        bodies[int(dict(one.user_properties)["boot"]), int(dict(one.user_properties)["seq"])] == one.payload
        for one in honest
    )
    codes = {dead.code for _, dead in journal.dead_letters(limit=10**6)}
    assert codes <= UNPROVEN | {"wrong_sector", "wrong_channel", "conflict", "identity_mismatch"}
    assert {"rollback", "bad_signature", "wrong_key"} <= codes
    assert all(count >= EACH - BOOTS for count in done.values()), done
    counts = journal.counts(None)
    assert all(count.balanced for count in counts.values())
    assert sum(count.received for count in counts.values()) == sum(done.values()) + len(honest)
    journal.close()
