"""A receiver that is added while incidents are open gets each that it may have once, the most urgent first."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.dispatch import Dispatcher
from ops.services.feeds.feed import RANKS, FeedReceiver, OutboxDelivery
from ops.services.feeds.ledger import FILE, DeliveryLedger
from ops.services.feeds.quiet import UnitRules
from ops.store.reader import OutboxRow, Reader
from ops.store.writer import Store
from sensors.timestamps import SECOND_NS
from tests.ops.services.feeds.test_quiet import NOON_NS, incident


class Servers:
    """A feed to several servers that have what they are sent at once, unless they are ``down``."""

    name, problem = "tak", None

    def __init__(self, *names: str, units: tuple[str, ...] = (), down: bool = False) -> None:
        self.receivers = [FeedReceiver(one, kinds=("incident",), is_unit=one in units, window=4) for one in names]
        self.sent: dict[str, list[OutboxDelivery]] = {one: [] for one in names}
        self.down = down

    def send(self, delivery: OutboxDelivery) -> Future[None]:
        self.sent[delivery.receiver].append(delivery)
        answer = Future[None]()
        if not self.down:
            answer.set_result(None)
        return answer

    def names_of(self, receiver: str) -> list[str]:
        return [one.row.alert for one in self.sent[receiver]]

    def close(self) -> None: ...


class Marked:
    """No receiver may have the incidents that are ``hidden``."""

    def __init__(self, hidden: set[str]) -> None:
        self.hidden = hidden

    def may_receive(self, _unit: str, row: OutboxRow) -> bool:
        return row.alert not in self.hidden

    def as_received(self, _unit: str, row: OutboxRow) -> OutboxRow:
        return row


def run(store: Store, servers: Servers, hidden: set[str] | None = None) -> Servers:
    """A process that delivers what there is, also what waits a while for a newer revision, and ends."""
    reader, ledger = Reader(store.path), DeliveryLedger(store.path.with_name(FILE))
    rules = UnitRules(lambda _: UnitFeedSettings(), ZoneInfo("UTC"), reader, ledger)
    clock = count(NOON_NS, SECOND_NS)
    dispatcher = Dispatcher(
        reader, ledger, [servers], now_ns=lambda: next(clock), monotonic_s=lambda: 0.0, release=Marked(hidden or set()),
        rules=rules,
    )  # fmt: skip
    for _ in range(100):
        dispatcher.pump()
    ledger.close()
    return servers


written = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(RANKS), st.sampled_from(["open", "assigned", "closed"])), max_size=20
)


@settings(max_examples=40, deadline=None)
@given(before=written, hidden=st.sets(st.integers(1, 8)), is_unit=st.booleans())
def test_an_added_receiver_gets_each_open_incident_once_most_urgent_first(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[int, str, str]],
    hidden: set[int],
    is_unit: bool,
) -> None:
    store = Store(tmp_path_factory.mktemp("added") / "s.db")
    latest: dict[int, tuple[str, str, int]] = {}
    for row, (number, priority, state) in enumerate(before, 1):
        revision = latest[number][2] + 1 if number in latest else 0
        latest[number] = priority, state, revision
        changed = incident(number, [f"A{number}"], revision, priority=priority, state=state)
        store.commit(row, stamp_ns=1, incident_revisions=[changed])
        if row == 1:
            run(store, Servers("old"))
    run(store, Servers("old"))

    marked = {f"I{one}" for one in hidden}
    units = ("new",) if is_unit else ()
    servers = run(store, Servers("old", "new", units=units), marked)
    expected = {f"I{one}" for one, (_, state, _) in latest.items() if state != "closed"} - marked
    got = servers.sent["new"]
    assert sorted(servers.names_of("new")) == sorted(expected)
    ranks = [RANKS.index(latest[int(one.row.alert[1:])][0]) for one in got]
    assert ranks == sorted(ranks)
    assert [one.number for one in got] == list(range(1, len(got) + 1))
    assert servers.sent["old"] == []
    assert run(store, Servers("old", "new", units=units), marked).sent == {"old": [], "new": []}
    store.close()


@pytest.mark.parametrize("was_down", [False, True])
def test_a_receiver_that_was_removed_and_comes_back_gets_what_is_open(tmp_path: Path, was_down: bool) -> None:
    store = Store(tmp_path / "s.db")
    first = [incident(1, ["A1"]), incident(2, ["A2"])]
    store.commit(1, stamp_ns=1, incident_revisions=first)
    run(store, Servers("old", "away", down=was_down))
    run(store, Servers("old"))
    store.commit(2, stamp_ns=1, incident_revisions=[incident(3, ["A3"]), incident(1, ["A1"], 1, state="closed")])
    run(store, Servers("old"))
    servers = run(store, Servers("old", "away"))
    # what it was given before it was removed it has; what was closed meanwhile was not open for it
    assert sorted(servers.names_of("away")) == (["I2", "I3"] if was_down else ["I3"])
    numbers = [one.number for one in servers.sent["away"]]
    assert numbers == sorted(set(numbers))
    assert min(numbers) > 2
    store.close()
