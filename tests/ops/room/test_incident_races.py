"""Two people claim one incident at the same moment, on a real broker, 200 times: one has it, the other reads who."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from rich.console import Console

from ops.broker.identities import UNIT
from ops.room.offline import replay_journal
from ops.room.room import Room, RoomOptions
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.incidents import routes
from ops.services.api.operator_actions import ActionSender
from ops.services.api.serving.server import serving
from ops.store.incidents import IncidentReader
from tests.drills.rig import wait_until
from tests.drills.sizes import sized
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.chain, pytest.mark.broker]

ROUNDS = sized(200, 1000)
SETTINGS = "start_grace_s = 1.0\ncheckpoint_s = 2.0\n[incidents]\nundo_s = 100000.0\n"
PEOPLE = ("Ana", "Ben")
SENSORS = 3
"""Of the hill sector: all fall silent at once, which is one incident."""


class Server:
    """A room without sensors, and in this process a web server for each person, whose local person he or she is."""

    def __init__(self, room: Room, settings: Path, ports: Mapping[str, int]) -> None:
        self.room, self.settings, self.ports = room, settings, ports
        self.clients = {name: self.client(name) for name in PEOPLE}

    def client(self, name: str) -> httpx.Client:
        address = f"http://127.0.0.1:{self.ports[name]}"
        return httpx.Client(base_url=address, headers={TOKEN_HEADER: "t0ken"}, timeout=PATIENT_S)

    def incident(self) -> dict[str, Any]:
        (one,) = self.clients["Ana"].get("/v1/incidents").json()["incidents"]
        return one

    def act(self, name: str, action: str, incident: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Act, and read the outcome if it was not known with the answer."""
        body = {"action": action, "expected_revision": incident["revision"]} | more
        answer = self.clients[name].post(f"/v1/incidents/{incident['id']}/actions", json=body)
        assert answer.status_code == 202, answer.text
        known = answer.json()
        if known["outcome"] is None:
            path = f"/v1/incidents/{incident['id']}/actions/{body['id']}"
            wait_until(lambda: self.clients[name].get(path).status_code == 200)
            known["outcome"] = self.clients[name].get(path).json()
        return known


@pytest.fixture(scope="module")
def server(hill_sector: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("races")
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS)
    options = RoomOptions(str(hill_sector.sector), "races", str(hill_sector.layout), folder / "room", settings=settings)
    with Room(options) as room:
        room.listen()
        actions = ActionSender(room.url, "races", folder / "room", now_ns=time.time_ns, identity=room.identity_of(UNIT))
        with actions, ExitStack() as servers:
            # After 5 s the answer is that an action is stored, and not yet accepted.
            servers.enter_context(patch.object(routes, "JOURNAL_WAIT_S", PATIENT_S))
            ports = {}
            for name in PEOPLE:
                app = create_app(
                    folder / "room" / "store.db",
                    ApiSettings("races", operator=name, guard=GuardSettings(token="t0ken"), pages=folder / "not-built"),
                    act=actions.send,
                    actions=actions,
                    now_ns=time.time_ns,
                )
                ports[name] = servers.enter_context(serving(app))
            running = Server(room, settings, ports)
            wait_until(lambda: IncidentReader(room.store_path).incidents()[1] != [])
            wait_until(lambda: len(running.incident()["sensors"]) == SENSORS)
            yield running


def test_of_two_claims_one_wins_and_the_other_reads_who_has_it(server: Server) -> None:
    """Never two owners, never none, never a failure that did not happen."""
    with ThreadPoolExecutor(2) as both:
        for number in range(ROUNDS):
            before = server.incident()
            assert before["owner"] == ""
            order = PEOPLE if number % 2 else PEOPLE[::-1]
            claims = {
                name: both.submit(server.act, name, "acknowledge", before, id=f"claim-{number:04d}-{name}")
                for name in order
            }
            answers = {name: claim.result() for name, claim in claims.items()}
            results = {name: answer["outcome"]["result"] for name, answer in answers.items()}
            assert sorted(results.values()) == ["done", "refused"], answers
            winner = next(name for name, result in results.items() if result == "done")
            loser = next(name for name in PEOPLE if name != winner)
            after = server.incident()
            assert after["owner"] == winner
            assert answers[loser]["outcome"]["message"]["id"] == "incident-refused-taken"
            assert answers[loser]["outcome"]["message"]["parameters"]["owner"] == winner
            assert all(answer["accepted"] for answer in answers.values())
            undone = server.act(winner, "undo", after, id=f"undo-{number:04d}")
            assert undone["outcome"]["result"] == "done", undone


@pytest.mark.parametrize("first", PEOPLE)
def test_who_claims_first_has_it_whoever_that_is(server: Server, first: str) -> None:
    before = server.incident()
    order = (first, *(name for name in PEOPLE if name != first))
    claims = [server.act(name, "acknowledge", before, id=f"in-turn-{first}-{name}") for name in order]
    assert [claim["outcome"]["result"] for claim in claims] == ["done", "refused"]
    assert server.incident()["owner"] == first
    undone = server.act(first, "undo", server.incident(), id=f"undo-in-turn-{first}")
    assert undone["outcome"]["result"] == "done", undone


def test_the_journal_replays_to_the_same_incidents_owners_and_outcomes(
    server: Server, hill_sector: Any, tmp_path: Path
) -> None:
    kill_and_restart(server.room)
    one = server.incident()
    server.act("Ben", "acknowledge", one, id="last-claim-0001")
    after = server.incident()
    server.act("Ben", "close", after, id="last-close-0001", disposition="no_threat")
    server.room.drain(PATIENT_S)
    live = IncidentReader(server.room.store_path)
    replay_journal(
        server.room.journal_path, str(hill_sector.sector), str(hill_sector.layout), tmp_path,
        settings=server.settings, screen=Console(quiet=True),
    )  # fmt: skip
    again = IncidentReader(tmp_path / "replay.db")

    def revisions(reader: IncidentReader) -> list[Any]:
        rows = reader.outbox_after(0, limit=100_000, kind="incident")
        return sorted((row.alert, row.revision, row.body) for row in rows)

    known = revisions(live)
    assert known
    assert [row for row in revisions(again) if row[:2] in {row[:2] for row in known}] == known
    assert again.outcome("last-close-0001") == live.outcome("last-close-0001")
    assert live.progress().diverged == 0


def kill_and_restart(room: Room) -> None:
    """kill -9 of fusion, which goes on from its checkpoint."""
    room.fusion.kill()
    room.fusion.restart()
    room.fusion.wait_for("ready", timeout_s=PATIENT_S)
