"""Two hundred programs at once, of two clearances, some that accept nothing, and the operator's page among them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.accounts.person import Person, Session
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.event_stream import Hub, StreamSettings
from ops.services.api.release import Release
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.api.test_event_stream import alert
from tests.patience import PATIENT_S

CLIENTS, STALLED, ALERTS = 200, 20, 120
LEVELS = ReleasabilitySettings(levels=("national",))
LIMITS = StreamSettings(poll_s=0.01, max_behind_bytes=20_000, stall_s=1.0)
_ALERT = re.compile(rb"id: (\d+)\nevent: alert\ndata: \{.*?\"id\":\"(A\d+)\"")


@dataclass(eq=False)
class Client:
    """One connection: what it was sent, and whether it accepts anything. ``last``: the number of its last event."""

    person: Person
    page: str | None = None
    accepts: bool = True
    came: list[tuple[int, str]] = field(default_factory=list)
    last: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if not self.accepts:
            await asyncio.Event().wait()
        for number, identity in _ALERT.findall(message["body"]):
            self.last = int(number)
            self.came.append((self.last, identity.decode()))

    @property
    def ids(self) -> list[str]:
        return [identity for _, identity in self.came]


def person(number: int, releasability: str) -> Person:
    session = Session(f"s{number}", "program", 0.0, 1e12)
    return Person(f"p{number}", f"P {number}", f"p{number}", session, {"*": "viewer"}, releasability=releasability)


@asynccontextmanager
async def serving(store: Path, clients: list[Client]) -> Any:
    """A hub with these clients, from where each of them was."""
    hub = Hub(Reader(store), LIMITS, now_ns=lambda: 0, release=Release(store, LEVELS))
    poller = asyncio.create_task(hub.run())
    for client in clients:
        client.gone = asyncio.Event()
    streams = [
        asyncio.create_task(hub.serve(one.last, one.receive, one.send, one.page, person=one.person)) for one in clients
    ]
    try:
        yield hub
    finally:
        hub.stop()
        for one in clients:
            one.gone.set()
        await asyncio.wait_for(asyncio.gather(*streams, return_exceptions=True), PATIENT_S)
        await poller
        hub.close()
    assert hub.clients == 0, "no stream is left"


async def until(true: Callable[[], bool], meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not true():
            if meanwhile is not None:
                await meanwhile()
            await asyncio.sleep(0.01)


def test_each_gets_what_it_may_have_once_over_a_restart_and_those_that_accept_nothing_cost_nothing(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "store.db")
    clients = [Client(person(number, "*" if number % 2 else "")) for number in range(CLIENTS)]
    page = Client(person(CLIENTS, "*"), page="the-page")
    stalled = [Client(person(CLIENTS + 1 + number, "*"), accepts=False) for number in range(STALLED)]
    released = [f"A{number}" for number in range(1, ALERTS + 1) if number % 3]
    everything = [f"A{number}" for number in range(1, ALERTS + 1)]

    def publish(first: int, last: int) -> None:
        for number in range(first, last + 1):
            marks = [] if number % 3 else [("alert", f"A{number}", "national")]
            store.commit(number, stamp_ns=number, alerts=[alert(number, "x" * 500)], markings=marks)

    def have(last: int) -> bool:
        wanted = sum(int(one[1:]) <= last for one in released)
        return all(len(one.came) >= (last if one.person.releasability else wanted) for one in [*clients, page])

    async def run() -> None:
        half = ALERTS // 2
        async with serving(store.path, [*clients, page, *stalled]) as hub:
            await until(lambda: hub.clients >= CLIENTS + 1)
            await asyncio.to_thread(publish, 1, half)
            await until(lambda: have(half) and hub.clients == CLIENTS + 1)  # those that accept nothing are let go
            assert hub.recent.bytes_in_memory <= LIMITS.max_behind_bytes, "memory does not grow with what is published"
        await asyncio.to_thread(publish, half + 1, ALERTS)
        async with serving(store.path, [*clients, page]):  # another process, from the number that each has
            await until(lambda: have(ALERTS))

    asyncio.run(run())
    assert page.ids == everything
    for one in clients:
        assert one.ids == (everything if one.person.releasability else released)
        numbers = [number for number, _ in one.came]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "no number betrays what is hidden"
    store.close()


def test_a_person_with_many_pages_ends_her_own_and_then_the_one_with_the_most_loses_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    most = 4
    operator = Client(person(0, "*"), page="a" * 16)
    viewer = [Client(person(1, ""), page="a" * 16), *(Client(person(1, ""), page=f"{n:016x}") for n in range(most))]
    other = Client(person(2, "*"), page="b" * 16)

    async def run() -> list[bool]:
        limits = StreamSettings(poll_s=0.01, max_pages=most)
        hub = Hub(Reader(store.path), limits, now_ns=lambda: 0)
        poller, streams = asyncio.create_task(hub.run()), []
        for number, one in enumerate([operator, *viewer, other], start=1):
            streams.append(asyncio.create_task(hub.serve(0, one.receive, one.send, one.page, person=one.person)))
            await until(lambda number=number: hub.clients == min(number, most))
            await until(lambda number=number: sum(each.done() for each in streams) == max(number - most, 0))
        ended = [each.done() for each in streams]
        hub.stop()
        await asyncio.gather(poller, *streams)
        return ended

    assert asyncio.run(run()) == [False, *[True] * 3, *[False] * 2, False]
