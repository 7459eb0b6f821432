"""The streams of the national page: when they end, whose ends for a further one, and what is recorded of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.audit.files import FOLDER
from ops.audit.search import EntryFilter, each_entry
from tests.ops.cluster.page.nation import NAMES, NationServer, Sectors, incident, nation_server, stream, until_incidents
from tests.patience import PATIENT_S


def until(true: Callable[[], bool]) -> bool:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENT_S
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def until_the_end(events: Iterator[tuple[str, dict[str, Any]]]) -> set[str]:
    """Names of the events that come until the stream ends."""
    deadline, names = time.monotonic() + PATIENT_S, set()
    for name, _ in events:
        assert time.monotonic() < deadline, "it does not end"
        names.add(name)
    return names


def test_logins_are_looked_at_every_second_however_seldom_the_sectors_are(sectors: Sectors):
    sectors.show("west")
    with (
        nation_server(sectors, NAMES, look_every_s=1e6) as server,
        server.client("left", {"west": "viewer"}) as client,
        stream(client) as events,
    ):
        assert next(events)[0] == "nation"
        account = server.accounts.store.account("left")
        assert account is not None
        server.accounts.set_roles(account, {})
        assert until_the_end(events) <= {"beat"}


def test_a_long_stream_is_recorded_every_hour_and_at_its_end_with_what_was_sent(
    sectors: Sectors, server: NationServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ops.cluster.page.stream.RECORD_EVERY_S", 0.1)
    sectors.show("west")

    def recorded(event: str) -> bool:
        entries = each_entry(sectors.folder / "west" / FOLDER, EntryFilter())
        return f"stream of the national picture: {event}" in [one.subject for one in entries]

    with server.client("mary", {"*": "viewer"}) as client, stream(client) as events:
        assert next(events)[0] == "nation"
        assert until(lambda: recorded("1 pictures sent"))
        assert until(lambda: recorded("0 pictures sent"))
    assert until(lambda: recorded("closed, 0 pictures sent"))


def test_a_further_stream_of_a_person_ends_one_of_hers(
    sectors: Sectors, server: NationServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ops.cluster.page.stream.MOST_STREAMS", 3)
    sectors.show("west")
    with (
        server.client("all", {"*": "viewer"}) as client,
        server.client("many", {"*": "viewer"}) as many,
        stream(client) as events,
        stream(many) as first,
        stream(many) as second,
    ):
        assert [next(one)[0] for one in (events, first, second)] == ["nation"] * 3
        with stream(many) as third:
            assert next(third)[0] == "nation"
            assert until_the_end(first) <= {"beat", "changes"}
            sectors.show("mid", incident("I2", 5))
            assert [one["incident"] for one in until_incidents(events)] == ["I2"]
