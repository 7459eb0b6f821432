"""Tracking of an archive in pieces: a day or a year of detections, in bounded memory, equal to one long run.

A tracker's result depends on all earlier data, so the pieces of a sector form a chain: each continues from the state
after the previous piece. Sectors are independent and run in parallel. ``track_in_pieces`` builds the chain for dask;
``track_piece`` is one link, for callers that keep the state on disk.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fusion.models.settings import TrackerSettings
from fusion.track_management.history import Locator, closed_at_the_end, open_rows
from fusion.tracker import Tracker
from geo.errors import BadInput
from sensors.coverage import look_probability
from sensors.detection_model.weather import CLEAR_DAY, Conditions, conditions_of
from sensors.detections import split
from sensors.layout import Layout
from sensors.scan_columns import ScanColumns

if TYPE_CHECKING:
    from dask.delayed import Delayed

__all__ = ["ArchiveError", "track_in_pieces", "track_piece"]

DIMS = ("estimate", "state", "state_")
BatchPiece = xr.Dataset | Callable[[], xr.Dataset]


class ArchiveError(BadInput):
    """Pieces out of order, or bytes that are not the state of an archive."""


def track_in_pieces(
    pieces: Iterable[BatchPiece],
    layout: Layout,
    *,
    settings: TrackerSettings | None = None,
    terrain: xr.Dataset | None = None,
    border: Locator | None = None,
    conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
) -> list[Delayed]:
    """Build one lazy track history for each piece of an archive.

    Parameters
    ----------
    pieces : iterable of Dataset, or of functions that return one
        Detections, cut by time of receipt, in that order.
    layout : Layout
        The sensors.
    settings : TrackerSettings, optional
        Assumptions of the tracker; by default those of TrackerSettings.
    terrain : Dataset, optional
        Terrain of geo.terrain. The visibility of each sensor is computed once for all pieces.
    border : Border, optional
        Border that tracks are located against.
    conditions : Conditions, str or sequence of str
        Light and weather, as for ``fusion.tracker.Tracker``.

    Returns
    -------
    list of dask Delayed
        Track histories. Concatenated along ``estimate`` they equal ``fusion.tracker.track`` of all detections to the
        bit, row order included. The history of a piece holds the rows that late data can no longer change, so it ends a
        horizon before the piece does; the last one holds all the rest.

    Raises
    ------
    ArchiveError
        When computed, for a piece whose scans were received before those of the piece before it.
    ConditionsError
        For light and weather that are unknown or impossible.
    """
    from dask.delayed import delayed  # slow to import, and ``track_piece`` does without

    kept, conditions = list(pieces), conditions_of(conditions)[1]
    coverage = None if terrain is None else delayed(look_probability, pure=True)(layout, terrain)
    link = delayed(track_piece, nout=2, pure=True)
    state: Any = None
    histories = []
    for number, piece in enumerate(kept):
        state, history = link(
            piece if isinstance(piece, xr.Dataset) else delayed(piece)(), layout, state,
            settings=settings, terrain=terrain, border=border, coverage=coverage, conditions=conditions,
            last=number == len(kept) - 1,
        )  # fmt: skip
        histories.append(history)
    return histories


def track_piece(
    detections: xr.Dataset,
    layout: Layout,
    state: bytes | None = None,
    *,
    settings: TrackerSettings | None = None,
    terrain: xr.Dataset | None = None,
    border: Locator | None = None,
    coverage: xr.Dataset | None = None,
    conditions: Conditions | str | Sequence[str] = CLEAR_DAY,
    last: bool = False,
) -> tuple[bytes, xr.Dataset]:
    """Track one piece of an archive.

    Parameters
    ----------
    detections : Dataset
        Detections of the piece.
    layout : Layout
        The sensors.
    state : bytes, optional
        The state returned for the previous piece; None for the first piece.
    settings : TrackerSettings, optional
        Assumptions of the tracker; the same for all pieces.
    terrain : Dataset, optional
        Terrain of geo.terrain.
    border : Border, optional
        Border that tracks are located against.
    coverage : Dataset, optional
        sensors.coverage.look_probability of ``layout`` and ``terrain``, if already computed.
    conditions : Conditions, str or sequence of str
        Light and weather, as for ``fusion.tracker.Tracker``.
    last : bool
        The archive ends with this piece: all history is returned, and every track is closed as by
        ``fusion.tracker.track``.

    Returns
    -------
    state : bytes
        The state after the piece.
    history : Dataset, dim ``estimate``
        Track history that has become final.

    Raises
    ------
    ArchiveError
        For a piece whose scans were received before those of the piece before it, and for bytes that are not a state.
    ConditionsError
        For light and weather that are unknown or impossible.
    """
    scans = sorted(split(detections, layout), key=_arrival)
    unclosed, before = None, None
    if state is None:
        tracker = Tracker(layout, settings, terrain=terrain, border=border, coverage=coverage, conditions=conditions)
    else:
        saved, unclosed, before = _unpack(state)
        tracker = Tracker.restore(
            layout, settings, saved, terrain=terrain, border=border, coverage=coverage, conditions=conditions
        )
    if scans and before is not None and scans[0].received_ns < before:
        raise ArchiveError(
            f"its first scan was received at {_utc_text(scans[0].received_ns)}, but the previous block continues until "
            f"{_utc_text(before)}",
            where="archive",
            expected="pieces cut by time of receipt, in that order",
        )
    tracker.take_in_all(scans)
    history = tracker.take_history(final=last)
    both = history if unclosed is None else xr.concat([unclosed, history], dim="estimate", join="override")
    after = scans[-1].received_ns if scans else before
    if last:
        ended = closed_at_the_end(both)
        carried = 0 if unclosed is None else unclosed.sizes["estimate"]
        return _pack(tracker.snapshot(), both.isel(estimate=slice(0, 0)), after), ended.isel(
            estimate=slice(carried, None)
        )
    still_open = open_rows(both["track"].values, both["status"].values == "closed")
    return _pack(tracker.snapshot(), both.isel(estimate=still_open), after), history


def _arrival(scan: ScanColumns) -> tuple[int, int, tuple[str, int, int]]:
    return scan.received_ns, scan.observed_ns, scan.key


def _pack(snapshot: bytes, rows: xr.Dataset, received_ns: int | None) -> bytes:
    file = io.BytesIO()
    columns = {f"row_{name}": column.values for name, column in rows.data_vars.items()}
    received = np.array([] if received_ns is None else [received_ns], np.int64)
    np.savez(file, snapshot=np.frombuffer(snapshot, np.uint8), received_ns=received, **columns)  # type: ignore[arg-type]
    return file.getvalue()


def _unpack(state: bytes) -> tuple[bytes, xr.Dataset, int | None]:
    try:
        with np.load(io.BytesIO(state), allow_pickle=False) as saved:
            rows = {
                name.removeprefix("row_"): (DIMS[: saved[name].ndim], saved[name])
                for name in saved.files
                if name.startswith("row_")
            }
            received = saved["received_ns"].tolist()
            return saved["snapshot"].tobytes(), xr.Dataset(rows), received[0] if received else None
    except (OSError, KeyError, ValueError) as error:
        raise ArchiveError(f"cannot be read ({error})", where="archive", expected="a state of an archive") from None


def _utc_text(received_ns: int) -> str:
    return f"{np.datetime64(received_ns, 'ns')}Z"
