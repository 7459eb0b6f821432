"""Archives: detections of many sectors as GeoParquet, one file per hour or day, and the tracks computed from them.

``DETECTIONS/<sector>/<piece>.parquet`` in, ``OUT/<sector>/<piece>.parquet`` out, with the terrain at each estimate.
Any scheduler of dask runs sectors in parallel; within a sector each piece continues from the saved state of the one
before, so an interrupted run resumes where it stopped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.errors import BadInput, WatchlineError
from geo.frame import LocalFrame
from geo.vector_files import file_and_layer
from ops.journal.decode_row import columns_of_row, pose_of_row
from ops.journal.recorded_scans import each_scan
from ops.journal.stores.place import read_journal
from ops.runtime.batch.chains import Failed, run_chains
from ops.runtime.batch.parts import file_digest, key_of
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import atomic_write
from ops.sector.input_files import input_files
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import load_settings, tracker_settings
from ops.store.track_history import write_history
from sensors.detections import DETECTIONS, TAILS, from_arrays, from_columns
from sensors.layout import Layout
from sensors.scan_columns import POSE, ScanColumns
from sensors.timestamps import utc_datetime

PIECES: Final = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d"}
MARK: Final = "4"
"""Version of the marks of finished pieces; those of another are computed again."""
LOCAL: Final = Scheduler()
SCAN_COLUMNS: Final = tuple(name for name, wanted in DETECTIONS.variables.items() if wanted.dims == ("scan",))
MEASURED: Final = (
    *("azimuth", "azimuth_sd", "elevation_angle", "elevation_angle_sd", "range", "range_sd", "radial_velocity"),
    *("radial_velocity_sd", "easting", "northing", "cov", "class_probability", "confidence"),
)


def _ignore(_: object) -> None:
    """Default progress callback: does nothing."""


class ArchiveFileError(BadInput):
    """An archive file that cannot be read or is misplaced."""


def write_detections(detections: xr.Dataset, path: Path, layout: Layout) -> None:
    """Write one row per detection, and one row (``empty``) per scan without detections, in scan order; in WGS 84.

    The points are for display only. Each is the reported position; without one, the range and azimuth on level ground;
    without these, the sensor's position. ``read_detections`` restores the other columns bit for bit.
    """
    import geopandas as gpd
    import pandas as pd

    index = detections["scan_index"].values.astype(np.int64)
    silent = np.setdiff1d(np.arange(detections.sizes["scan"]), index)
    scan = np.concatenate([index, silent])
    order = np.argsort(scan, kind="stable")
    scan, empty = scan[order], (np.arange(len(scan)) >= len(index))[order]
    table: dict[str, Any] = {"scan": scan, "empty": empty}
    table |= {name: detections[name].values[scan] for name in SCAN_COLUMNS}
    for name in MEASURED:
        tail = TAILS.get(name, ())
        values = np.concatenate([detections[name].values, np.full((len(silent), *tail), np.nan)])[order]
        table[name] = list(values.reshape(len(values), -1)) if tail else values
    easting, northing = _positions(table, layout)
    lon, lat = layout.frame.to_lonlat(easting, northing)
    rows = gpd.GeoDataFrame(pd.DataFrame(table), geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    rows.attrs["frame"] = layout.frame.wkt
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        rows.to_parquet(partial, index=False)


def has_scans(path: Path) -> bool:
    """Whether a file of an archive holds scans, and not only poses of sensors. ArchiveFileError for another file."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        kinds = pq.read_table(path, columns=["scan_kind"])["scan_kind"]
        return bool(pc.any(pc.not_equal(kinds, POSE)).as_py())
    except (OSError, KeyError, ValueError) as error:
        raise ArchiveFileError(f"cannot be read ({error})", where=str(path), expected="a file of an archive") from None


def read_detections(path: Path, frame: LocalFrame) -> xr.Dataset:
    """Read the detections dataset that ``write_detections`` wrote.

    Raises ArchiveFileError for a file that is not part of an archive or belongs to another frame.
    """
    import pandas as pd

    try:
        table = pd.read_parquet(path, columns=["scan", "empty", *SCAN_COLUMNS, *MEASURED])
        frame_of_file = table.attrs.get("frame")
        scan, first = np.unique(table["scan"].to_numpy(), return_index=True)
        if not np.array_equal(scan, np.arange(len(scan))):
            raise ValueError("scans are missing")
        per_scan = {name: table[name].to_numpy()[first] for name in SCAN_COLUMNS}
        seen = table[~table["empty"].to_numpy()]
        measured = {
            name: np.array(seen[name].to_list(), np.float64).reshape(-1, *TAILS.get(name, ())) for name in MEASURED
        }
    except (OSError, KeyError, ValueError, TypeError) as error:
        reason = str(error).split("\n")[0].split(": ")[-1].rstrip(".")
        raise ArchiveFileError(
            f"cannot be read ({reason})", where=str(path), expected="detections of an archive"
        ) from None
    if frame_of_file != frame.wkt:
        raise ArchiveFileError("in another frame", where=str(path), expected="the sector's frame")
    per_scan = {name: values.astype(str) if values.dtype == object else values for name, values in per_scan.items()}
    return from_arrays(per_scan, seen["scan"].to_numpy(), measured)


