"""A night of the demonstration for two units on bad links: one with a phone, one with a TAK client.

Each is killed once, and so is the feeds process; both links fall silent for minutes. The night is eight times as fast
as in reality, and so are the links. In the end each unit has every incident, and each answer is in the store once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from ops.field.devices import FILE, DeviceStore
from ops.journal.reader import JournalReader
from ops.room.room import Room
from ops.store.incidents import IncidentReader
from sensors.simulate.scenarios import NightSettings
from tests.drills.fault_proxy import BOTH, BadRadio, FaultProxy
from tests.drills.field.phone import STEPS, Lines, is_for_phone
from tests.drills.rig import OF_TESTS, wait_until
from tests.drills.sizes import sized
from tests.ops.services.feeds.cot.rig import chat, device
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.web.shift_room import CALLING, UNITS, shift_room

pytestmark = [pytest.mark.chain, pytest.mark.broker, pytest.mark.timeout(1800)]

SPEED = 8.0
NIGHT_S = sized(480, 3600) / SPEED
EVERY_S = 40.0
RADIO = BadRadio().sped_up(SPEED)
SILENCE_S = 120.0 / SPEED
SAY_AGAIN_S = 60.0 / SPEED
LONGEST_S = 480.0
WITH_PHONE, WITH_TAK = CALLING, "patrol-8"
SETTINGS = f"""units = {json.dumps(["ops-centre", WITH_TAK, *UNITS])}
[incidents]
settled_s = 86400.0
[[feeds.cot.servers]]
name = "tak"
address = "tcp://127.0.0.1:%d"
tracks = false
shapes = false
units = {{ ANDROID-8 = "{WITH_TAK}" }}
"""


class TakClient:
    """A person with a TAK client, who claims half of the incidents and types a line again until it has counted."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._typed: dict[str, tuple[bytes, float]] = {}
        self.shown: dict[str, float] = {}
        self.told: set[str] = set()
        self._observer = self._connected()

    def _connected(self) -> Observer:
        observer = Observer(f"tcp://127.0.0.1:{self._port}")
        observer.send(device("ANDROID-8").xml())
        return observer

    def kill(self) -> None:
        """The program ends; the next one knows nothing of what this one received."""
        self.turn()
        self._observer.close()
        self._observer = self._connected()

    def turn(self) -> None:
        for event in list(self._observer.events):
            uid, contact = event.get("uid", ""), event.find("detail/contact")
            identity = uid.rpartition(".")[2]
            if event.get("type", "").startswith("a-u") and contact is not None and identity.startswith("I"):
                self.shown.setdefault(identity, time.time())
                if not is_for_phone(identity):
                    self._type(contact.get("callsign", ""))
            elif event.get("type") == "b-t-f":
                self.told.add(event.findtext("detail/remarks") or "")

    def _type(self, name: str) -> None:
        line, typed_s = self._typed.get(name, (b"", float("-inf")))
        if f"{name}: recorded, claim." in self.told or time.monotonic() - typed_s < SAY_AGAIN_S:
            return
        line = line or chat(f"ACK {name}", "ANDROID-8", number=len(self._typed) + 1).xml()
        self._typed[name] = line, time.monotonic()
        self._observer.send(line)

    def close(self) -> None:
        self._observer.close()


class PhoneProcess:
    """The phone as a process, and the link before it."""

    def __init__(self, folder: Path, room: Room, link: FaultProxy) -> None:
        assert room.address is not None
        self.folder, self._address, address = folder, f"http://127.0.0.1:{link.port}", room.address
        folder.mkdir()
        with closing(DeviceStore(room.options.folder / FILE)) as devices:
            code = devices.new_code(WITH_PHONE).code
        body = {"code": code, "device": "Phone of the drill"}
        enrolled = httpx.post(
            f"{address}v1/field/enrol", json=body, headers={"Origin": address.rstrip("/")}, timeout=120
        )
        assert enrolled.status_code == 200, enrolled.text
        (folder / "cookies.json").write_text(json.dumps(dict(enrolled.cookies)), encoding="utf-8")
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.drills.field.phone", self._address, str(self.folder)],
                stderr=log, env=OF_TESTS, cwd=OF_TESTS["PYTHONPATH"],
            )  # fmt: skip

    def kill(self) -> None:
        self.close()
        self.start()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def seen(self) -> dict[str, float]:
        return {line["id"]: line["at_s"] for line in Lines(self.folder / "seen.jsonl").read()}


