"""Packages that a partner signed, and that would end the process or say nothing of what is missing."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from geo.errors import BadInput
from ops.exchange.format.geopackage import _shape
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
