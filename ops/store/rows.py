"""Converts values for the fusion store: validation of input, rows to columns and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import msgspec

from geo.errors import BadInput
from sensors.timestamps import nanoseconds, utc_datetime

if TYPE_CHECKING:
    import numpy as np  # 10 MB, which the API process need not have: imported where it is used

STATUSES: Final = ("active", "acknowledged", "cleared", "rejected")
"""As in fusion.alerts.alert, which a reader of the store need not load; a test compares them."""
OPEN: Final = STATUSES[:2]
HISTORY_NUMBERS = ("easting", "northing", "easting_rate", "northing_rate")


def to_json(value: Any, *, where: str) -> bytes:
    """Encode plain values, datetimes and numpy scalars as compact UTF-8 JSON; NaN becomes null. BadInput otherwise."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (TypeError, ValueError, NotImplementedError, RecursionError) as error:
        raise BadInput(f"is not JSON ({error})", where=where, expected="plain values") from None


def checked_json(body: bytes, *, where: str) -> bytes:
    """Return ``body`` unchanged if it is one JSON list, as readers forward it without parsing; else raise BadInput."""
    try:
        msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BadInput(f"is not a JSON list ({error})", where=where, expected="a JSON list in UTF-8") from None
    return body


def _plain(value: Any) -> Any:
    import numpy as np

    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="us")) + "Z"
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"a {type(value).__name__}")


def alert_row(alert: Mapping[str, Any]) -> tuple[str, int, str, int | str, int, str]:
    """Return (id, revision, status, priority, raised in UTC ns, JSON body) of an alert; BadInput names the field."""
    where = f"alert {str(alert.get('id'))[:80]!r}"
    for key in ("id", "revision", "status", "priority", "raised_at"):
        if alert.get(key) is None:
            raise BadInput(f"no {key}", where=where, expected="id, revision, status, priority and raised_at")
    identity, revision, status = alert["id"], alert["revision"], alert["status"]
    if not isinstance(identity, str) or not 0 < len(identity) <= 128:
        raise BadInput("the id has a wrong length", where=where, expected="1 to 128 characters")
    if not isinstance(revision, int) or not 0 <= revision < 2**63:
        raise BadInput(f"revision {revision!r}", where=where, expected="a whole number from 0")
    if not isinstance(alert["priority"], int | str):
        raise BadInput(f"priority {alert['priority']!r}", where=where, expected="a whole number or a word")
    if status not in STATUSES:
        raise BadInput(f"status {status!r}", where=where, expected=f"one of {', '.join(STATUSES)}")
    body = to_json(alert, where=where).decode()
    return identity, revision, str(status), alert["priority"], time_ns(alert["raised_at"], where=where), body


def time_ns(moment: datetime | str, *, where: str) -> int:
    """Convert an aware datetime or RFC 3339 text, 1970 to 2262, to UTC nanoseconds since 1970; BadInput otherwise."""
    try:
        instant = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise BadInput(f"{str(moment)[:40]!r} is not a time", where=where, expected="RFC 3339 with an offset") from None
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise BadInput(f"{str(moment)[:40]!r} has no offset", where=where, expected="RFC 3339 with an offset")
    since_ns = nanoseconds(instant)
    if not 0 <= since_ns < 2**63:
        raise BadInput(f"{str(moment)[:40]!r} is out of range", where=where, expected="a time from 1970 to 2262")
    return since_ns


def checked_counts(counts: Mapping[str, Mapping[str, int]] | None) -> Mapping[str, Mapping[str, int]] | None:
    """Return ``counts``, {sensor: {figure: number}}, unchanged; BadInput for an invalid metric name or value."""
    for sensor, figures in (counts or {}).items():
        for name, value in figures.items():
            if not name.isidentifier() or not name.isascii() or not isinstance(value, Integral):
                raise BadInput(
                    f"{name!r} = {value!r}", where=f"counts of {sensor!r}", expected="plain names with whole numbers"
                )
    return counts


def history_rows(history: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a history dataset or mapping of columns, in its order."""
    import numpy as np

    def column(name: str) -> np.ndarray:
        try:
            return np.asarray(history[name])
        except KeyError:
            raise BadInput(f"no column {name!r}", where="history", expected="the track history's columns") from None

    time, cov = column("time"), column("cov")
    count = len(time)
    if time.dtype.kind != "M" or np.isnat(time).any():
        raise BadInput(f"time is {time.dtype}, or not a time", where="history", expected="datetime64[ns], no NaT")
    if cov.shape != (count, 4, 4):
        raise BadInput(f"cov has shape {cov.shape}", where="history", expected=f"({count}, 4, 4)")
    numbers = {name: column(name) for name in (*HISTORY_NUMBERS, "existence", "segment", "offset_m")}
    texts = {name: column(name).astype(str) for name in ("track", "status")}
    for name, values in (numbers | texts).items():
        if values.shape != (count,):
            raise BadInput(f"{name} has shape {values.shape}", where="history", expected=f"({count},)")
    cov_bytes = [matrix.tobytes() for matrix in np.ascontiguousarray(cov, dtype="<f8")]
    return list(
        zip(
            texts["track"].tolist(),
            time.astype("datetime64[ns]").astype(np.int64).tolist(),
            *(numbers[name].astype(float).tolist() for name in HISTORY_NUMBERS),
            cov_bytes,
            numbers["existence"].astype(float).tolist(),
            texts["status"].tolist(),
            numbers["segment"].astype(np.int64).tolist(),
            numbers["offset_m"].astype(float).tolist(),
            strict=True,
        )
    )


def columns(rows: list[tuple[Any, ...]]) -> dict[str, np.ndarray]:
    """Return history rows as columns; SQLite stores NaN as NULL, so None is converted back to NaN."""
    import numpy as np

    track, time, *numbers, cov, existence, status, segment, offset = list(zip(*rows, strict=True)) or [()] * 11
    return {
        "track": np.array(track, dtype=str),
        "time": np.array(time, dtype=np.int64).astype("datetime64[ns]"),
        **{name: np.array(values, dtype=float) for name, values in zip(HISTORY_NUMBERS, numbers, strict=True)},
        "cov": np.frombuffer(b"".join(cov), dtype="<f8").reshape(-1, 4, 4).astype(float),
        "existence": np.array(existence, dtype=float),
        "status": np.array(status, dtype=str),
        "segment": np.array(segment, dtype=np.int32),
        "offset_m": np.array(offset, dtype=float),
    }


def rfc3339(at_ns: int) -> str:
    """Format UTC nanoseconds since 1970 as RFC 3339 text with microseconds."""
    return utc_datetime(at_ns).isoformat(timespec="microseconds").replace("+00:00", "Z")
