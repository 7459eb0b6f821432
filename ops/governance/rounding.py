"""Counts rounded at random for the public, so that no small one can be worked out, also by those who know the program.

The counts of a month are rounded to adjacent multiples of ``BASE`` by systematic rounding: the cumulative sums
are shifted by one secret number from 0 to ``BASE`` − 1, and rounded down. Each count, and the total of a month, then
differs from the truth by less than ``BASE``, the counts add up to their total, and on average nothing is added or
lost. This is unbiased controlled rounding (Cox 1987) of one column.

A reader can work out little. Let R be the published counts of a month. The true counts can be R itself, which is
published as it is, and R with one more in any place, which is published as R for all but one of the secret numbers.
Every count can therefore have at least two values, of which one is a multiple of ``BASE``: none is known exactly, and
none is known to be small. Months are rounded independently of each other, and totals over months are sums of published
counts, so that tables of several months, and several tables, add nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

from geo.errors import BadInput
from ops.runtime.account import give_to_owner
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private

BASE: Final = 5
"""Published counts are multiples of this; smaller ones are protected."""
FILE: Final = "publication.key"
KEY_BYTES: Final = 32


def rounded(counts: Sequence[int], shift: int) -> list[int]:
    """The counts of one month, rounded to multiples of ``BASE`` with a ``shift`` from 0 to ``BASE`` − 1."""
    steps = [(total + shift) // BASE for total in accumulate(counts, initial=0)]
    return [(after - before) * BASE for before, after in pairwise(steps)]


def shift_of(key: bytes, month: str) -> int:
    """The secret number of a month: the same in each table, so that no two of them can be compared."""
    return int.from_bytes(hmac.new(key, month.encode(), hashlib.sha256).digest()) % BASE


def publication_key(folder: Path) -> bytes:
    """The secret of a data folder, made at its first use. With another one, months would be rounded otherwise.

    BadInput for a file that is not one: it is never replaced.
    """
    path = folder / FILE
    lock = lock_file(folder / f"{FILE}.lock", wait=True)  # two exports at the same time use one key
    try:
        if not path.exists():
            write_private(path, secrets.token_bytes(KEY_BYTES))
            give_to_owner(path)
        key = path.read_bytes()
    finally:
        if lock is not None:
            os.close(lock)
    if len(key) != KEY_BYTES:
        raise BadInput(f"has {len(key)} bytes", where=str(path), expected=f"the {KEY_BYTES} bytes that Watchline wrote")
    return key