@dataclass
class Night:
    """The running room with both units. ``raised``: when each incident was first in the store [s since 1970]."""

    room: Room
    phone: PhoneProcess
    tak: TakClient
    phone_link: FaultProxy
    tak_link: FaultProxy
    raised: dict[str, float] = field(default_factory=dict)

    def turn(self) -> None:
        """One round: what is in the store, the supervisor, and the person with TAK."""
        for one in self.movements():
            self.raised.setdefault(one["id"], time.time())
        self.room.restart_ended()
        self.tak.turn()

    def movements(self) -> list[dict[str, Any]]:
        """The incidents about movements that are not over, such as by being merged."""
        bodies = [json.loads(row.body) for row in IncidentReader(self.room.store_path).incidents()[1]]
        return [
            one for one in bodies if one["kind"] == "movement" and one["lon"] is not None and one["state"] != "closed"
        ]

    def missing(self) -> dict[str, Any]:
        """What units lack of the incidents of this moment, and answers that are not in the store; empty at the end."""
        self.turn()
        incidents = self.movements()
        known, answered = {one["id"] for one in incidents}, answers_in(incidents)
        found = {
            "not on the phone": known - self.phone.seen.keys(),
            "not in TAK": known - self.tak.shown.keys(),
            "answers": expected_of(known) - answered.keys(),
        }
        return {name: some for name, some in found.items() if some}

    def silence(self, *, is_silent: bool) -> None:
        for link in (self.phone_link, self.tak_link):
            link.set(held=BOTH if is_silent else frozenset())


def traffic() -> NightSettings:
    """Somebody comes inwards every minute until shortly before the end, and nothing else happens."""
    count = int((NIGHT_S * SPEED - 120.0) / EVERY_S)
    times = tuple((("person", "vehicle", "group")[number % 3], 10.0 + EVERY_S * number) for number in range(count))
    return NightSettings(
        times, crossings_per_hour=0.0, turn_backs=0, local_movers=0, outward_share=0.0, late_fraction=0.0,
        duplicate_fraction=0.0,
    )  # fmt: skip


@contextmanager
def night(folder: Path) -> Iterator[Night]:
    taky = Taky(folder / "taky").start()
    given = {"settings_text": SETTINGS % taky.port, "night": traffic(), "night_s": NIGHT_S * SPEED, "speed": SPEED}
    with shift_room(folder, **given) as shift, FaultProxy("127.0.0.1", taky.port) as tak_link:
        room, address = shift.room, shift.address
        with FaultProxy("127.0.0.1", urlsplit(address).port or 80) as phone_link:
            phone = PhoneProcess(folder / "phone", room, phone_link)
            tak = TakClient(tak_link.port)
            for link in (phone_link, tak_link):
                link.set(radio=RADIO)
            try:
                yield Night(room, phone, tak, phone_link, tak_link)
            finally:
                phone.close()
                tak.close()
    taky.close()


def test_a_night_on_bad_links_loses_nothing(tmp_path: Path) -> None:
    with night(tmp_path) as drill:
        faults = [
            (0.15, drill.phone.kill),
            (0.25, lambda: drill.silence(is_silent=True)),
            (0.25 + SILENCE_S / NIGHT_S, lambda: drill.silence(is_silent=False)),
            (0.60, drill.tak.kill),
            (0.75, drill.room.feeds.process.kill),
        ]
        began_s = time.monotonic()
        while faults or time.monotonic() - began_s < NIGHT_S:
            drill.turn()
            if faults and time.monotonic() - began_s >= faults[0][0] * NIGHT_S:
                faults.pop(0)[1]()
            time.sleep(0.1)
        wait_until(lambda: not drill.missing(), timeout_s=LONGEST_S, what=drill.missing)
        incidents = [one for one in drill.movements() if one["id"] in drill.phone.seen.keys() & drill.tak.shown.keys()]
        known, answered = {one["id"] for one in incidents}, answers_in(incidents)
        assert len(known) >= 2
        assert {answered[one] for one in expected_of(known) & answered.keys()} == {1}, "each answer counts once"
        stored = {json.loads(row.body)["id"] for row in IncidentReader(drill.room.store_path).incidents()[1]}
        assert drill.phone.seen.keys() | drill.tak.shown.keys() <= stored, "nothing came under another id"
        with JournalReader(drill.room.journal_path) as journal:
            assert sum(one.dead_lettered for one in journal.counts(None).values()) == 0
        for name, link, seen in (
            ("phone", drill.phone_link, drill.phone.seen), ("TAK", drill.tak_link, drill.tak.shown),
        ):  # fmt: skip
            report(name, link, [seen[one] - drill.raised[one] for one in known])
            assert link.carried("down").lost > 0


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
