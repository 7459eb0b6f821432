"""Feeds over the link of a patrol: 1.2 and 9.6 kbit/s, a fifth of the segments lost, silence. Nothing is lost.

In the short form time passes faster: the channel, the pauses of TCP and the silence alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from ops.broker.broker import MosquittoBroker
from ops.services.feeds.feed import RANKS
from tests.drills.fault_proxy import BOTH, BadRadio, FaultProxy
from tests.drills.field.feeds_rig import SECTOR, FeedsRig, alert, incident
from tests.drills.field.mqtt_unit import MqttUnit
from tests.drills.rig import wait_until
from tests.drills.sizes import IS_LONG, sized
from tests.ops.services.feeds.cot.rig import device
from tests.ops.services.feeds.cot.taky_server import Observer, Taky
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker

TIMES_AS_FAST = 1.0 if IS_LONG else 40.0
SILENCE_S = 180.0 / TIMES_AS_FAST
LONGEST_S = 3600.0 if IS_LONG else PATIENT_S
ALERTS = sized(24, 60)
INCIDENTS = sized(12, 40)
UNIT = "patrol-1"
FORMS = {
    "json": "",
    "compact": f'[feeds.units.{UNIT}]\nformat = "compact"\n',
    "together": f'[feeds.units.{UNIT}]\nformat = "compact"\ntogether_bytes = 600\n',
    "compressed": f'[feeds.units.{UNIT}]\nformat = "compact"\ntogether_bytes = 1200\ncompressed = true\n',
}
PRIORITIES = ("low", "high", "medium", "distress")


def radio(bits_per_s: float) -> BadRadio:
    return BadRadio(bits_per_s=bits_per_s).sped_up(TIMES_AS_FAST)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(folder=tmp_path / "broker") as started:
        yield started


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """What a test starts, to be ended also if it fails."""
    with ExitStack() as stack:
        yield stack


def first_part(rig: FeedsRig) -> None:
    for number in range(ALERTS // 2):
        rig.commit([alert(number, priority=PRIORITIES[number % 4])])
    rig.commit(incidents=[incident(number) for number in range(3)])


def missed_part(rig: FeedsRig) -> None:
    """New alerts, later revisions of earlier and of new ones, and incidents, the most urgent last."""
    for number in range(ALERTS // 4, ALERTS):
        priority = PRIORITIES[number * 4 // ALERTS % 4]
        for revision in range(1, 3) if number < ALERTS // 2 else range(2):
            rig.commit([alert(number, revision, priority)])
    rig.commit(incidents=[incident(number, int(number < 3), ("medium", "high")[number % 2]) for number in range(6)])


@pytest.mark.parametrize("bits_per_s", [1_200.0, 9_600.0])
@pytest.mark.parametrize("form", FORMS)
def test_a_unit_on_mqtt_gets_what_it_missed_in_a_silence(
    broker: MosquittoBroker, ends: ExitStack, tmp_path: Path, form: str, bits_per_s: float
) -> None:
    """Its connection ends in the silence and the feeds process is killed; the newest revision of everything arrives
    under one number, the most urgent first."""
    rig = ends.enter_context(closing(FeedsRig(tmp_path, broker.url.text, [UNIT], FORMS[form])))
    signer = rig.identities.identity(UNIT).signer
    assert signer is not None
    with FaultProxy(broker.url.host, broker.url.port) as link:
        link.set(radio=radio(bits_per_s))
        unit = MqttUnit(UNIT, SECTOR, broker.url, link.port, signer, rig.feed_key)
        unit.connect()
        ends.callback(unit.close)
        wait_until(unit.subscribed.is_set, timeout_s=LONGEST_S)
        first_part(rig)
        wait_until(lambda: len(unit.messages) >= 3, timeout_s=LONGEST_S)
        link.set(held=BOTH)
        silent_from_s = time.monotonic()
        missed_part(rig)
        rig.kill()
        link.reset()
        unit.close()
        wait_until(lambda: rig.settled and time.monotonic() - silent_from_s >= SILENCE_S, timeout_s=LONGEST_S)
        link.set(held=frozenset())
        unit.connect()
        wait_until(unit.subscribed.is_set, timeout_s=LONGEST_S)
        before = len(unit.messages)
        unit.ask()
        wait_until(lambda: unit.filled, timeout_s=LONGEST_S, what=lambda: unit.messages)
        lost = sum(link.carried(way).lost for way in ("up", "down"))
        unit.close()
    assert lost > 0, "the link lost segments"
    check_received(rig, unit.messages)
    *messages, end = unit.messages[before:]
    assert (end["kind"], end["last"]) == ("gap_filled", rig.rows)
    # what the broker acknowledges late is sent again, under the same number
    answer = list({one["number"]: one for one in messages}.values())
    assert end["sent"] == len(answer)
    assert len({one["id"] for one in answer}) == len(answer), "superseded revisions are left out"
    ranks = [RANKS.index(one["priority"]) for one in answer]
    assert ranks == sorted(ranks), "the most urgent first"


def test_what_quiet_hours_may_not_suppress_arrives_and_nothing_else_does(
    broker: MosquittoBroker, ends: ExitStack, tmp_path: Path
) -> None:
    """Everything comes in a silence, in which the feeds process is killed; the rest comes when the unit asks for it."""
    quiet = f'{FORMS["compressed"]}quiet_hours = ["00:00-12:00", "12:00-00:00"]\nnever_suppress = ["high"]\n'
    rig = ends.enter_context(closing(FeedsRig(tmp_path, broker.url.text, [UNIT], quiet)))
    signer = rig.identities.identity(UNIT).signer
    assert signer is not None
    with FaultProxy(broker.url.host, broker.url.port) as link:
        link.set(radio=radio(1_200.0))
        unit = MqttUnit(UNIT, SECTOR, broker.url, link.port, signer, rig.feed_key)
        unit.connect()
        ends.callback(unit.close)
        wait_until(unit.subscribed.is_set, timeout_s=LONGEST_S)
        link.set(held=BOTH)
        silent_from_s = time.monotonic()
        for number in range(ALERTS):
            rig.commit([alert(number, priority=PRIORITIES[number % 4])])
        own, other = (incident(number, priority="low") for number in (900, 901))
        rig.commit(incidents=[own | {"state": "assigned", "unit": UNIT}, other])
        rig.kill()
        wait_until(lambda: time.monotonic() - silent_from_s >= SILENCE_S, timeout_s=LONGEST_S)
        link.set(held=frozenset())
        urgent = {one["id"] for one in rig.committed.values() if one["priority"] in ("high", "distress")}
        due = urgent | {own["id"]}
        wait_until(lambda: due <= {one["id"] for one in received(unit)}, timeout_s=LONGEST_S)
        assert {one["id"] for one in received(unit)} == due
        unit.ask()
        wait_until(lambda: unit.filled, timeout_s=LONGEST_S, what=lambda: unit.messages)
        assert link.carried("down").lost > 0
        unit.close()
    check_received(rig, unit.messages)


def received(unit: MqttUnit) -> list[dict[str, Any]]:
    """The alerts and incidents that the unit has."""
    return [one for one in list(unit.messages) if "number" in one]


def check_received(rig: FeedsRig, messages: list[dict[str, Any]]) -> None:
    """The newest revision of everything arrived, and each number stands for one thing."""
    received = [one for one in messages if "number" in one]
    newest = {one["id"]: max(each["revision"] for each in received if each["id"] == one["id"]) for one in received}
    assert newest == {identity: one["revision"] for identity, one in rig.committed.items()}
    meanings = {one["number"]: (one["id"], one["revision"]) for one in received}
    assert all(meanings[one["number"]] == (one["id"], one["revision"]) for one in received)
    assert len(set(meanings.values())) == len(meanings), "nothing has two numbers"


def cot_settings(port: int) -> str:
    return f'[[feeds.cot.servers]]\nname = "tak"\naddress = "tcp://127.0.0.1:{port}"\ntracks = false\nshapes = false\n'


@pytest.mark.parametrize("bits_per_s", [1_200.0, 9_600.0])
def test_a_tak_server_and_its_client_get_what_they_missed_in_a_silence(
    broker: MosquittoBroker, tmp_path: Path, bits_per_s: float
) -> None:
    """A bad link before the server and one before the client. The first one is cut in the silence, and the feeds
    process is killed; every incident is shown as it is now, those that are over are removed, and each has its line."""
    with ExitStack() as ends:
        taky = ends.enter_context(closing(Taky(tmp_path / "taky")))
        taky.start()
        to_server = ends.enter_context(FaultProxy("127.0.0.1", taky.port))
        to_client = ends.enter_context(FaultProxy("127.0.0.1", taky.port))
        observer = ends.enter_context(closing(Observer(f"tcp://127.0.0.1:{to_client.port}")))
        observer.send(device("OBSERVER-1", lon=-84.3).xml())
        rig = ends.enter_context(closing(FeedsRig(tmp_path, broker.url.text, [UNIT], cot_settings(to_server.port))))
        for link in (to_server, to_client):
            link.set(radio=radio(bits_per_s))
        rig.commit(incidents=[incident(number) for number in range(INCIDENTS // 2)])
        observer.wait_for(lambda event: "watchline.drill.I" in event.get("uid", ""), "an incident", LONGEST_S)
        for link in (to_server, to_client):
            link.set(held=BOTH)
        silent_from_s = time.monotonic()
        rig.commit(incidents=[incident(number) for number in range(INCIDENTS // 2, INCIDENTS)])
        rig.commit(incidents=[incident(number, 1, lon=-84.5) for number in range(1, INCIDENTS, 2)])
        rig.commit(
            incidents=[incident(number, 2, state="closed", disposition="lost") for number in range(0, INCIDENTS, 4)]
        )
        rig.kill()
        to_server.reset()
        wait_until(lambda: time.monotonic() - silent_from_s >= SILENCE_S, timeout_s=LONGEST_S)
        for link in (to_server, to_client):
            link.set(held=frozenset())
        wait_until(lambda: rig.settled, timeout_s=LONGEST_S)
        for number in range(INCIDENTS):
            check_end(observer, number)
        shown = {event.get("uid") for event in observer.events if event.get("type", "").startswith("a-u")}
        assert shown <= {uid_of(number) for number in range(INCIDENTS)}
        lines = [event.get("uid", "") for event in observer.events if event.get("type") == "b-t-f"]
        for number in range(INCIDENTS):
            said = {uid for uid in lines if f"I{number:016x}" in uid and not uid.endswith("closed")}
            assert len(said) <= 1, "a line has one id"
        assert min(link.carried("down").lost for link in (to_server, to_client)) > 0


def uid_of(number: int) -> str:
    return f"watchline.{SECTOR}.I{number:016x}"


def check_end(observer: Observer, number: int) -> None:
    """The client sees the incident as it is: removed, or at its newest position.

    The newest event is the one with the latest time, as the schema of Cursor-on-Target says, and of one millisecond the
    highest revision: what a connection that was reset still carried may come after what the next one brings.
    """

    def is_removal(event: Element) -> bool:
        return event.get("type") == "t-x-d-d" and any(one.get("uid") == uid_of(number) for one in event.iter("link"))

    def is_newest(event: Element) -> bool:
        point = event.find("point")
        lon = -84.5 if number % 2 else -84.21
        return event.get("uid") == uid_of(number) and point is not None and float(point.get("lon", "")) == lon

    def age(event: Element) -> tuple[str, int]:
        return event.get("time", ""), max(int(one.get("revision", "")) for one in event.iter("__watchline"))

    if number % 4 == 0:
        observer.wait_for(is_removal, f"the removal of {number}", LONGEST_S)
        return
    observer.wait_for(is_newest, f"incident {number}", LONGEST_S)
    observer.wait_for(lambda event: f"I{number:016x}." in event.get("uid", ""), f"the line of {number}", LONGEST_S)
    assert is_newest(max(observer.of_uid(uid_of(number)), key=age))