def archive_journal(
    journal: Path, ground: OpenSector, out: Path, *, piece: str = "hour", note: Callable[[int], None] = _ignore
) -> dict[str, Any]:
    """Write a journal's detections as the sector's part of an archive, by time of receipt; return the counts.

    ``note`` is called with the number of rows read. Scans of sensors outside the layout and unreadable rows are counted
    and skipped. Raises ArchiveFileError for a piece that already exists.
    """
    if piece not in PIECES:
        raise BadInput(f"piece {piece!r}", where="archive", expected=" or ".join(PIECES))
    folder = out / ground.sector.name
    counts = {"scans": 0, "detections": 0, "unknown_sensor": 0, "unreadable": 0}
    files: list[str] = []
    kept: list[ScanColumns] = []
    name = ""

    def put() -> None:
        if not kept:
            return
        path = folder / f"{name}.parquet"
        if path.exists() or str(path) in files:
            raise ArchiveFileError("already exists", where=str(path), expected="an archive without this file")
        write_detections(from_columns(kept), path, ground.layout)
        files.append(str(path))
        kept.clear()

    with read_journal(journal) as reader:
        for scan in each_scan(reader, ground.layout, columns_of_row, counts, note, pose_of=pose_of_row):
            when = utc_datetime(scan.received_ns).strftime(PIECES[piece])
            if when < name:  # the clock was set back: the scan stays in the open piece
                when = name
            if when != name:
                put()
                name = when
            kept.append(scan)
            if scan.kind != POSE:
                counts["scans"] += 1
                counts["detections"] += len(scan)
        put()
    return {"sector": ground.sector.name, **counts, "files": files}


def track_archive(
    detections: Path,
    sectors: Iterable[str],
    out: Path,
    *,
    settings: Path | None = None,
    scheduler: Scheduler = LOCAL,
    done: Callable[[str], None] = _ignore,
) -> dict[str, Any]:
    """Track the pieces of every sector and write tracks correlated with terrain and border; finished pieces are kept.

    ``sectors`` are names or files, as in every command; sectors are independent of each other. ``done`` is called with
    the sector for each piece. A piece is finished when its tracks come from the same detections, state, layout, ground
    and settings, and its files are as they were written. ``computed_again`` of the figures names those that were not,
    and ``failed`` the sectors that could not be tracked, with their reason.
    """
    names = {sector.name: str(sector.path) for sector in map(load_sector, sectors)}
    if any((out / name).resolve() == (detections / name).resolve() for name in names):
        raise BadInput("is the folder of the detections", where="--out", expected="another folder")
    files = {name: _pieces(detections.resolve() / name) for name in names}
    for name, pieces_of in files.items():
        _refuse_detections(out / name / path.name for path in pieces_of)
    chains = {
        name: [
            partial(
                _track_piece,
                path=path,
                sector=sector,
                out=out.resolve(),
                settings=None if settings is None else settings.resolve(),
                last=path == files[name][-1],
            )
            for path in files[name]
        ]
        for name, sector in names.items()
    }
    results = run_chains(chains, scheduler, done=done)
    failed = [{"sector": name, "why": one.why} for name, one in results.items() if isinstance(one, Failed)]
    if len(failed) == len(results):
        raise WatchlineError(failed[0]["why"])
    again = [str(path) for one in results.values() if isinstance(one, _Tracked) for path in one.again]
    pieces = sum(map(len, files.values()))
    return {"sectors": list(names), "pieces": pieces, "out": str(out), "computed_again": again, "failed": failed}


def _refuse_detections(targets: Iterable[Path]) -> None:
    """Raise BadInput where tracks would replace detections: those of another archive, which may be the only ones."""
    import pyarrow.parquet as pq

    for path in targets:
        try:
            found = path.exists() and "scan_kind" in pq.read_schema(path).names
        except (OSError, ValueError):
            continue  # not a file of an archive
        if found:
            expected = "another folder than that of an archive"
            raise BadInput(f"has detections in {path.parent.name}/{path.name}", where="--out", expected=expected)


def count_pieces(detections: Path, sectors: Iterable[str]) -> int:
    """Number of pieces that ``track_archive`` will process."""
    return sum(len(_pieces(detections / load_sector(sector).name)) for sector in sectors)


