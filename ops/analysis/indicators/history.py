"""The history of indicators: a file to which each import adds one line, so that what was known on any day is known.

JSON Lines: the first line names the format, every other is an import with its day, its file and its records. Each line
has the hash of the line before, so that a line that is edited is noticed once another follows it; a file that is cut
short is not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Literal

import msgspec

from ops.analysis.indicators.catalogue import FAMILIES, definitions
from ops.analysis.indicators.records import Indicator, RefusedRow, contradictions
from ops.analysis.indicators.tables import IndicatorError, check_size
from ops.runtime.files.lock import lock_file
from ops.runtime.output import atomic_write

SUFFIX: Final = ".jsonl"
HEADER: Final = b'{"format":"watchline indicator history","version":1}'
MOST_HISTORY_BYTES: Final = 2_000_000_000
"""A history grows with every import; a larger one is neither read nor written."""
EXPECTED: Final = "a history that `watchline indicators import` wrote"
ValueKey = tuple[str, str, str, date, str]
"""Key of a value: family, name and place of the indicator, day, source."""
ChangeKind = Literal["new", "corrected", "unchanged", "withdrawn"]


class HistoryRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A record as a line of the history has it."""

    place: str
    family: str
    name: str
    value: float | None
    unit: str
    day: date
    source: str
    target: float | None = None
    better: Literal["higher", "lower"] | None = None
    confidence: Literal["high", "medium", "low"] | None = None
    start: date | None = None
    definition: str | None = None
    illustrative: bool = False
    catalogued: bool = False
    origin: str = ""
    row: int = 0
    withdrawn: bool = False
    reason: str = ""


class _Import(msgspec.Struct, forbid_unknown_fields=True):
    before: str
    known_on: date
    file: str
    sha256: str
    records: list[HistoryRecord]


@dataclass(frozen=True, slots=True)
class IndicatorImport:
    """One import: the day on which its records became known, the file and its hash, and the records."""

    known_on: date
    file: str
    sha256: str
    records: tuple[Indicator, ...]


class EditedLine(IndicatorError):
    """A line of a history is not what it was when it was read before."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of a history that holds an import: its number, hash, first byte in the file, and content."""

    number: int
    digest: str
    start: int
    read: _Import


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """The effect of an import on one value; ``before`` is the record that it corrects."""

    kind: ChangeKind
    record: Indicator
    before: Indicator | None = None


def is_history(path: Path) -> bool:
    """Whether a file of indicators is a history, by its name."""
    return path.suffix.lower() == SUFFIX


def read_history(path: Path) -> list[IndicatorImport]:
    """Read every import of a history, in order.

    Parameters
    ----------
    path : Path
        The history.

    Returns
    -------
    list of IndicatorImport
        Empty where the file does not exist.

    Raises
    ------
    IndicatorError
        For a file that cannot be read, is not a history, or was edited.
    """
    imports = []
    for line in lines_of(path):
        records = tuple(indicators_of(line.read.records, line.read.known_on, line.read.sha256))
        imports.append(IndicatorImport(line.read.known_on, line.read.file, line.read.sha256, records))
    return imports


def lines_of(path: Path, hashes: Sequence[str] = (), known_on: date = date.min) -> Iterator[HistoryLine]:
    """Read a history import by import, so that no more than one of them is in memory; none if the file does not exist.

    ``hashes``: those of the first lines, the header among them, as they were read before; these lines are compared with
    them and neither decoded nor returned. ``known_on``: day of the last of these imports. Raises IndicatorError as
    ``read_history``, EditedLine where the file does not begin with these lines.
    """
    if not path.exists():
        return
    check_size(path, MOST_HISTORY_BYTES)
    try:
        with path.open("rb") as file:
            yield from _lines(path, file, hashes, known_on)
    except OSError as error:
        raise IndicatorError(f"cannot be read ({error.strerror})", where=str(path), expected=EXPECTED) from None


