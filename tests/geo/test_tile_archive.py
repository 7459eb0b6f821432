"""PMTiles archives: what they hold is stated as their writer put it in, and a broken one is refused in one sentence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pmtiles.tile import Compression, TileType

from geo.errors import BadInput
from geo.tile_archive import TileArchive
from tests.geo.archives import write_archive


def test_an_archive_states_what_its_writer_put_in(tmp_path: Path) -> None:
    path = write_archive(
        tmp_path / "a.pmtiles", attribution='<a href="https://osm.org">© OpenStreetMap</a> &amp;  others'
    )
    archive = TileArchive.open(path)
    assert (archive.kind, archive.layers) == ("vector", ("water",))
    assert archive.bounds == pytest.approx((1.4, 42.4, 1.8, 42.7))
    assert (archive.min_zoom, archive.max_zoom) == (0, 2)
    assert archive.attribution == "© OpenStreetMap & others"


@pytest.mark.parametrize("kind", [TileType.PNG, TileType.JPEG, TileType.WEBP, TileType.AVIF])
def test_pictures_are_a_raster_base_map(tmp_path: Path, kind: TileType) -> None:
    assert TileArchive.open(write_archive(tmp_path / "a.pmtiles", kind=kind)).kind == "raster"


def test_the_revision_changes_with_the_file(tmp_path: Path) -> None:
    first = TileArchive.open(write_archive(tmp_path / "a.pmtiles")).revision
    assert TileArchive.open(tmp_path / "a.pmtiles").revision == first
    assert TileArchive.open(write_archive(tmp_path / "a.pmtiles", attribution="other")).revision != first


def test_what_cannot_be_shown_is_refused_by_name(tmp_path: Path) -> None:
    whole = write_archive(tmp_path / "a.pmtiles").read_bytes()
    cases: dict[str, tuple[bytes | Path, str]] = {
        "text": (b"no archive at all", "is not a PMTiles archive"),
        "empty": (b"", "is not a PMTiles archive"),
        "truncated": (whole[:-10], "is truncated"),
        "old": (whole[:7] + b"\x02" + whole[8:], "version 3"),
        "metadata": (whole.replace(gzip.compress(b"", mtime=0)[:2], b"\x00\x00"), "damaged"),
        "brotli": (write_archive(tmp_path / "b", compression=Compression.BROTLI), "compressed with brotli"),
        "mlt": (write_archive(tmp_path / "c", kind=TileType.MLT), "of the kind mlt"),
        "bounds": (write_archive(tmp_path / "d", header={"min_lon_e7": int(1.9e7)}), "bounds"),
    }
    for name, (body, said) in cases.items():
        path = tmp_path / f"{name}.pmtiles"
        path.write_bytes(body if isinstance(body, bytes) else body.read_bytes())
        with pytest.raises(BadInput) as refused:
            TileArchive.open(path)
        assert said in refused.value.what, name
        assert path.name in refused.value.what
    with pytest.raises(BadInput, match="No such file"):
        TileArchive.open(tmp_path / "absent.pmtiles")


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
)
@given(at=st.integers(0, 600), put=st.binary(min_size=1, max_size=9))
def test_any_damage_is_a_sentence_or_harmless(tmp_path: Path, at: int, put: bytes) -> None:
    path = tmp_path / "a.pmtiles"
    if not path.exists():
        write_archive(path)
    body = bytearray(path.read_bytes())
    body[at : at + len(put)] = put
    (tmp_path / "b.pmtiles").write_bytes(body)
    archive, said = opened(tmp_path / "b.pmtiles")
    assert (archive is None) == ("b.pmtiles" in said)
    if archive is not None:
        json.dumps([archive.kind, archive.bounds, archive.layers, archive.attribution], allow_nan=False)


def opened(path: Path) -> tuple[TileArchive | None, str]:
    try:
        return TileArchive.open(path), ""
    except BadInput as error:
        return None, error.what
