"""Tables that people send: rows of CSV, JSON, XLSX and GeoPackage files, one mapping of column to cell per row.

A cell is text, a number, a date as YYYY-MM-DD, or None where it is empty. Nothing is interpreted here.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.errors import BadInput
from geo.names import readable
from geo.text_files import NotReadable, refuse_special
from geo.vector_files import refuse_requests

FORMATS: Final = "CSV with a header, JSON, XLSX or GeoPackage"
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 100
MOST_BYTES: Final = 200_000_000
"""Size of a table, of a workbook after it is decompressed."""
BROKEN_ARCHIVE: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What zipfile raises for a damaged archive, and for one that needs a password or an unknown method."""
FORMULA: Final = "="


class IndicatorError(BadInput):
    """A table of indicators, outcomes or measures that cannot be used."""


TableRow = dict[str, Any]


def read_rows(path: Path, *, known: Sequence[str]) -> list[TableRow]:
    """Read the rows of a table.

    Parameters
    ----------
    path : Path
        CSV or JSON file, XLSX workbook, of which the first visible sheet is read, or GeoPackage, of which the layer
        with known columns is read.
    known : sequence of str
        Columns that may occur; a table that has none of them is refused.

    Returns
    -------
    list of dict
        The rows in order; rows without any value are kept, so that numbers of rows stay right.

    Raises
    ------
    IndicatorError
        For any other file, one that is too large, and for a table with none of the ``known`` columns.
    """
    readers = {".json": _json_rows, ".xlsx": _workbook_rows, ".gpkg": _geopackage_rows}
    check_size(path)
    try:
        rows = readers.get(path.suffix.lower(), _csv_rows)(path, known)
    except (OSError, ValueError, RecursionError, csv.Error, *BROKEN_ARCHIVE) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8 text"
        raise IndicatorError(f"cannot be read ({readable(reason)})", where=str(path), expected=FORMATS) from None
    if len(rows) > MOST_ROWS:
        raise IndicatorError(f"has {len(rows)} rows", where=str(path), expected=f"at most {MOST_ROWS}")
    return rows


def is_empty(row: TableRow) -> bool:
    """Whether a row has no value at all, as one that separates years in a spreadsheet."""
    return all(cell is None or cell == "" for cell in row.values())


def check_size(path: Path, most: int | None = None) -> None:
    """Raise IndicatorError for a file larger than ``most``, by default MOST_BYTES, or not found, and for a pipe or
    device; none of it is read."""
    _refuse_special(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise IndicatorError(f"cannot be read ({error.strerror})", where=str(path), expected=FORMATS) from None
    most = MOST_BYTES if most is None else most
    if size > most:
        raise IndicatorError(f"has {size} bytes", where=str(path), expected=f"at most {most}")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, read in parts; IndicatorError for a file that cannot be read."""
    _refuse_special(path)
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise IndicatorError(f"cannot be read ({error.strerror})", where=str(path), expected=FORMATS) from None


def _refuse_special(path: Path) -> None:
    try:
        refuse_special(path)
    except (NotReadable, OSError) as error:
        reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        raise IndicatorError(reason, where=str(path), expected=FORMATS) from None


def _json_rows(path: Path, _: Sequence[str]) -> list[TableRow]:
    rows = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("not a list of objects")
    return rows


def _csv_rows(path: Path, known: Sequence[str]) -> list[TableRow]:
    text = path.read_text(encoding="utf-8-sig")
    names = {name.strip() for name in text.partition("\n")[0].replace('"', "").split(";")}
    between = ";" if len(names) > 1 and names & set(known) else ","  # spreadsheets write either, by their locale
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=between)
    if not reader.fieldnames:
        raise ValueError("it is empty")
    _check_header(reader.fieldnames, known)
    table = [dict(row) for row in reader]
    for number, row in enumerate(table, start=1):
        if None in row or None in row.values():
            where = f"{path}, row {number}"
            raise IndicatorError("more or fewer cells than the header", where=where, expected="a cell for each column")
    return table


def _workbook_rows(path: Path, known: Sequence[str]) -> list[TableRow]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise ValueError("it is too large")
        values, formulas = _sheet(path, stored=True), _sheet(path, stored=False)
        header = [_text(cell) for cell in next(values, ())]
        next(formulas, ())
        _check_header(header, known)
        rows: list[TableRow] = []
        for number, (cells, typed) in enumerate(zip(values, formulas, strict=True), start=1):
            if number > MOST_ROWS:
                raise ValueError("it has too many rows")
            rows.append(_row_of_sheet(path, number, header, cells, typed))
    except (*BROKEN_ARCHIVE, KeyError, TypeError, AttributeError, IndexError, SyntaxError) as error:
        raise ValueError(f"not a workbook: {type(error).__name__}") from None
    while rows and not any(cell is not None for cell in rows[-1].values()):  # formatted cells below the table
        rows.pop()
    return rows


def _sheet(path: Path, *, stored: bool) -> Iterator[tuple[Any, ...]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=stored, keep_links=False)
    try:
        sheets = book.worksheets  # without those that are a chart
        shown = [one for one in sheets if one.sheet_state == "visible"] or sheets
        yield from shown[0].iter_rows(values_only=True, max_col=MOST_COLUMNS)
    finally:
        book.close()


def _row_of_sheet(
    path: Path, number: int, header: Sequence[str], cells: Sequence[Any], typed: Sequence[Any]
) -> TableRow:
    row: TableRow = {name: None for name in header if name}
    where = f"{path}, row {number}"
    for at, (cell, written) in enumerate(zip(cells, typed, strict=False)):
        # an array formula is an object of openpyxl, not a text
        if cell is None and written is not None and (not isinstance(written, str) or written.startswith(FORMULA)):
            expected = "a workbook that was saved by the program that computes it"
            raise IndicatorError("a formula without its value", where=where, expected=expected)
        if cell is None or cell == "":
            continue
        if at >= len(header) or not header[at]:
            raise IndicatorError(
                f"{_text(cell)!r} without a heading", where=where, expected="a heading for each column"
            )
        row[header[at]] = _cell(cell)
    return row


def _geopackage_rows(path: Path, known: Sequence[str]) -> list[TableRow]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    refuse_requests(str(path))
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(layers) > 1:  # such as styles beside the table
            layers = [one for one in layers if set(known) & set(pyogrio.read_info(path, layer=one)["fields"])]
        if len(layers) != 1:
            raise ValueError(f"it has {len(layers) or 'no'} layers with known columns")
        about, _, _, columns = pyogrio.raw.read(path, layer=layers[0], read_geometry=False)
    except (DataSourceError, DataLayerError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    header = [str(name) for name in about["fields"]]
    _check_header(header, known)
    cells = ({name: _cell(cell) for name, cell in zip(header, row, strict=True)} for row in zip(*columns, strict=True))
    return list(cells)


def _check_header(header: Sequence[str], known: Sequence[str]) -> None:
    if not set(known) & set(header):
        first = header[0] if header else ""
        raise ValueError(f"its first line, {first!r}, names no known column")
    doubled = {name for name in header if name and list(header).count(name) > 1}
    if doubled:
        raise ValueError(f"it has the column {min(doubled)!r} twice")


def _cell(value: Any) -> Any:
    """A cell as text, number, date as YYYY-MM-DD, or None."""
    if isinstance(value, np.generic):
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else str(value.astype("datetime64[D]"))
        value = value.item()
    if isinstance(value, float) and value != value:  # missing, in a GeoPackage
        return None
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
