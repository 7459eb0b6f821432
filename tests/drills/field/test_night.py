"""A night of the demonstration for two units on bad links: the field page on a phone, and a TAK client.

Each is killed once, the phone in the silence of its link, with a call for help and answers that it has not sent; so is
the feeds process. The night is eight times as fast as in reality, and so are the links. In the end each unit has every
incident, and each answer is in the store once and in order.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from ops.field.devices import FILE, DeviceStore
from ops.journal.reader import JournalReader
from ops.room.room import Room
from ops.store.incidents import IncidentReader
from sensors.simulate.scenarios import NightSettings
from tests.drills.fault_proxy import BOTH, BadRadio, FaultProxy
from tests.drills.field.phone import STEPS, Phone, is_for_phone
from tests.drills.field.tak_client import DEVICE, TakClient
from tests.drills.rig import wait_until
from tests.drills.sizes import IS_LONG, sized
from tests.ops.services.feeds.cot.taky_server import Taky
from tests.patience import PATIENT_S
from tests.web.field_phone import on_disk
from tests.web.patience import patient
from tests.web.shift_room import CALLING, UNITS, shift_room

pytestmark = [pytest.mark.chain, pytest.mark.broker, pytest.mark.timeout(1800)]

SPEED = 8.0
NIGHT_S = sized(400, 3600) / SPEED
EVERY_S = 40.0
SILENT_FROM_S, SILENCE_S = 0.25 * NIGHT_S, 120.0 / SPEED
SAY_AGAIN_BITS = 60.0 * 9_600.0
"""What the link carries between two times that a person with TAK types the same line: a person sees that it is slow."""
LONGEST_S = float(sized(round(PATIENT_S), 1800))
NOTE = "Fence cut beside the ford"
WITH_PHONE, WITH_TAK = CALLING, "patrol-8"
SETTINGS = f"""units = {json.dumps(["ops-centre", WITH_TAK, *UNITS])}
[incidents]
settled_s = 86400.0
[[feeds.cot.servers]]
name = "tak"
address = "tcp://127.0.0.1:%d"
tracks = false
shapes = false
units = {{ {DEVICE} = "{WITH_TAK}" }}
"""


@dataclass
class Night:
    """The running room with both units. ``raised``: when each incident was first in the store [s since 1970]."""

    room: Room
    phone: Phone
    tak: TakClient
    phone_link: FaultProxy
    tak_link: FaultProxy
    raised: dict[str, float] = field(default_factory=dict)

    def turn(self) -> None:
        """One round: what is in the store, the supervisor, and both people."""
        for one in self.movements():
            self.raised.setdefault(one["id"], time.time())
        self.room.restart_ended()
        self.tak.turn()
        self.phone.turn()

    def incidents(self) -> list[dict[str, Any]]:
        """Every incident in the store."""
        return [json.loads(row.body) for row in IncidentReader(self.room.store_path).incidents()[1]]

    def movements(self) -> list[dict[str, Any]]:
        """The incidents about movements that are not over, such as by being merged."""
        return [
            one
            for one in self.incidents()
            if one["kind"] == "movement" and one["lon"] is not None and one["state"] != "closed"
        ]

    def calls(self) -> set[str]:
        """The incidents that the calls of the phone made."""
        return {one["id"] for one in self.incidents() if one["calling_unit"] == WITH_PHONE}

    def missing(self) -> dict[str, Any]:
        """What units lack of the incidents of this moment, and answers that are not in the store; empty at the end."""
        self.turn()
        incidents = self.movements()
        known, answered = {one["id"] for one in incidents}, answers_in(incidents)
        found = {
            "not on the phone": known - self.phone.seen.keys(),
            "not in TAK": known - self.tak.shown.keys(),
            "answers": expected_of(known) - answered.keys(),
            "refused": self.phone.refused & known,
            "call not known to have arrived": {self.phone.call} - {"arrived"},
            "call not in TAK": self.calls() - self.tak.calls,
        }
        return {name: some for name, some in found.items() if some}

    def silence(self, *, is_silent: bool) -> None:
        for link in (self.phone_link, self.tak_link):
            link.set(held=BOTH if is_silent else frozenset())

    def use_phone_in_silence(self) -> None:
        self.phone.write_note(NOTE)
        self.phone.call_for_help()

    def kill_phone(self) -> None:
        """What the phone had to send is there when it starts again, without a network."""
        before = self.phone.waiting
        assert before
        on_disk(self.phone.page)
        self.picture("before-kill")
        self.phone.kill()
        wait_until(lambda: before <= self.phone.waiting and self.phone.call == "sending", what=lambda: before)
        self.picture("after-kill")

    def picture(self, name: str) -> None:
        if IS_LONG:
            self.phone.screen(f"night-phone-{name}")


def traffic() -> NightSettings:
    """Somebody comes inwards every minute until shortly before the end, and nothing else happens."""
    count = int((NIGHT_S * SPEED - 120.0) / EVERY_S)
    times = tuple((("person", "vehicle", "group")[number % 3], 10.0 + EVERY_S * number) for number in range(count))
    return NightSettings(
        times, crossings_per_hour=0.0, turn_backs=0, local_movers=0, outward_share=0.0, late_fraction=0.0,
        duplicate_fraction=0.0,
    )  # fmt: skip


@contextmanager
def night(folder: Path, radio: BadRadio) -> Iterator[Night]:
    taky = Taky(folder / "taky").start()
    given = {"settings_text": SETTINGS % taky.port, "night": traffic(), "night_s": NIGHT_S * SPEED, "speed": SPEED}
    with (
        sync_playwright() as playwright,
        patient(),
        shift_room(folder, **given) as shift,
        FaultProxy("127.0.0.1", taky.port) as tak_link,
        FaultProxy("127.0.0.1", urlsplit(shift.address).port or 80) as phone_link,
    ):
        phone = Phone(playwright, folder / "profile", f"http://127.0.0.1:{phone_link.port}/")
        with closing(DeviceStore(shift.room.options.folder / FILE)) as devices:
            phone.enrol(devices.new_code(WITH_PHONE).code)
        tak = TakClient(tak_link.port, SAY_AGAIN_BITS / radio.bits_per_s)
        for link in (phone_link, tak_link):
            link.set(radio=radio)
        phone.start()
        try:
            yield Night(shift.room, phone, tak, phone_link, tak_link)
        finally:
            phone.close()
            tak.close()
    taky.close()


@pytest.mark.parametrize("bits_per_s", [9_600.0, *([1_200.0] if IS_LONG else [])])
def test_a_night_on_bad_links_loses_nothing(tmp_path: Path, bits_per_s: float) -> None:
    with night(tmp_path, BadRadio(bits_per_s=bits_per_s).sped_up(SPEED)) as drill:
        faults = [
            (SILENT_FROM_S, lambda: drill.silence(is_silent=True)),
            (SILENT_FROM_S + 0.2 * SILENCE_S, drill.use_phone_in_silence),
            (SILENT_FROM_S + 0.5 * SILENCE_S, drill.kill_phone),
            (SILENT_FROM_S + SILENCE_S, lambda: drill.silence(is_silent=False)),
            (0.60 * NIGHT_S, drill.tak.kill),
            (0.75 * NIGHT_S, drill.room.feeds.process.kill),
        ]
        began_s = time.monotonic()
        while faults or time.monotonic() - began_s < NIGHT_S:
            drill.turn()
            if faults and drill.phone.seen and time.monotonic() - began_s >= faults[0][0]:
                faults.pop(0)[1]()
            time.sleep(0.1)
        wait_until(lambda: not drill.missing(), timeout_s=LONGEST_S, what=drill.missing)
        drill.picture("in-the-morning")
        incidents = [one for one in drill.movements() if one["id"] in drill.phone.seen.keys() & drill.tak.shown.keys()]
        known, answered = {one["id"] for one in incidents}, answers_in(incidents)
        assert len(known) >= 2
        assert {answered[one] for one in expected_of(known) & answered.keys()} == {1}, "each answer counts once"
        for one in incidents:
            given = tuple(step["action"] for step in one["transitions"] if step["sender"] == WITH_PHONE)
            assert given == (STEPS if is_for_phone(one["id"]) else ()), "in the order in which they were given"
        everything = drill.incidents()
        assert [note["text"] for one in everything for note in one["notes"]] == [NOTE]
        assert len(drill.calls()) == 1, "a call that is sent again is one call"
        stored = {one["id"] for one in everything}
        assert drill.phone.seen.keys() | drill.tak.shown.keys() <= stored, "nothing came under another id"
        with JournalReader(drill.room.journal_path) as journal:
            refused = [json.loads(letter.body) for _, letter in journal.dead_letters()]
        assert {one.get("distress") for one in refused} <= {True}, (
            "a call without a position raises its alarm all the same"
        )
        for name, link, seen in (
            ("phone", drill.phone_link, drill.phone.seen), ("TAK", drill.tak_link, drill.tak.shown),
        ):  # fmt: skip
            report(name, link, [seen[one] - drill.raised[one] for one in known])
            assert link.carried("down").lost > 0
        drill.phone.check()


def answers_in(incidents: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """(incident, unit, action) of every answer to them in the store."""
    steps = [(one["id"], step) for one in incidents for step in one["transitions"]]
    return Counter((identity, step["sender"], step["action"]) for identity, step in steps)


def expected_of(incidents: set[str]) -> set[tuple[str, str, str]]:
    """The answers of both units to these incidents."""
    wanted = {(one, WITH_TAK, "acknowledge") for one in incidents if not is_for_phone(one)}
    return wanted | {(one, WITH_PHONE, step) for one in incidents if is_for_phone(one) for step in STEPS}


def report(name: str, link: FaultProxy, delays_s: list[float]) -> None:
    """Print the figures of the night, in seconds of the night."""
    up, down = link.carried("up"), link.carried("down")
    middle, longest = (float(one) * SPEED for one in (np.median(delays_s), max(delays_s)))
    print(
        f"{name}: {len(delays_s)} incidents, median {middle:.0f} s, longest {longest:.0f} s; {down.bytes} bytes down"
        f" ({down.lost} of {down.segments} segments lost), {up.bytes} up ({up.lost} of {up.segments} lost)"
    )
