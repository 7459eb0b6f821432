"""Connections to SAPIENT's port: those that do not register take no node's place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ops.services.sapient import connection
from ops.services.sapient.connection import Address, Peer, dial, listen
from tests.patience import PATIENT_S

MOST = 5


class Port:
    """A listening port of this computer, and the peers that it has, the oldest first."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.address = Address("127.0.0.1", 0)
        self._ends: list[object] = []

    async def serve(self, peer: Peer) -> None:
        self.peers.append(peer)
        try:
            async for _ in peer.packets():
                pass
        finally:
            self.peers.remove(peer)

    async def connect(self, place: str = "", node: str = "") -> Peer:
        """Connect as from ``place``, with ``node`` registered; return the connection as Watchline has it."""
        before = list(self.peers)
        self._ends.append(await asyncio.open_connection(self.address.host, self.address.port))
        await until(lambda: any(peer not in before for peer in self.peers))
        peer = next(peer for peer in self.peers if peer not in before)
        peer.place = place
        peer.nodes |= {node} if node else set()
        return peer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def opened_port() -> AsyncIterator[Port]:
    port = Port()
    server = await listen(Address("127.0.0.1", 0), port.serve, now_ns=time.time_ns)
    port.address = Address("127.0.0.1", server.sockets[0].getsockname()[1])
    yield port
    for peer in list(port.peers):
        peer.close("the test is over")
    await until(lambda: not port.peers)
    server.close()


def with_port(case: Callable[[Port], Awaitable[None]]) -> None:
    async def run() -> None:
        async with opened_port() as port:
            await case(port)

    asyncio.run(run())


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_PEERS", MOST)


def test_a_node_takes_the_place_of_the_oldest_silent_connection_of_the_address_that_has_most() -> None:
    async def case(port: Port) -> None:
        one = await port.connect("a")
        node = await port.connect("b", node="radar")
        flood = [await port.connect("b") for _ in range(MOST - 2)]
        await port.connect("c")
        await until(lambda: flood[0] not in port.peers)
        assert {one, node, *flood[1:]} <= set(port.peers)
        assert len(port.peers) == MOST

    with_port(case)


def test_a_flood_displaces_itself_and_no_node() -> None:
    async def case(port: Port) -> None:
        nodes = [await port.connect("b", node=f"radar-{n}") for n in range(2)]
        last = [await port.connect("b") for _ in range(5 * MOST)][-1]
        await until(lambda: len(port.peers) == MOST)
        assert {*nodes, last} <= set(port.peers)

    with_port(case)


def test_beyond_the_most_nodes_a_connection_is_closed() -> None:
    async def case(port: Port) -> None:
        nodes = [await port.connect(node=f"radar-{n}") for n in range(MOST)]
        reader, writer = await asyncio.open_connection(port.address.host, port.address.port)
        try:
            async with asyncio.timeout(PATIENT_S):
                assert await reader.read(1) == b""
        except ConnectionResetError:
            pass
        writer.close()
        assert port.peers == nodes

    with_port(case)


def test_a_connection_on_which_no_node_registers_ends_and_one_of_a_node_or_of_watchline_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def case(port: Port) -> None:
        silent, node = await port.connect(), await port.connect(node="radar")
        dialling = asyncio.create_task(dial(port.address, port.serve, now_ns=time.time_ns))
        await until(lambda: len(port.peers) == 4)
        [dialled] = [peer for peer in port.peers if peer.dialled]
        for peer in port.peers:
            peer.check()
        assert len(port.peers) == 4, "within the time"
        monkeypatch.setattr(connection, "REGISTERED_WITHIN_S", 0.0)
        await asyncio.sleep(0.01)
        silent.check(longest_status_s=60.0)
        assert silent in port.peers, "a node that sends a status each minute may resume on it"
        for peer in (silent, node, dialled):
            peer.check()
        await until(lambda: silent not in port.peers)
        assert {node, dialled} <= set(port.peers)
        node.nodes.clear()  # it registered on another connection
        await asyncio.sleep(0.01)
        node.check()
        await until(lambda: node not in port.peers)
        dialling.cancel()

    with_port(case)
