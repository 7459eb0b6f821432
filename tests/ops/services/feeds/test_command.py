"""``watchline feeds``: lists what receivers did not get, and lets them get it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.services.feeds.command import list_undelivered, replay_undelivered
from ops.services.feeds.ledger import DEAD, FILE, DeliveryLedger, Finished
from ops.store.reader import OutboxRow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two dead letters of one web hook and one of another."""
    ledger = DeliveryLedger(tmp_path / FILE)
    rows = [OutboxRow(number, f"A{number}", 0, "high", b"{}") for number in (1, 2, 3)]
    ledger.take(rows, {"web_hook/a": rows, "web_hook/b": rows[:1]}, at_ns=1)
    ledger.finish([Finished("web_hook/a", number, DEAD, 2, "answered 410\x1b[2J") for number in (1, 3)])
    ledger.finish([Finished("web_hook/b", 1, DEAD, 2, "not delivered within 1 s")])
    ledger.close()
    return tmp_path


def test_dead_letters_are_listed_with_their_reasons(folder: Path) -> None:
    screen = Console(record=True, width=120)
    found = list_undelivered(folder, None, screen)
    assert [(one["receiver"], one["number"], one["record"]) for one in found["dead_letters"]] == [
        ("web_hook/a", 1, "A1"), ("web_hook/a", 3, "A3"), ("web_hook/b", 1, "A1"),
    ]  # fmt: skip
    assert json.loads(json.dumps(found)) == found
    text = screen.export_text()
    assert "3 dead letters" in text
    assert "not delivered within 1 s" in text
    assert "\x1b" not in text
    assert list_undelivered(folder, "web_hook/b", Console(quiet=True))["count"] == 1


def test_replayed_letters_wait_again_under_their_numbers(folder: Path) -> None:
    AuditLog(folder / FOLDER).close()
    assert replay_undelivered(folder, "web_hook/a", Console(quiet=True)) == {"receiver": "web_hook/a", "count": 2}
    ledger = DeliveryLedger(folder / FILE)
    assert [(one.number, one.alert) for one in ledger.waiting("web_hook/a")] == [(1, "A1"), (2, "A2"), (3, "A3")]
    assert [letter[0] for letter in ledger.dead_letters()] == ["web_hook/b"]
    ledger.close()
    logged = "".join(one.read_text() for one in (folder / FOLDER).iterdir() if one.suffix != ".key")
    assert "watchline feeds replay" in logged


def test_a_receiver_without_dead_letters_and_a_folder_without_deliveries_are_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(BadInput, match="web_hook/a"):
        replay_undelivered(folder, "web_hook/aa", Console(quiet=True))
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(BadInput, match="has no dead letters of"):
        replay_undelivered(empty, "web_hook/a", Console(quiet=True))
    assert list_undelivered(empty, None, Console(quiet=True)) == {"count": 0, "dead_letters": []}
    assert not (empty / FILE).exists()