@dataclass(frozen=True, slots=True)
class _Tracked:
    """A tracked piece: the key of its input, the file of the tracker's state, and pieces that were computed again."""

    key: str
    mark: Path
    again: tuple[Path, ...]


def _track_piece(
    before: _Tracked | None, *, path: Path, sector: str, out: Path, settings: Path | None, last: bool
) -> _Tracked:
    """Track one piece of a sector's chain, continuing from the state of the piece before.

    The key covers all input by its content, so that the same input gives the same files in any folder. The mark has
    the key, a digest of the piece's two files, and the state.
    """
    from fusion.batch import track_piece

    chosen_sector = load_sector(sector)
    folder = out / chosen_sector.name
    marks = (
        f"{MARK} {'' if before is None else before.key} {_digest(path)} {chosen_sector.name} "
        f"{key_of(files=input_files(chosen_sector))} {_digest(settings)} {last}"
    )
    key = hashlib.sha256(marks.encode()).hexdigest()
    tracks, mark = folder / path.name, folder / f"{path.stem}.state"
    again = () if before is None else before.again
    if mark.exists() and mark.read_bytes()[:64] == key.encode():
        if _state_of(tracks, mark) is not None:
            return _Tracked(key, mark, again)
        again = (*again, tracks)
    saved = None
    if before is not None and (saved := _state_of(folder / f"{before.mark.stem}.parquet", before.mark)) is None:
        raise ArchiveFileError("was changed during the run", where=str(before.mark), expected="one run at a time")
    ground, coverage = _open_once(sector)
    chosen = load_settings(settings)
    state, history = track_piece(
        read_detections(path, ground.frame), ground.layout, saved, settings=tracker_settings(chosen),
        terrain=ground.terrain, border=ground.border, coverage=coverage, conditions=chosen.weather or "day", last=last,
    )  # fmt: skip
    write_history(correlated(history, ground), tracks, ground.frame)
    with atomic_write(mark, concurrent=True) as unfinished:
        unfinished.write_bytes(key.encode() + _digest_with(tracks, state) + state)
    return _Tracked(key, mark, again)


def _state_of(tracks: Path, mark: Path) -> bytes | None:
    """Return the tracker's state after a piece; None where the tracks or the state are not as they were written."""
    if not tracks.exists():
        return None
    content = mark.read_bytes()
    state = content[128:]
    return state if content[64:128] == _digest_with(tracks, state) else None


def _digest_with(tracks: Path, state: bytes) -> bytes:
    return hashlib.sha256(file_digest(tracks).encode() + state).hexdigest().encode()


def correlated(history: xr.Dataset, ground: OpenSector) -> xr.Dataset:
    """Add the columns of fusion.situation.correlate to ``history``: chainage, ground, time to the border, position."""
    from fusion.situation.correlate import correlate

    names = ("easting", "northing", "easting_rate", "northing_rate")
    east, north, east_rate, north_rate = (history[name] for name in names)
    correlation = correlate(
        east, north, ground.border, ground.terrain, easting_rate=east_rate, northing_rate=north_rate
    )
    assert isinstance(correlation, xr.Dataset)
    return history.assign({name: column for name, column in correlation.data_vars.items() if name not in history})


@lru_cache(maxsize=2)
def _open_once(sector: str) -> tuple[OpenSector, xr.Dataset]:
    """Open what every piece of a sector needs, once per process."""
    from sensors.coverage import look_probability

    ground = open_sector(load_sector(sector))
    return ground, look_probability(ground.layout, ground.terrain)


def _pieces(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise ArchiveFileError("no archive files", where=str(folder), expected="files such as 2026-03-14.parquet")
    wrong = [path for path in files if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2})?", path.stem)]
    if wrong:
        raise ArchiveFileError("the name is not a time", where=str(wrong[0]), expected="such as 2026-03-14T21.parquet")
    return files


def _positions(table: dict[str, Any], layout: Layout) -> tuple[Any, Any]:
    sensors = table["scan_sensor"].astype(str)
    at = {name: (layout[name].easting, layout[name].northing) for name in np.unique(sensors).tolist()}
    foot = np.array([at[name] for name in sensors.tolist()]).reshape(-1, 2)
    out = np.where(np.isnan(table["range"]), 0.0, table["range"])
    turn = np.where(np.isnan(table["azimuth"]), 0.0, table["azimuth"])
    easting = np.where(np.isnan(table["easting"]), foot[:, 0] + out * np.sin(turn), table["easting"])
    northing = np.where(np.isnan(table["northing"]), foot[:, 1] + out * np.cos(turn), table["northing"])
    return easting, northing


def _digest(path: Path | None) -> str:
    return "" if path is None else hashlib.sha256(file_and_layer(path)[0].read_bytes()).hexdigest()
