"""A tracker's timeline as bytes, in parts that are made one after the other: npz files of arrays and JSON, no pickles.

Thousands of scans are within the horizon of a busy sector: tens of megabytes. A part holds many of them, each field as
one concatenated array with the lengths stored separately, but little more than ``PART_BYTES``, so that fusion can make
and store a part between two scans. All parts are of the moment at which they were asked for: what a timeline holds is
replaced, not changed, so that to keep its lists is to keep its state.

A snapshot states the layout that it was taken with. Tracks survive a survey that moves or turns a sensor; what was
learnt with the old survey does not, because the new one states it already: a correction would be made twice.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from fusion.filter.sightings import as_table, of_table
from fusion.filter.track_bank import Rows, TrackBank, TrackColumns, empty_bank
from fusion.models.bearing_contacts import Contacts
from fusion.models.bias import LEARNT_ARRAYS, Learnt, Rings, of_matrix
from fusion.models.densities import Densities
from fusion.models.false_dead_ground import SENSOR_CELLS, FalseDeadGround
from fusion.models.terrain_speed import Doubt
from fusion.models.tracker_model import TrackerModel
from fusion.poses.known import Poses
from fusion.track_management.timeline import Timeline, TimelineEntry, key_of
from geo.errors import BadInput
from sensors.scan_columns import POSE, ScanColumns

VERSION = 13
OWN_VERSION = f"version {VERSION}; for an older store, replay its journal into a new one"
PART_BYTES = 400_000
"""Size of a part, approximately; one scan or bank that is larger is a part by itself."""
RING_ARRAYS = tuple(field.name for field in fields(Rings))
ROW_ARRAYS = ("track", "centre", "spread", "existence", "status", "event", "plot")
SCAN_ARRAYS = tuple(field.name for field in fields(ScanColumns))[6:]
SCAN_FIELDS = tuple(field.name for field in fields(ScanColumns))[:6]
BYTES_A_ROW, BYTES_A_PLOT, BYTES_A_TRACK = 134, 60, 1_000
ID, KIND, TURN = 0, 1, 4
"""Of what is stored about a sensor of the layout: which it is, and the angle subtracted from its azimuths [rad]."""
Arrays = dict[str, npt.NDArray[Any]]
Thing = TypeVar("Thing")


class SnapshotError(BadInput):
    """Bytes that are not a snapshot, or one of another version, layout or motion model."""


def parts(timeline: Timeline, model: TrackerModel, counts: tuple[int, int, int, int, int]) -> Iterator[bytes]:
    """The timeline and the tracker's ``counts`` at the present moment, however much later the parts are taken.

    Joined they are a MessagePack list of npz files.
    """
    entries = [
        TimelineEntry(entry.scan, entry.rows, entry.taken, entry.before, entry.waits) for entry in timeline.entries
    ]
    banks = [timeline.bank, *(entry.before for entry in entries if entry.before is not None)]
    head = {
        "version": VERSION,
        "counts": counts,
        "newest_ns": timeline.newest_ns,
        "count": timeline.count,
        "lateness": timeline.lateness,
        "runs": [timeline.runs, timeline.ration],
        "layout": _layout_of(model),
        "grid": _grid_of(model),
    }
    makers: list[Callable[[], bytes]] = [partial(_npz, {}, head)]
    makers += [partial(_packed_banks, some) for some in _grouped(banks, _size_of_bank)]
    makers += [partial(_packed_rows, some) for some in _grouped(timeline.finished, _size_of_rows)]
    makers += [partial(_packed_entries, some) for some in _grouped(entries, _size_of_entry)]
    return _framed(makers)


def _framed(makers: Sequence[Callable[[], bytes]]) -> Iterator[bytes]:
    """Yield a MessagePack list of what the ``makers`` make, each made when it is asked for."""
    start = b"\xdd" + struct.pack(">I", len(makers))
    for make in makers:
        part = make()
        yield start + b"\xc6" + struct.pack(">I", len(part)) + part
        start = b""


def _grouped(things: Iterable[Thing], size_of: Callable[[Thing], int]) -> list[list[Thing]]:
    """Divide ``things`` into groups of about PART_BYTES, in their order."""
    groups: list[list[Thing]] = []
    left = 0
    for thing in things:
        size = size_of(thing)
        if not groups or size > left:
            groups.append([])
            left = PART_BYTES
        groups[-1].append(thing)
        left -= size
    return groups


def _size_of_bank(bank: TrackBank) -> int:
    return BYTES_A_TRACK * len(bank) + bank.intensity.nbytes


def _size_of_rows(rows: Rows) -> int:
    return BYTES_A_ROW * len(rows)


def _size_of_entry(entry: TimelineEntry) -> int:
    return BYTES_A_ROW * len(entry.rows) + BYTES_A_PLOT * len(entry.scan)


def _npz(arrays: Arrays, meta: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8))  # type: ignore[arg-type]
    return file.getvalue()


def _packed_banks(banks: Sequence[TrackBank]) -> bytes:
    arrays: Arrays = {
        "learnt_information": np.stack([bank.learnt.matrix for bank in banks]),
        **{f"learnt_{name}": np.stack([getattr(bank.learnt, name) for bank in banks]) for name in LEARNT_ARRAYS},
        **_joined("rings", [bank.learnt.rings for bank in banks], RING_ARRAYS),
        **_joined("bank", [bank.tracks for bank in banks], TrackColumns._fields),
        "bank_seen_ns": np.concatenate([as_table(bank.sightings, len(bank.learnt)) for bank in banks]),
        "bank_intensity": np.stack([bank.intensity for bank in banks]),
        **{
            f"densities_{name}": np.stack([getattr(bank.densities, name) for bank in banks])
            for name in Densities._fields
        },
        **_joined("doubt", [bank.doubt for bank in banks], Doubt._fields),
        **_joined("exposed", [bank.exposed for bank in banks], FalseDeadGround._fields),
        **_joined("contacts", [bank.contacts for bank in banks], Contacts._fields),
        **_joined("poses", [bank.poses for bank in banks], Poses._fields),
        "bank_heard": np.stack([bank.heard_ns for bank in banks]),
    }
    learnt = [[bank.learnt.origin_ns, bank.learnt.newest_ns] for bank in banks]
    return _npz(arrays, {"banks": [bank.intensity_ns for bank in banks], "learnt": learnt})


def _packed_rows(rows: Sequence[Rows]) -> bytes:
    return _npz(_joined("rows", rows, ROW_ARRAYS), {"finished": _about_rows(rows)})


def _about_rows(rows: Sequence[Rows]) -> list[list[int]]:
    return [[block.time_ns, block.dropped, block.flooded, block.bearings] for block in rows]


def _packed_entries(entries: Sequence[TimelineEntry]) -> bytes:
    rows = [entry.rows for entry in entries]
    arrays = {
        **_joined("rows", rows, ROW_ARRAYS),
        **_without_gaps(_joined("scan", [entry.scan for entry in entries], SCAN_ARRAYS)),
    }
    meta = {
        "rows": _about_rows(rows),
        "scans": [[getattr(entry.scan, field) for field in SCAN_FIELDS] for entry in entries],
        "taken": [entry.taken for entry in entries],
        "kept": [entry.before is not None for entry in entries],
        "waits": [entry.waits for entry in entries],
    }
    return _npz(arrays, meta)


def unpack(saved: bytes, timeline: Timeline, model: TrackerModel) -> tuple[int, int, int, int, int]:
    """Fill an empty ``timeline`` from ``saved``, for the layout of ``model``; return the counts. Raises SnapshotError.

    Snapshots of before layouts were stored are taken to be of this layout.
    """
    try:
        opened = (_opened(part) for part in msgspec.msgpack.decode(saved, type=list[bytes]))
        _, head = next(opened)
        if head["version"] != VERSION:
            raise SnapshotError(f"is of version {head['version']}", where="snapshot", expected=OWN_VERSION)
        changed = _Changed(head.get("layout", _layout_of(model)), head.get("grid", _grid_of(model)), model)
        banks: list[TrackBank] = []
        entries: list[TimelineEntry] = []
        for arrays, meta in opened:
            if "banks" in meta:
                banks += map(changed.bank, _banks(arrays, meta["banks"], meta["learnt"]))
            elif "finished" in meta:
                timeline.finished += _rows(arrays, meta["finished"])
            else:
                before = iter(banks[1 + sum(entry.before is not None for entry in entries) :])
                entries += map(changed.entry, _entries(arrays, meta, before))
        if _shapes(banks[0]) != _shapes(timeline.bank):
            raise SnapshotError(
                "belongs to another layout or motion model", where="snapshot", expected="those it was taken with"
            )
        timeline.bank, timeline.entries = banks[0], entries
        timeline.newest_ns, timeline.count, timeline.lateness = head["newest_ns"], head["count"], head["lateness"]
        timeline.runs, timeline.ration = head["runs"]
        timeline.order = [key_of(entry.scan) for entry in entries]
        timeline.waiting = [key_of(entry.scan) for entry in entries if entry.waits]
        timeline.banked = [number for number, entry in enumerate(entries) if entry.before is not None]
        timeline.keys = {entry.scan.key for entry in entries}
        first, second, third, fourth, fifth = head["counts"]
    except msgspec.ValidationError as error:  # one file, up to version 11
        raise SnapshotError("is of another version", where="snapshot", expected=OWN_VERSION) from error
    except (
        msgspec.DecodeError, ValueError, LookupError, TypeError, OSError, EOFError, StopIteration, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise SnapshotError(f"cannot be read ({error})", where="snapshot", expected="what snapshot() gave") from error
    return first, second, third, fourth, fifth


def _opened(part: bytes) -> tuple[Arrays, dict[str, Any]]:
    with np.load(io.BytesIO(part), allow_pickle=False) as archive:
        arrays: Arrays = {name: archive[name] for name in archive.files}
    return arrays, json.loads(arrays["meta"].tobytes())


def _shapes(bank: TrackBank) -> tuple[tuple[int, ...], ...]:
    """Shapes that differ between the banks of different layouts and motion models."""
    return (
        bank.tracks.mean.shape[1:],
        bank.intensity.shape,
        bank.heard_ns.shape,
        bank.learnt.used.shape,
        *(values.shape for values in bank.densities),
    )


def _layout_of(model: TrackerModel) -> list[list[Any]]:
    """Id and kind of each sensor of the layout, in order, and where it stands: easting and northing [m], the angle
    subtracted from its azimuths [rad], height [m]. Of a mobile sensor it is the post, never where it is at present."""
    return [
        [one.id, one.kind, one.easting, one.northing, model.layout.placement(one.id).turn_rad, one.mast_height_m]
        for one in model.layout
    ]


def _grid_of(model: TrackerModel) -> list[float]:
    """The grid of undetected targets: its south-west corner, cell, rows and columns."""
    births = model.births
    return [births.east, births.north, births.cell, births.rows, births.columns]


class _Changed:
    """Changes of a layout after a snapshot, and how its banks and scans follow; SnapshotError for other sensors.

    ``sensors``: numbers of the sensors that were moved or turned; ``turned``: by id, by how much [rad].
    """

    def __init__(self, before: list[list[Any]], grid: list[float], model: TrackerModel) -> None:
        after = _layout_of(model)
        if [one[: KIND + 1] for one in before] != [one[: KIND + 1] for one in after]:
            raise SnapshotError(
                f"belongs to another layout: {_first_other(before, after)}",
                where="snapshot",
                expected="the same sensors in the same order; for others, replay the journal into a new store",
            )
        pairs = [*zip(before, after, strict=True)]
        self.sensors = [number for number, (old, new) in enumerate(pairs) if old != new]
        self.turned = {new[ID]: new[TURN] - old[TURN] for old, new in pairs if new[TURN] != old[TURN]}
        self.empty = empty_bank(model)
        self.regridded = grid != _grid_of(model)

    def bank(self, bank: TrackBank) -> TrackBank:
        """The bank without what was learnt with the old survey; its tracks stay."""
        if self.sensors:
            false_plots, stated = bank.densities.false_plots.copy(), bank.densities.stated.copy()
            false_plots[self.sensors] = stated[self.sensors] = 0.0
            same = ~np.isin(bank.contacts.sensor, self.sensors)
            contacts = bank.contacts._replace(**{name: part[same] for name, part in bank.contacts._asdict().items()})
            same = ~np.isin(bank.exposed.place // SENSOR_CELLS, self.sensors)
            exposed = bank.exposed._replace(**{name: part[same] for name, part in bank.exposed._asdict().items()})
            bank = replace(
                bank,
                learnt=self.empty.learnt,
                densities=bank.densities._replace(false_plots=false_plots, stated=stated),
                contacts=contacts,
                exposed=exposed,
            )
        if self.regridded:
            densities = bank.densities._replace(traffic=self.empty.densities.traffic)
            bank = replace(bank, intensity=self.empty.intensity, densities=densities)
        return bank

    def entry(self, entry: TimelineEntry) -> TimelineEntry:
        """The scan, which late data may run again, as the new survey has it."""
        turn = self.turned.get(entry.scan.sensor)
        if turn is not None and entry.scan.kind != POSE:
            entry.scan = replace(entry.scan, azimuth=np.mod(entry.scan.azimuth - turn, 2.0 * np.pi))
        return entry


def _first_other(before: list[list[Any]], after: list[list[Any]]) -> str:
    """The first sensor that is not the same in both layouts."""
    for old, new in zip(before, after, strict=False):
        if old[: KIND + 1] != new[: KIND + 1]:
            return f"it has {old[KIND]} {old[ID]!r} where this one has {new[KIND]} {new[ID]!r}"
    return f"it has {len(before)} sensors, this one {len(after)}"


def _banks(arrays: Arrays, intensity_ns: Sequence[int], learnt_ns: Sequence[tuple[int, int]]) -> list[TrackBank]:
    parts = _parted("bank", arrays, (*TrackColumns._fields, "seen_ns"))
    rings: list[dict[str, Any]] = [*_parted("rings", arrays, RING_ARRAYS)]
    columns = zip(*(arrays[f"learnt_{name}"] for name in LEARNT_ARRAYS), strict=True)
    learnt = [
        Learnt(
            of_matrix(matrix),
            **dict(zip(LEARNT_ARRAYS, values, strict=True)),
            rings=Rings(**ring),
            origin_ns=at_ns,
            newest_ns=newest,
        )
        for matrix, values, ring, (at_ns, newest) in zip(
            arrays["learnt_information"], columns, rings, learnt_ns, strict=True
        )
    ]
    densities = map(Densities, *(arrays[f"densities_{name}"] for name in Densities._fields))
    return [
        TrackBank(
            TrackColumns(*(part[name] for name in TrackColumns._fields)),
            intensity,
            at_ns,
            heard,
            known,
            density,
            Doubt(**doubt),
            FalseDeadGround(**exposed),
            Contacts(**contacts),
            Poses(**poses),
            of_table(part["seen_ns"]),
        )
        for part, intensity, at_ns, heard, known, density, doubt, exposed, contacts, poses in zip(
            parts,
            arrays["bank_intensity"],
            intensity_ns,
            arrays["bank_heard"],
            learnt,
            densities,
            _parted("doubt", arrays, Doubt._fields),
            _parted("exposed", arrays, FalseDeadGround._fields),
            _parted("contacts", arrays, Contacts._fields),
            _parted("poses", arrays, Poses._fields),
            strict=True,
        )
    ]


def _rows(arrays: Arrays, about: Sequence[Sequence[int]]) -> list[Rows]:
    parts = _parted("rows", arrays, ROW_ARRAYS)
    return [
        Rows(time_ns=at_ns, dropped=dropped, flooded=flooded, bearings=bearings, **columns)
        for columns, (at_ns, dropped, flooded, bearings) in zip(parts, about, strict=True)
    ]


def _entries(arrays: Arrays, meta: dict[str, Any], banks: Iterator[TrackBank]) -> list[TimelineEntry]:
    parts: list[dict[str, Any]] = [*_parted("scan", _with_gaps(arrays), SCAN_ARRAYS)]
    scans = [
        ScanColumns(**dict(zip(SCAN_FIELDS, about, strict=True)), **columns)
        for about, columns in zip(meta["scans"], parts, strict=True)
    ]
    rows = _rows(arrays, meta["rows"])
    before = [next(banks) if has else None for has in meta["kept"]]
    return [TimelineEntry(*entry) for entry in zip(scans, rows, meta["taken"], before, meta["waits"], strict=True)]


# ---- many things' columns in one array -------------------------------------------------------------------------------


def _joined(kind: str, things: Sequence[Any], names: Sequence[str]) -> Arrays:
    """Each named column of all ``things`` as one array, and the length of each thing."""
    lengths = [len(getattr(thing, names[0])) for thing in things]
    arrays: Arrays = {f"{kind}_length": np.array(lengths, np.int64)}
    full = [thing for thing, length in zip(things, lengths, strict=True) if length] or things[
        :1
    ]  # most scans are empty
    for name in names:
        columns = [getattr(thing, name) for thing in full]
        arrays[f"{kind}_{name}"] = np.concatenate(columns) if columns else np.empty(0)
    return arrays


def _parted(kind: str, arrays: Arrays, names: Sequence[str]) -> list[Arrays]:
    """The columns of each thing that ``_joined`` joined, as views."""
    lengths = arrays[f"{kind}_length"]
    ends = np.cumsum(lengths).tolist()
    starts = [0, *ends][: len(ends)]
    wholes = {name: arrays[f"{kind}_{name}"] for name in names}
    if any(len(whole) != (ends[-1] if ends else 0) for whole in wholes.values()):
        raise ValueError(f"the {kind} columns have unequal lengths")
    return [{name: whole[start:end] for name, whole in wholes.items()} for start, end in zip(starts, ends, strict=True)]


def _without_gaps(arrays: Arrays) -> Arrays:
    """The scans' columns without the plots that are NaN in them (most sensors leave most columns empty)."""
    short: Arrays = {"scan_length": arrays["scan_length"]}
    for name in (f"scan_{field}" for field in SCAN_ARRAYS):
        values = arrays[name]
        present = ~np.isnan(values).reshape(len(values), -1).all(axis=1) if values.size else np.zeros(0, np.bool_)
        short[name] = values[present]
        short[f"{name}_at"] = np.packbits(present)
    return short


def _with_gaps(arrays: Arrays) -> Arrays:
    """The columns that ``_without_gaps`` shortened, at full length."""
    full: Arrays = {"scan_length": arrays["scan_length"]}
    total = int(arrays["scan_length"].sum())
    for name in (f"scan_{field}" for field in SCAN_ARRAYS):
        present = np.unpackbits(arrays[f"{name}_at"], count=total).astype(np.bool_)
        full[name] = np.full((total, *arrays[name].shape[1:]), np.nan)
        full[name][present] = arrays[name]
    return full
