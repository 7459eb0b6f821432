"""The whole chain in several processes, which are killed while it runs: nothing is lost, twice, or different after."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.room.offline import replay_journal, track_log_hash
from ops.store.reader import Reader
from tests.ops.room.nights import KILLS_EACH, NIGHT_S, SPEED, Night, published

pytestmark = [pytest.mark.chain, pytest.mark.broker]

QUIET = Console(stderr=True, quiet=True)


@pytest.fixture(scope="module")
def disturbed(
    broker: EmbeddedBroker | MosquittoBroker,
    hill_sector: Any,
    copy_night: Callable[[Path], Path],
    tmp_path_factory: Any,
) -> Night:
    """A night during which ingest, fusion and the broker are each killed, and two stopped, at seeded moments."""
    folder = copy_night(tmp_path_factory.mktemp("disturbed"))
    chance = random.Random(f"kills with {type(broker).__name__}")
    victims = ["ingest", "fusion", "broker"] * KILLS_EACH + ["ingest, in order", "fusion, in order"]
    chance.shuffle(victims)
    moments = sorted(chance.uniform(0.5, 0.75 * NIGHT_S / SPEED) for _ in victims)
    night = Night(hill_sector.sector, folder, broker, "hills")
    with night.room:
        night.begin()
        began = time.monotonic()
        for victim, moment in zip(victims, moments, strict=True):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            night.strike(victim, chance.uniform(0.0, 0.4))
        night.end()
    return night


@pytest.fixture(scope="module")
def undisturbed(disturbed: Night) -> dict[str, Any]:
    """A replay of the journal that the disturbed night left."""
    return replay_journal(
        disturbed.folder / "journal.db",
        str(disturbed.sector),
        None,
        disturbed.folder / "replay",
        settings=disturbed.settings,
        screen=QUIET,
    )


def test_kills_lose_nothing_and_count_nothing_twice(disturbed: Night, ledger: Callable[[Path], Any]):
    found = ledger(disturbed.folder)
    found.check()
    assert found.published == disturbed.simulator.last("published")
    assert sum(found.published.values()) > 80
    assert sum(counts.journaled for counts in found.counts.values()) == sum(found.published.values())


def test_after_kills_the_tracks_are_those_of_an_undisturbed_replay(disturbed: Night, undisturbed: dict[str, Any]):
    history = Reader(disturbed.folder / "store.db").history_dataset()
    assert history.sizes["estimate"] == undisturbed["estimates"] > 100
    assert track_log_hash(history) == undisturbed["tracks_sha256"]
    assert undisturbed["tracks_confirmed"] > 0


def test_after_kills_no_alert_is_new_lost_or_different(disturbed: Night, undisturbed: dict[str, Any]):
    live, again = Reader(disturbed.folder / "store.db"), Reader(disturbed.folder / "replay" / "replay.db")
    assert live.progress().diverged == 0
    assert live.progress().cursor == again.progress().cursor == undisturbed["rows"]
    assert published(live) == published(again)
    assert len({identity for identity, _ in published(live)}) == undisturbed["alerts"] > 0
