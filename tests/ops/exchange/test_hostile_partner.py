"""Packages that a partner signed, and that would end the process or say nothing of what is missing."""

from __future__ import annotations

import sqlite3
import struct
import tracemalloc
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from geo.errors import BadInput
from ops.exchange.format.geopackage import _shape, rows_of
from ops.exchange.format.package import opened, packed
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.make import withdraw
from tests.ops.exchange.partners import KEYS, LAYERS, NOW, package, receiver, sender

ONLY = {"layers": {"incidents": LAYERS["incidents"]}}


def test_a_geometry_that_is_neither_point_nor_cell_is_not_parsed() -> None:
    """Collections within collections, 100,000 deep, end the process within GEOS."""
    point = struct.pack("<BIdd", 1, 1, -84.2, 36.6)
    head = b"GP\0\1" + struct.pack("<i", 4326)
    deep = b"".join(struct.pack("<BII", 1, 7, 1) for _ in range(50))
    assert _shape(head + point).geom_type == "Point"
    assert _shape(head + deep + point) is None


def repeated(path: Path, row: tuple[bytes, str, str], rows: int, times: int) -> bytes:
    """A GeoPackage of one layer, of which one page with these rows is in the tree of the table so many times."""
    size = 32_768
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA page_size={size}")
        database.execute("CREATE TABLE incidents (fid INTEGER PRIMARY KEY, geom BLOB, id TEXT, source TEXT)")
        database.executemany("INSERT INTO incidents (geom, id, source) VALUES (?, ?, ?)", [row] * rows)
        database.commit()
        (root,) = database.execute("SELECT rootpage FROM sqlite_master").fetchone()
    content, start = bytearray(path.read_bytes()), (root - 1) * size
    assert content[start] == 5, "an interior page of a table: header, pointers, and cells of a child and a key"
    leaf, cells = content[start + 8 : start + 12], size - 5 * times
    assert content[start + 12 : start + 14] != b""
    page = bytearray(size)
    page[:12] = struct.pack(">BHHHB", 5, 0, times, cells, 0) + leaf
    for number in range(times):
        at = cells + 5 * number
        page[12 + 2 * number : 14 + 2 * number] = struct.pack(">H", at)
        page[at : at + 5] = leaf + b"\1"
    content[start : start + size] = page
    return bytes(content)


@pytest.mark.parametrize(
    ("row", "rows", "reason"),
    [((b"", "x" * 15_000, "north"), 6, "bad_row"), ((b"", "a", "north"), 4_000, "forged")],
)
def test_a_page_that_stands_for_thousands_of_records_costs_the_memory_of_a_file(
    tmp_path: Path, row: tuple[bytes, str, str], rows: int, reason: str
) -> None:
    product = repeated(tmp_path / "product.gpkg", row, rows, 4_600)
    entry = SimpleNamespace(fields=(), records=200_000)
    manifest = SimpleNamespace(layers={"incidents": entry}, sources=("north",), origin="north")
    tracemalloc.start()
    try:
        with pytest.raises(PackageRefused) as caught:
            rows_of(product, manifest, None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.reason == reason
    assert peak < 20e6 + len(product)


@pytest.mark.parametrize("name", ["made_at", "expires_at"])
@pytest.mark.parametrize("year", [1, 9999])
def test_times_that_cannot_be_stored_are_refused(tmp_path: Path, name: str, year: int) -> None:
    """Also those of a withdrawal, of which no other end is known."""
    at = NOW.replace(year=year)
    made = package(tmp_path / "north")
    notice, _ = withdraw(sender(tmp_path / "north", **ONLY), packages=[1], records=[], reason="error")
    south = receiver(tmp_path / "south", **ONLY)
    south.receive(made.content, NOW)
    found = msgspec.structs.replace(opened(notice.content).manifest, **{name: at})
    with pytest.raises(PackageRefused) as caught:
        south.receive(packed(found, None, KEYS["north"]), NOW)
    assert caught.value.reason == "malformed"


def test_a_withdrawal_names_the_agreement_that_it_misses(tmp_path: Path) -> None:
    package(tmp_path / "north")
    maker = sender(tmp_path / "north", **ONLY, id="another")
    with pytest.raises(BadInput, match="no agreement 'buffer'"):
        withdraw(maker, packages=[1], records=[], reason="error")