def _lines(path: Path, file: BinaryIO, hashes: Sequence[str], known_on: date) -> Iterator[HistoryLine]:
    before, number, offset = "", 0, 0
    for number, raw in enumerate(file, start=1):
        lines, where = raw.splitlines(), f"{path}, line {number}"
        digest = sha256(lines[0]).hexdigest()
        if number == 1 and lines != [HEADER]:
            raise IndicatorError("is not a history of indicators", where=str(path), expected=EXPECTED)
        if number <= len(hashes):
            if digest != hashes[number - 1]:
                raise EditedLine("is not the line that was read before", where=where, expected=EXPECTED)
        elif number > 1:
            try:
                read = msgspec.json.decode(lines[0], type=_Import)
            except (msgspec.MsgspecError, UnicodeError):
                raise IndicatorError("is not an import", where=where, expected=EXPECTED) from None
            if len(lines) > 1:  # a carriage return between two values
                raise IndicatorError("is not an import", where=where, expected=EXPECTED)
            _check_codes(read.records, where)
            if read.before != before:
                raise IndicatorError("the line before it was edited", where=where, expected=EXPECTED)
            if read.known_on < known_on:
                raise IndicatorError("is earlier than the import before it", where=where, expected=EXPECTED)
            known_on = read.known_on
            yield HistoryLine(number, digest, offset, read)
        before, offset = digest, offset + len(raw)
    if number < len(hashes):
        raise EditedLine("has lost lines", where=str(path), expected=EXPECTED)
    if number == 0:
        raise IndicatorError("is not a history of indicators", where=str(path), expected=EXPECTED)


def _check_codes(records: Sequence[HistoryRecord], where: str) -> None:
    unknown = [one.family for one in records if one.family not in FAMILIES]
    unknown += [one.name for one in records if one.catalogued and one.name not in definitions()]
    if unknown:
        raise IndicatorError(f"unknown code {unknown[0]!r}", where=where, expected="codes of this version") from None


def indicators_of(records: Iterable[HistoryRecord], known_on: date, digest: str) -> Iterator[Indicator]:
    """The records of an import, with its day and the hash of its file."""
    for one in records:
        yield Indicator(
            one.place, one.family, one.name, one.value, one.unit, one.day, one.source, one.target, one.better,
            one.confidence, one.start, one.definition, one.illustrative, one.catalogued, one.origin, one.row, known_on,
            digest, one.withdrawn, one.reason,
        )  # fmt: skip


def as_known(imports: Iterable[IndicatorImport], day: date) -> list[Indicator]:
    """Return the newest record of each value among the imports up to a day, by date of the value.

    A value that was withdrawn up to that day is not returned.
    """
    return _stated(newest_of(imports, day).values())


def _stated(newest: Iterable[Indicator]) -> list[Indicator]:
    stated = (record for record in newest if not record.withdrawn)
    return sorted(stated, key=lambda record: (record.day, record.what, record.source))


def newest_of(imports: Iterable[IndicatorImport], day: date = date.max) -> dict[ValueKey, Indicator]:
    """Return the newest record of each value among the imports up to a day, withdrawals among them."""
    newest: dict[ValueKey, Indicator] = {}
    for one in imports:
        if one.known_on <= day:
            newest |= {record.key: record for record in one.records}
    return newest


def changes_of(newest: Mapping[ValueKey, Indicator], records: Sequence[Indicator]) -> list[IndicatorChange]:
    """Return what an import of these records would change, in their order; ``newest`` as of ``newest_of``."""
    known = dict(newest)
    changes = []
    for record in records:
        before = known.get(record.key)
        stated = None if before is None or before.withdrawn else before
        if _is_in(known, record):
            changes.append(IndicatorChange("unchanged", record, before))
        elif record.withdrawn:
            changes.append(IndicatorChange("withdrawn", record, stated))
        elif stated is None:
            changes.append(IndicatorChange("new", record))
        else:
            changes.append(IndicatorChange("corrected", record, stated))
        known[record.key] = record
    return changes


