"""``watchline feeds``: what receivers did not get, and sending it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from geo.names import expected_name, readable
from ops.audit.command import record_command
from ops.runtime.output import say
from ops.runtime.tables import show_table, table_of
from ops.services.feeds.ledger import FILE, DeliveryLedger

_CELLS = ("receiver", "number", "record", "revision", "message")


def list_undelivered(folder: Path, receiver: str | None, screen: Console) -> dict[str, Any]:
    """List what was given up or refused for good, of one receiver (``FEED/NAME``) or of all."""
    letters = _dead_letters(folder, receiver)
    title = say("console-feeds-dead-letters", count=len(letters))
    if letters:
        table = table_of(*_CELLS, title=title, right=("number", "revision"))
        for letter in letters:
            table.add_row(*(readable(str(cell)) for cell in letter))
        show_table(screen, table)
    else:
        screen.print(title, markup=False, highlight=False)
    return {"count": len(letters), "dead_letters": [dict(zip(_CELLS, letter, strict=True)) for letter in letters]}


def replay_undelivered(folder: Path, receiver: str, screen: Console) -> dict[str, Any]:
    """Let a receiver get its dead letters again, under their numbers: at once, or when `run` is started next.

    Raises BadInput for a receiver without any.
    """
    known = {letter[0] for letter in _dead_letters(folder, None)}
    if receiver not in known:
        expected = expected_name(receiver, sorted(known)) if known else "a receiver with dead letters"
        raise BadInput(f"{folder} has no dead letters of {receiver}", where="RECEIVER", expected=expected)
    record_command(folder, "feeds replay", f"dead letters of {receiver}")
    ledger = DeliveryLedger(folder / FILE)
    try:
        count = ledger.replay(receiver)
    finally:
        ledger.close()
    screen.print(say("console-feeds-replayed", count=count, receiver=receiver), markup=False, highlight=False)
    return {"receiver": receiver, "count": count}


def _dead_letters(folder: Path, receiver: str | None) -> list[tuple[str, int, str, int, str]]:
    if not (folder / FILE).is_file():
        return []
    ledger = DeliveryLedger(folder / FILE)
    try:
        return ledger.dead_letters(receiver)
    finally:
        ledger.close()
