"""Encrypted records of the store: bodies of alerts, the live picture, the checkpoint, and estimates of tracks."""

from __future__ import annotations

import struct
from typing import Any, Final

from ops.audit.day_keys import DayKeys, ErasedDay, KeyKind, is_sealed

_ESTIMATE: Final = struct.Struct("<6dq")
"""Four numbers of the state, existence, offset and segment of an estimate; its covariance follows."""
_NAN: Final = float("nan")


def about(kind: KeyKind, identity: str, number: int = 0) -> bytes:
    """Return what binds a record to its row: an alert and its revision, a part of the picture, a track and its time."""
    return f"{kind}|{identity}|{number}".encode("utf-8", "surrogatepass")


def sealed_estimate(keys: DayKeys, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a history row with everything but track, time and status encrypted, in the place of the covariance.

    An estimate of an erased day is stored without content.
    """
    track, time_ns, *state, cov, existence, status, segment, offset = row
    numbers = (_NAN if value is None else value for value in (*state, existence, offset))
    record = _ESTIMATE.pack(*numbers, segment) + cov
    try:
        sealed = keys.seal("tracks", time_ns, record, about("tracks", track, time_ns))
    except ErasedDay:
        sealed = b""
    return (track, time_ns, None, None, None, None, sealed, None, status, 0, None)


def opened_estimate(keys: DayKeys, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return a history row as it was before ``sealed_estimate``; None if it is erased."""
    if not row[6]:
        return None
    if not is_sealed(row[6]):
        return row
    record = keys.open(row[6], about("tracks", row[0], row[1]))
    if record is None:
        return None
    *numbers, segment = _ESTIMATE.unpack_from(record)
    state, (existence, offset) = numbers[:4], numbers[4:]
    return (row[0], row[1], *state, record[_ESTIMATE.size :], existence, row[8], segment, offset)
