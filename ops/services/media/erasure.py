"""Erasure of pictures after their retention: keys, files and rows of a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from ops.services.media.book import FILE, PictureBook
from ops.services.media.vault import Vault


def days_of_pictures(data: Path) -> list[date]:
    """Return the days (UTC) of which pictures or references to pictures are kept, sorted."""
    days = set(Vault(data).days())
    if (data / FILE).exists():
        book = PictureBook(data)
        try:
            days |= set(book.days())
        finally:
            book.close()
    return sorted(days)


def count_pictures(data: Path, days: Collection[date]) -> int:
    """Return the number of references of some days."""
    if not (data / FILE).exists():
        return 0
    book = PictureBook(data)
    try:
        return book.count_of(days)
    finally:
        book.close()


def erase_pictures(data: Path, days: Collection[date]) -> int:
    """Erase keys, files and rows of some days; return the number of rows."""
    vault = Vault(data)
    for day in days:
        vault.erase(day)
    if not (data / FILE).exists():
        return 0
    book = PictureBook(data)
    try:
        return book.forget(days)
    finally:
        book.close()
