"""An operator's word is on disk before it is sent, and sent until the journal has it, once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.unit_messages import Position, Reply
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.broker.identities import FIELD, IDENTITY_VARIABLE, SIGNATURES_VARIABLE, UNIT, IdentityFolder, Name
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from ops.services.api.operator_actions import ActionSender, OperatorAction
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.broker, pytest.mark.chain]


def order(alert: str) -> OperatorAction:
    return OperatorAction("acknowledge", alert, "operator", datetime.now(UTC).replace(microsecond=0))


def until(true: Callable[[], Any], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(folder=tmp_path / "broker", sector="x") as started:
        yield started


@pytest.fixture
def ingest(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Child]:
    identities = IdentityFolder(tmp_path / "identity")
    identities.prepare([Name("unit", UNIT)])
    secrets = {URL_VARIABLE: broker.url.text, IDENTITY_VARIABLE: str(identities.path), SIGNATURES_VARIABLE: "required"}
    child = Child("ingest", "ops.services.ingest.process", ["--sector=x", f"--journal={tmp_path / 'journal.db'}"],
                  log=tmp_path / "ingest.log", secrets=secrets)  # fmt: skip
    child.wait_for("ready", timeout_s=PATIENT_S)
    yield child
    child.stop(timeout_s=PATIENT_S)


def sender(folder: Path, broker: EmbeddedBroker) -> ActionSender:
    identity = IdentityFolder(folder / "identity").identity(UNIT)
    return ActionSender(broker.url, "x", folder, now_ns=time.time_ns, identity=identity)


def journaled(folder: Path) -> list[str]:
    with JournalReader(folder / "journal.db") as journal:
        return [json.loads(row.body)["alert"] for row in journal.read() if row.kind == "action"]


def test_an_action_goes_through_and_is_forgotten_when_it_is_journaled(
    tmp_path: Path, broker: EmbeddedBroker, ingest: Child
) -> None:
    with sender(tmp_path, broker) as actions:
        actions.send(order("a1"))
        actions.send(order("a2"))
        assert until(lambda: actions.waiting == 0)
    assert journaled(tmp_path) == ["a1", "a2"]


def test_a_broker_that_dies_with_it_and_a_restart_of_ours_lose_no_word(
    tmp_path: Path, broker: EmbeddedBroker, ingest: Child
) -> None:
    with sender(tmp_path, broker) as actions:
        ingest.kill()
        actions.send(order("taken by the broker alone".replace(" ", "-")))
        broker.kill()
        actions.send(order("nobody-there"))
        assert actions.waiting == 2
    broker.start()
    with sender(tmp_path, broker) as actions:
        actions.send(order("after"))
        ingest.restart()
        ingest.wait_for("ready", timeout_s=PATIENT_S)
        assert until(lambda: actions.waiting == 0)
    assert journaled(tmp_path) == ["taken-by-the-broker-alone", "nobody-there", "after"]


def test_an_action_after_a_long_quiet_is_taken_once_it_is_on_disk(
    tmp_path: Path, broker: EmbeddedBroker, ingest: Child
) -> None:
    """The connection must not be taken for dead because nobody acted for half a minute."""
    names = [f"a{number}" for number in range(3)]
    with sender(tmp_path, broker) as actions:
        connection = actions._spool._publisher._connection
        assert until(lambda: connection.connected)
        for name in names:
            connection._heard_s -= 3600.0
            actions.send(order(name))
            assert until(lambda: actions.waiting == 0)
    assert journaled(tmp_path) == names


def test_an_action_is_taken_without_any_broker(tmp_path: Path, broker: EmbeddedBroker, ingest: Child) -> None:
    broker.kill()
    with sender(tmp_path, broker) as actions:
        actions.send(order("early"))
        assert actions.waiting == 1
        broker.start()
        assert until(lambda: actions.waiting == 0)
    assert journaled(tmp_path) == ["early"]


def test_a_spool_that_was_lost_does_not_use_numbers_again(
    tmp_path: Path, broker: EmbeddedBroker, ingest: Child
) -> None:
    with sender(tmp_path, broker) as actions:
        actions.send(order("a1"))
        assert until(lambda: actions.waiting == 0)
        boot = actions._spool._spool.boot
    for file in tmp_path.glob("actions.db*"):
        file.unlink()
    later = ActionSender(broker.url, "x", tmp_path, now_ns=lambda: time.time_ns() + 60 * 10**9,
                         identity=IdentityFolder(tmp_path / "identity").identity(UNIT))  # fmt: skip
    assert later._spool._spool.boot > boot
    later._spool._spool.close()


def test_messages_of_field_units_are_journaled_as_theirs(tmp_path: Path, broker: EmbeddedBroker, ingest: Child) -> None:
    """One spool for all units: a position, a reply, and a call for help whose message has no position."""
    identity = IdentityFolder(tmp_path / "identity").identity(FIELD)
    now = datetime.now(UTC).replace(microsecond=0)
    with ActionSender(broker.url, "x", tmp_path, now_ns=time.time_ns, identity=identity, part=FIELD) as units:
        units.send_position(Position("patrol-1", 1, 1, now, -84.2, 36.6, duty="patrol"))
        units.send_reply(Reply("patrol-2", 1, 1, now, "acknowledge", "a1", "Sgt. Meyer", action_id="answer-0001"))
        units.send_call("patrol-3", now, "two injured")
        assert until(lambda: units.waiting == 0)
    with JournalReader(tmp_path / "journal.db") as journal:
        rows = [(row.sensor, row.kind) for row in journal.read() if row.sensor.startswith(("patrol", UNIT))]
    assert rows == [("patrol-1", "position"), ("patrol-2", "action"), ("patrol-3", "refused_call")]