def conflicts_with(
    newest: Mapping[ValueKey, Indicator], records: Sequence[Indicator], *, illustrative: bool | None = None
) -> list[RefusedRow]:
    """Return the records that contradict what the history would hold after the import, by their rows.

    A record replaces the one of the same indicator, day and source. All others must agree with it. A withdrawal needs
    a value that it withdraws, unless the history has the same withdrawal already. ``newest``: as of ``newest_of``, at
    least of the values that matter to these records; ``illustrative``: whether all others of the history are, None if
    there are none.
    """
    replaced = {record.key for record in records}
    known = _stated(newest.values())
    kept = [record for record in known if record.key not in replaced]
    stated = [record for record in records if not record.withdrawn]
    expected = "agreement with the history, or all sources of the day in one import"
    refused = [
        RefusedRow(stated[at - len(kept)].row, reason, expected)
        for at, reason in contradictions([*kept, *stated], illustrative=illustrative)
        if at >= len(kept)
    ]
    own = {record.key for record in stated}
    keys = {record.key for record in known}
    expected = "the indicator, place, date and source of a value that the table does not state itself"
    refused += [
        RefusedRow(record.row, "withdraws a value that the history does not have", expected)
        for record in records
        if record.withdrawn and (record.key in own or not (record.key in keys or _is_in(newest, record)))
    ]
    return sorted(refused, key=lambda one: one.row)


@dataclass(frozen=True, slots=True)
class HistoryEnd:
    """What the next import of a history follows: the number of imports, day of the last, and hash of its line."""

    imports: int
    known_on: date
    digest: str


def end_of(path: Path) -> HistoryEnd:
    """Read a history and return its end; IndicatorError as ``read_history``."""
    end = HistoryEnd(0, date.min, sha256(HEADER).hexdigest())
    for line in lines_of(path):
        end = HistoryEnd(end.imports + 1, line.read.known_on, line.digest)
    return end


def add_import(
    path: Path,
    file: Path,
    content: bytes,
    records: Sequence[Indicator],
    *,
    known_on: date,
    after: int,
    end: Callable[[Path], HistoryEnd] = end_of,
) -> None:
    """Add one import to a history, whole or not at all.

    Parameters
    ----------
    path : Path
        The history; it is created if it does not exist.
    file : Path
        The table that was imported.
    content : bytes
        Its content, of which the hash is kept.
    records : sequence of Indicator
        What it holds.
    known_on : date
        The day of the import.
    after : int
        Number of imports that the records were checked against.
    end : callable
        Returns the end of the history while no other import runs.

    Raises
    ------
    IndicatorError
        For a history that cannot be read, has a later import or another one than was checked, or is being written by
        another process.
    """
    lock = lock_file(path.with_name(path.name + ".lock"))
    if lock is None:
        raise IndicatorError("another import is running", where=str(path), expected="one import at a time")
    try:
        last = end(path)
        if last.imports != after:
            raise IndicatorError("was changed by another import", where=str(path), expected="the same command again")
        if last.known_on > known_on:
            what = f"its last import is dated {last.known_on}"
            raise IndicatorError(what, where=str(path), expected=f"none after {known_on}: check the clock")
        plain = [{name: getattr(one, name) for name in HistoryRecord.__struct_fields__} for one in records]
        added = _Import(
            before=last.digest,
            known_on=known_on,
            file=file.name,
            sha256=sha256(content).hexdigest(),
            records=[HistoryRecord(**one) for one in plain],
        )
        _add_line(path, msgspec.json.encode(added) + b"\n")
    finally:
        os.close(lock)


def _add_line(path: Path, line: bytes) -> None:
    """Write a longer copy of the history in its place."""
    with atomic_write(path) as partial, partial.open("wb") as out:
        if path.exists():
            with path.open("rb") as former:
                shutil.copyfileobj(former, out, 1 << 20)
                former.seek(-1, os.SEEK_END)
                if former.read(1) != b"\n":  # of a file that was copied by other means
                    out.write(b"\n")
        else:
            out.write(HEADER + b"\n")
        out.write(line)
        if out.tell() > MOST_HISTORY_BYTES:
            raise IndicatorError("would be too large", where=str(path), expected=f"at most {MOST_HISTORY_BYTES} bytes")
        out.flush()
        os.fsync(out.fileno())


def _is_in(newest: Mapping[ValueKey, Indicator], record: Indicator) -> bool:
    """Whether the newest record of the same value states the same."""
    return record.key in newest and _content(newest[record.key]) == _content(record)


def _content(record: Indicator) -> Indicator:
    return replace(record, origin="", row=0, known_on=None, sha256="")
