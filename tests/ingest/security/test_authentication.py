"""Attacks on the way in, at the receiver: 100 % refused, and none of them costs an honest sender anything.

10,000 each of replay, bit flip, cross-topic, rollback and forged boot take a minute: here some hundreds, seeded.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.decode import encode, encode_status
from ingest.envelope import Delivery
from ingest.errors import CODES, UNPROVEN
from ingest.receiving.receiver import Guards, Receiver
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, record_of
from ingest.security.signature import Signer
from ingest.unit_messages import Position, encode_unit
from ingest.wire import Status
from ops.journal.writer import Journal
from sensors.scan import Plot, Scan

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
R1, R2, U1, STRANGER = (Signer.generate() for _ in range(4))
REGISTER = Register(
    record_of(role, name, signer.public, valid_from=NOW - timedelta(days=1), valid_until=None)  # type: ignore[arg-type]
    for role, name, signer in (("sensor", "r1", R1), ("sensor", "r2", R2), ("unit", "u1", U1))
)
TOPIC = "watchline/1/x/sensor/r1/detections"
ATTACKS = 300
FLIPS = 120


class Door:
    """A receiver with a journal behind it."""

    def __init__(self, folder: Path, *, required: bool = True) -> None:
        self.path, self.required = folder / "journal.db", required
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.path)
        trust = Authenticator(REGISTER, required=self.required, recall_boot=self.journal.recall_boot)
        self.receiver = Receiver("x", commit=self.journal.commit, acknowledge=lambda _: True,
                                 recall=self.journal.recall, guards=Guards(trust))  # fmt: skip

    def restart(self) -> None:
        self.journal.close()
        self.open()

    def take(self, *deliveries: Delivery) -> None:
        self.receiver.handle(deliveries)

    @property
    def keys(self) -> list[tuple[str, str, int | None, int | None]]:
        return [
            (row.sensor, row.kind, row.boot, row.seq) for row in self.journal.read(limit=10**6) if row.kind != "refusal"
        ]

    @property
    def codes(self) -> list[str]:
        return [dead.code for _, dead in self.journal.dead_letters(limit=10**6)]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    counts = made.journal.counts(None)
    assert all(count.balanced for count in counts.values())
    made.journal.close()


def scan(seq: int, *, boot: int = 1, sensor: str = "r1", azimuth_deg: float = 1.0) -> bytes:
    return encode(Scan(sensor, boot, seq, seq, NOW, NOW, "radar", (Plot(azimuth_deg=azimuth_deg),)))


def signed(payload: bytes, boot: int, seq: int, *, by_boot: int | None = None, signer: Signer = R1, topic: str = TOPIC,
           low: int | None = None) -> Delivery:  # fmt: skip
    said = [("boot", boot), ("seq", seq), ("by_boot", boot if by_boot is None else by_boot), ("sent", NOW_NS)]
    if low is not None:
        said.append(("low", low))
    text = [(name, str(value)) for name, value in said]
    properties = tuple(signer.sign(topic, "application/json", text, payload))
    return Delivery(topic, payload, "application/json", properties, NOW_NS)


def honest(seq: int, *, boot: int = 1, by_boot: int | None = None) -> Delivery:
    return signed(scan(seq, boot=boot), boot, seq, by_boot=by_boot)


def changed(delivery: Delivery, **said: str) -> Delivery:
    properties = tuple({**dict(delivery.user_properties), **said}.items())
    return Delivery(delivery.topic, delivery.payload, delivery.content_type, properties, NOW_NS)


def test_every_unproven_code_is_a_code() -> None:
    assert UNPROVEN < CODES


def test_an_honest_sender_is_taken_with_the_name_of_its_key(door: Door) -> None:
    door.take(*(honest(seq) for seq in range(1, 50)))
    assert len(door.keys) == 49
    assert {row.signer for row in door.journal.read()} == {R1.key}
    assert door.codes == []


def test_replays_are_duplicates_also_after_a_restart(door: Door) -> None:
    messages = [honest(seq) for seq in range(1, 101)]
    door.take(*messages)
    door.restart()
    chance = random.Random(1)
    door.take(*(chance.choice(messages) for _ in range(ATTACKS)))
    assert len(door.keys) == 100
    assert door.journal.counts()["r1"].duplicate == ATTACKS


def test_no_bit_flip_comes_in(door: Door) -> None:
    """Of the body, of the signature, of any property that is ours: the honest message comes in afterwards."""
    chance = random.Random(2)
    for number in range(FLIPS):
        good = honest(number + 1)
        if number % 2:
            body = bytearray(good.payload)
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            bad = Delivery(TOPIC, bytes(body), good.content_type, good.user_properties, NOW_NS)
        else:
            name, value = chance.choice(good.user_properties)
            at = chance.randrange(len(value))
            letter = chr(ord(value[at]) ^ 1 << chance.randrange(7))
            bad = changed(good, **{name: value[:at] + letter + value[at + 1 :]})
        door.take(bad)
        assert len(door.keys) == number, "the flip came in"
        door.take(good)
        assert len(door.keys) == number + 1, "the flip cost the honest sender its message"
    assert set(door.codes) <= UNPROVEN
    assert len(door.codes) == FLIPS


def test_a_message_for_one_topic_is_none_for_another(door: Door) -> None:
    door.take(*(signed(scan(n, sensor="r2"), 1, n, signer=R1, topic=TOPIC.replace("r1", "r2")) for n in range(1, 9)))
    recorded = [honest(n) for n in range(1, 9)]
    door.take(
        *(Delivery(TOPIC.replace("r1", "r2"), d.payload, d.content_type, d.user_properties, NOW_NS) for d in recorded)
    )
    door.take(
        *(Delivery(TOPIC.replace("/x/", "/y/"), d.payload, d.content_type, d.user_properties, NOW_NS) for d in recorded)
    )
    door.take(*(Delivery(TOPIC.replace("detections", "status"), d.payload, d.content_type, d.user_properties, NOW_NS)
                for d in recorded))  # fmt: skip
    assert door.keys == []
    assert set(door.codes) == {"wrong_key", "wrong_sector", "bad_signature"}


def test_a_key_of_nobody_and_no_key_come_in_nowhere(door: Door) -> None:
    door.take(signed(scan(1), 1, 1, signer=STRANGER), Delivery(TOPIC, scan(2), None, (), NOW_NS))
    assert door.keys == []
    assert [(dead.code, dead.sender, dead.boot) for _, dead in door.journal.dead_letters()] == [
        ("unknown_key", f"says key {STRANGER.key}, unproven", None),
        ("unsigned", "unsigned", None),
    ]
    door.take(honest(1), honest(2))
    assert len(door.keys) == 2, "those of the true sender are not taken by the forged ones"


def test_a_boot_that_was_left_does_not_come_back(door: Door) -> None:
    """Recorded in boot 1, held back, played when the sender is at boot 2: refused, until the sender itself sends it."""
    held_back = [honest(seq) for seq in range(5, 5 + ATTACKS)]
    door.take(honest(1), honest(1, boot=2))
    door.restart()
    door.take(*held_back)
    assert len(door.keys) == 2
    assert set(door.codes) == {"rollback"}
    door.take(*(honest(seq, boot=1, by_boot=2) for seq in range(5, 5 + ATTACKS)))
    assert len(door.keys) == 2 + ATTACKS


def test_a_boot_above_the_senders_own_is_forged(door: Door) -> None:
    chance = random.Random(4)
    door.take(
        *(signed(scan(1, boot=boot), boot, 1, by_boot=1) for boot in {chance.randrange(2, 10**6) for _ in range(50)})
    )
    door.take(*(changed(honest(1), by_boot=str(chance.randrange(2, 10**6))) for _ in range(50)))
    assert door.keys == []
    assert set(door.codes) == {"rollback", "bad_signature"}


def test_honest_restarts_are_all_taken_whatever_waits_in_the_spool(door: Door) -> None:
    """Every boot sends some, leaves some, and the next one sends those first: as the spool does."""
    chance = random.Random(5)
    waiting: list[tuple[int, int]] = []
    put = set()
    for boot in range(1, 40):
        waiting += [(boot, seq) for seq in range(1, chance.randrange(2, 8))]
        put |= set(waiting)
        sent = chance.randrange(len(waiting) + 1) if boot < 39 else len(waiting)
        door.take(*(honest(seq, boot=b, by_boot=boot) for b, seq in waiting[:sent]))
        waiting = waiting[max(sent - 2, 0) :] if boot < 39 else []  # two were taken but not acknowledged in time
        if boot % 7 == 0:
            door.restart()
    assert {(boot, seq) for _, _, boot, seq in door.keys} == put
    assert door.codes == []


def test_the_same_key_with_another_body_is_an_alarm(door: Door) -> None:
    door.take(honest(1), signed(scan(1, azimuth_deg=200.0), 1, 1))
    assert len(door.keys) == 1
    ((_, dead),) = door.journal.dead_letters()
    assert (dead.code, dead.boot, dead.seq, dead.sender) == ("conflict", 1, 1, f"key {R1.key}")


def test_a_forged_low_cannot_settle_what_did_not_come(door: Door) -> None:
    door.take(honest(1))
    forged = changed(signed(scan(9), 1, 9), low="9")
    door.take(forged)
    assert door.journal.marks() == {("r1", 1): 1}
    door.take(signed(scan(9), 1, 9, low=9))
    assert door.journal.marks() == {("r1", 1): 9}, "the sender itself may say so"


def test_status_and_positions_are_judged_as_detections_are(door: Door) -> None:
    status = encode_status(Status(sensor="r1", boot=2, seq=1, observed_at=NOW, state="ok"))
    old = encode_status(Status(sensor="r1", boot=1, seq=9, observed_at=NOW, state="ok"))
    where = encode_unit(Position(unit="u1", boot=1, seq=1, observed_at=NOW, lon=8.0, lat=47.0))
    topic, unit = TOPIC.replace("detections", "status"), "watchline/1/x/unit/u1/position"
    door.take(signed(status, 2, 1, topic=topic), signed(where, 1, 1, signer=U1, topic=unit))
    assert [(sensor, kind) for sensor, kind, _, _ in door.keys] == [("r1", "status"), ("u1", "position")]
    door.take(signed(old, 1, 9, topic=topic), signed(where, 1, 1, signer=R1, topic=unit),
              Delivery(unit, where + b" ", None, (), NOW_NS))  # fmt: skip
    assert door.codes == ["rollback", "wrong_key", "unsigned"]
    assert len(door.keys) == 2


def test_optional_signatures_are_no_way_around_a_key(tmp_path: Path) -> None:
    door = Door(tmp_path, required=False)
    free = Delivery(TOPIC.replace("r1", "r9"), scan(1, sensor="r9"), None, (), NOW_NS)
    door.take(free, Delivery(TOPIC, scan(1), None, (), NOW_NS), honest(1))
    assert [(sensor, boot) for sensor, _, boot, _ in door.keys] == [("r9", 1), ("r1", 1)]
    assert door.codes == ["unsigned"]
    door.journal.close()


def test_a_signature_without_its_numbers_is_none(door: Door) -> None:
    for number, missing in enumerate(("boot", "seq", "by_boot", "sent")):
        text = [pair for pair in (("boot", "1"), ("seq", "1"), ("by_boot", "1"), ("sent", "1")) if pair[0] != missing]
        body = scan(1, azimuth_deg=float(number))  # the same bad message again would be a duplicate
        door.take(Delivery(TOPIC, body, None, tuple(R1.sign(TOPIC, "application/json", text, body)), NOW_NS))
    assert door.keys == []
    assert set(door.codes) == {"bad_signature"}
    assert {dead.field for _, dead in door.journal.dead_letters()} == {"boot", "seq", "by_boot", "sent"}
