"""Tasks that ended while their lease could not be given back, as without the store.

The lease then still names the worker's process, which has nothing more to do with the sector but may run others: the
next holder must not end it. A note in the folder of the machine says so.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def note_ended(folder: Path, sector: str, token: int) -> None:
    """Note that nothing runs any more under a lease of this machine; without effect where that cannot be written."""
    with suppress(OSError):
        _note(folder, sector).write_text(f"{token}\n", encoding="ascii")


def has_ended(folder: Path, sector: str, token: int) -> bool:
    """Whether the task under a lease of this machine has ended without having given it back."""
    try:
        return _note(folder, sector).read_text(encoding="ascii").strip() == str(token)
    except (OSError, UnicodeDecodeError):
        return False


def _note(folder: Path, sector: str) -> Path:
    return folder / f".{sector}.ended"
