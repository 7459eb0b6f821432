"""Ingest, fusion, leases, moves and hand-over under one seed: every invariant at every step (decision 0084)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.cluster.identity import nation_store
from ops.cluster.identity import process as identity_process
from ops.journal import writer as journal_writer
from ops.store import writer as store_writer
from ops.store.engines import file as store_file
from tests.drills.sizes import IS_LONG, sized
from tests.simulation.invariants import Violation
from tests.simulation.night import Night, small_night
from tests.simulation.seeds import Life, keep, kept_seeds, live

LIVES: dict[int, Life] = {}
SEEDS = sorted({*range(sized(10, 200)), *kept_seeds()})


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with small_night() as opened:
        yield opened


@pytest.mark.parametrize("seed", SEEDS)
def test_every_invariant_holds_at_every_step_of_a_world(night: Night, seed: int) -> None:
    try:
        life = live(seed, night)
    except Exception as error:
        error.add_note(f"Again: python -m tests.simulation {seed}")
        if IS_LONG:
            keep(seed, f"{type(error).__name__}: {error}")
        raise
    assert life.steps > 0
    LIVES[seed] = life


def test_one_seed_is_one_world(night: Night) -> None:
    assert live(3, night) == (LIVES.get(3) or live(3, night))


def test_seeds_that_failed_are_kept_once_with_what_they_found(tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("# heading\n7  # found something\n")
    keep(7, "again", file)
    keep(12, "Violation: north:\n row 3", file)
    assert file.read_text() == "# heading\n7  # found something\n12  # Violation: north: row 3\n"
    assert kept_seeds(file) == [7, 12]


def acknowledges_first(patch: pytest.MonkeyPatch) -> None:
    """Ingest that acknowledges a batch before it is durable."""

    def settle(self: Any, batch: Any, deliveries: Any, acknowledge: Any = None) -> None:
        for delivery in deliveries:
            acknowledge(delivery)
        self._commit(batch)

    patch.setattr("ingest.receiving.receiver.Receiver.settle", settle)


def ignores_the_fence(patch: pytest.MonkeyPatch) -> None:
    """Journal and store that do not compare the number of their lease."""
    for module in (journal_writer, store_file):
        patch.setattr(module, "is_fenced_by", lambda *_: True)


def keeps_the_history(patch: pytest.MonkeyPatch) -> None:
    """A store that keeps what was written after its checkpoint, and writes it again."""

    class Forgetful:
        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            return self._connection.execute(
                sql.replace("DELETE FROM history WHERE id >", "SELECT 1 WHERE 0 >"), *values
            )

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

    rewind = store_writer.Store._rewind

    def forgetting(self: Any, journaled: int) -> Any:
        connection, self._connection = self._connection, Forgetful(self._connection)
        try:
            return rewind(self, journaled)
        finally:
            self._connection = connection

    patch.setattr(store_writer.Store, "_rewind", forgetting)


def identities_ignore_the_fence(patch: pytest.MonkeyPatch) -> None:
    """An identity process that was replaced while it was frozen, and writes all the same."""
    patch.setattr(nation_store, "is_fenced_by", lambda *_: True)


def identities_see_later_decisions(patch: pytest.MonkeyPatch) -> None:
    """A process that, started again, uses decisions for times at which they had not been made."""
    stored = nation_store.NationStore.decision_of

    def from_the_beginning(self: Any, key: Any) -> Any:
        decision = stored(self, key)
        return None if decision is None else replace(decision, at_ns=0)

    patch.setattr(nation_store.NationStore, "decision_of", from_the_beginning)


def identities_begin_where_they_ended(patch: pytest.MonkeyPatch) -> None:
    """A process that, started again, does not read again what its undecided tracks had shown."""
    patch.setattr(identity_process, "MEMORY_S", 0.0)


def identities_are_decided_again(patch: pytest.MonkeyPatch) -> None:
    """A file that loses at each start what was decided."""
    prepare = nation_store.NationStore._prepare

    def forgetting(self: Any, db: Any) -> None:
        prepare(self, db)
        db.execute("DELETE FROM identities")

    patch.setattr(nation_store.NationStore, "_prepare", forgetting)


PLANTED = {
    acknowledges_first: "acknowledged, not journaled",
    ignores_the_fence: "written under lease",
    keeps_the_history: "tracks of the live store and of a replay differ",
    identities_ignore_the_fence: "nation.db: written under lease",
    identities_see_later_decisions: "of an undisturbed process",
    identities_begin_where_they_ended: "of an undisturbed process",
    identities_are_decided_again: "is lost",
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(night: Night, monkeypatch: pytest.MonkeyPatch, plant: Any) -> None:
    plant(monkeypatch)
    found = []
    for seed in range(10):
        try:
            live(seed, night)
        except Violation as violation:
            found.append(str(violation))
            if PLANTED[plant] in found[-1]:
                return
    pytest.fail(f"not found in ten worlds; {found}")


def test_the_worlds_hand_tracks_over_while_their_process_is_killed_frozen_and_replaced(night: Night) -> None:
    happened = (LIVES.get(8) or live(8, night)).happened
    for what in ("tracks joined", "tracks changed", "tracks met", "identities asleep", "identities fenced"):
        assert happened[what] > 0, what
