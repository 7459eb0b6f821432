"""Archives on disk: a journal's detections come back to the bit, tracks equal the replay's, a broken run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import xarray as xr

from fusion.tracker import track
from geo.errors import BadInput
from ops.journal.archive import (
    ArchiveFileError,
    archive_journal,
    read_detections,
    track_archive,
    write_detections,
)
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.store.track_history import read_history


def read_tracks(folder: Path) -> xr.Dataset:
    """All tracks of a sector's folder of ``track_archive``, in order of pieces."""
    return xr.concat([read_history(path) for path in sorted(folder.glob("*.parquet"))], dim="estimate", join="override")


@pytest.fixture(scope="module")
def ground(hill_sector: Any) -> OpenSector:
    return open_sector(load_sector(str(hill_sector.sector)))


@pytest.fixture(scope="module")
def archived(hill_journal: Path, ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("archive")
    archive_journal(hill_journal, ground, out, piece="day")
    return out


@pytest.fixture(scope="module")
def night(archived: Path, ground: OpenSector) -> xr.Dataset:
    (path,) = (archived / ground.sector.name).glob("*.parquet")
    return read_detections(path, ground.frame)


def halves(night: xr.Dataset) -> list[xr.Dataset]:
    """The night cut in two by time of receipt."""
    received = night["scan_received_at"].values
    early = received < np.sort(received)[len(received) // 2]
    parts = []
    for chosen in (early, ~early):
        number = np.cumsum(chosen) - 1
        rows = np.flatnonzero(chosen[night["scan_index"].values])
        part = night.isel(scan=np.flatnonzero(chosen), detection=rows)
        parts.append(part.assign(scan_index=("detection", number[part["scan_index"].values])))
    return parts


def test_detections_come_back_to_the_bit_empty_scans_too(night, ground, tmp_path):
    assert night.sizes["detection"] > 100
    assert len(np.setdiff1d(np.arange(night.sizes["scan"]), night["scan_index"].values)) > 0, (
        "the night has empty scans"
    )
    write_detections(night, tmp_path / "x.parquet", ground.layout)
    assert read_detections(tmp_path / "x.parquet", ground.frame).identical(night)


def test_the_file_is_geoparquet_whose_points_lie_in_the_sector(archived, ground):
    (path,) = (archived / ground.sector.name).glob("*.parquet")
    rows = gpd.read_parquet(path)
    assert rows.crs.to_epsg() == 4326
    easting, northing = ground.frame.to_local(rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy())
    reach = max(sensor.max_range_m for sensor in ground.layout)
    away = [np.hypot(easting - s.easting, northing - s.northing) for s in ground.layout]
    assert np.min(away, axis=0).max() < 1.5 * reach


def test_an_archive_in_two_pieces_gives_the_tracks_of_one_run_and_goes_on_where_it_was(
    night, ground, hill_sector, tmp_path
):
    folder = tmp_path / "in" / ground.sector.name
    for name, part in zip(("2026-03-14T20", "2026-03-14T21"), halves(night), strict=True):
        write_detections(part, folder / f"{name}.parquet", ground.layout)
    sector, told = str(hill_sector.sector), []
    figures = track_archive(tmp_path / "in", [sector], tmp_path / "out", done=told.append)
    assert figures["pieces"] == len(told) == 2
    found = read_tracks(tmp_path / "out" / ground.sector.name)
    whole = track(night, ground.layout, terrain=ground.terrain, border=ground.border)
    for name in ("track", "time", "easting", "northing", "cov", "existence", "status", "segment", "offset_m"):
        np.testing.assert_array_equal(found[name].values, whole[name].values, err_msg=name)
    assert {"chainage_m", "elevation_m", "time_to_border_s", "crossing_chainage_m"} <= set(found.data_vars)

    outputs = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    last = max(outputs)
    last.unlink()
    track_archive(tmp_path / "in", [sector], tmp_path / "out")
    again = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.parquet")}
    assert set(again) == set(outputs)
    assert [path for path in again if again[path] != outputs[path]] == [last], "only what was missing is made again"
    assert read_tracks(tmp_path / "out" / ground.sector.name).equals(found)


def test_tracks_do_not_replace_the_detections_of_another_archive(archived, ground, hill_sector, tmp_path):
    (path,) = (archived / ground.sector.name).glob("*.parquet")
    other = tmp_path / "other" / ground.sector.name / path.name
    other.parent.mkdir(parents=True)
    other.write_bytes(path.read_bytes())
    with pytest.raises(BadInput, match=r"--out.*has detections.*expected another folder than that of an archive"):
        track_archive(archived, [str(hill_sector.sector)], tmp_path / "other")
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("by_link", [False, True])
def test_tracks_are_not_written_over_their_detections(archived, hill_sector, tmp_path, by_link):
    out = tmp_path / "link" if by_link else archived
    if by_link:
        out.symlink_to(archived)
    before = {path: path.read_bytes() for path in archived.rglob("*.parquet")}
    with pytest.raises(BadInput, match="is the folder of the detections"):
        track_archive(archived, [str(hill_sector.sector)], out)
    assert {path: path.read_bytes() for path in archived.rglob("*") if path.is_file()} == before


def test_the_weather_of_the_settings_is_that_of_the_tracks(night, ground, hill_sector, tmp_path):
    write_detections(night, tmp_path / "in" / ground.sector.name / "2026-03-14T20.parquet", ground.layout)
    settings = tmp_path / "settings.toml"
    settings.write_text('weather = "night,fog"\n')
    track_archive(tmp_path / "in", [str(hill_sector.sector)], tmp_path / "out", settings=settings)
    found = read_tracks(tmp_path / "out" / ground.sector.name)
    fog, clear = (
        track(night, ground.layout, terrain=ground.terrain, border=ground.border, conditions=weather)
        for weather in ("night,fog", "day")
    )
    for name in ("track", "time", "easting", "northing", "existence"):
        np.testing.assert_array_equal(found[name].values, fog[name].values, err_msg=name)
    assert not fog.equals(clear)


def test_a_worker_that_was_taken_for_lost_and_its_successor_leave_the_files_of_one(
    night: xr.Dataset, ground: OpenSector, hill_sector: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The first one writes a piece while the second one does."""
    write_detections(night, tmp_path / "in" / ground.sector.name / "2026-03-14.parquet", ground.layout)
    sector = str(hill_sector.sector)
    alone = track_archive(tmp_path / "in", [sector], tmp_path / "alone")
    write, inner, successor = gpd.GeoDataFrame.to_parquet, [], os.getpid() + 1

    def written_by_two(table: Any, path: Path, **options: Any) -> None:
        write(table, path, **options)
        if not inner:  # the first one has written, and not yet put the file in its place
            inner.append(path)
            with monkeypatch.context() as patch:
                patch.setattr(os, "getpid", lambda: successor)
                assert track_archive(tmp_path / "in", [sector], tmp_path / "out")["failed"] == []

    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", written_by_two)
    assert track_archive(tmp_path / "in", [sector], tmp_path / "out")["failed"] == []
    assert alone["pieces"] == len(inner) == 1
    contents = [
        {file.name: file.read_bytes() for file in (tmp_path / name / ground.sector.name).iterdir()}
        for name in ("alone", "out")
    ]
    assert contents[0] == contents[1]
    assert track_archive(tmp_path / "in", [sector], tmp_path / "out")["computed_again"] == []


def test_equal_runs_leave_equal_files_in_any_folder(night, ground, make_sector, hill_sector, tmp_path):
    """Two folders of detections with the same content, a sector of another path: tracks and states equal to the bit."""
    again = make_sector(tmp_path / "elsewhere" / "sector").sector
    left: list[dict[str, bytes]] = []
    for name, sector in (("a", hill_sector.sector), ("b", again)):
        folder = tmp_path / name / "detections" / ground.sector.name
        for day, part in zip(("2026-03-14", "2026-03-15"), halves(night), strict=True):
            write_detections(part, folder / f"{day}.parquet", ground.layout)
        out = tmp_path / name / "a longer name" / "tracks"
        track_archive(folder.parent, [str(sector)], out)
        left.append({file.name: file.read_bytes() for file in sorted((out / ground.sector.name).iterdir())})
    assert sorted(left[0]) == ["2026-03-14.parquet", "2026-03-14.state", "2026-03-15.parquet", "2026-03-15.state"]
    assert left[0] == left[1]
    border = again.parent / "border.geojson"
    border.write_text(border.read_text() + " ")
    track_archive(tmp_path / "b" / "detections", [str(again)], tmp_path / "b" / "a longer name" / "tracks")
    key = (tmp_path / "b" / "a longer name" / "tracks" / ground.sector.name / "2026-03-14.state").read_bytes()[:64]
    assert key != left[0]["2026-03-14.state"][:64], "the ground is also input"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def turn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-30] + bytes([content[-30] ^ 1]) + content[-29:])


@pytest.mark.parametrize("name", ["2026-03-14.parquet", "2026-03-14.state", "2026-03-15.parquet"])
@pytest.mark.parametrize("spoil", [cut, turn, Path.unlink])
def test_a_damaged_piece_is_named_and_tracked_again_to_the_same_bytes(
    night, ground, hill_sector, tmp_path, name: str, spoil: Callable[[Path], None]
):
    folder, out = tmp_path / "in" / ground.sector.name, tmp_path / "out" / ground.sector.name
    for day, part in zip(("2026-03-14", "2026-03-15"), halves(night), strict=True):
        write_detections(part, folder / f"{day}.parquet", ground.layout)
    again: list[list[str]] = []
    left: list[dict[str, bytes]] = []
    for spoilt in (False, True, False):
        if spoilt:
            spoil(out / name)
        figures = track_archive(folder.parent, [str(hill_sector.sector)], out.parent)
        again.append([Path(path).name for path in figures["computed_again"]])
        left.append({file.name: file.read_bytes() for file in sorted(out.iterdir())})
    expected = [] if spoil is Path.unlink and name.endswith(".state") else [Path(name).stem + ".parquet"]
    assert again == [[], expected, []]
    assert left[0] == left[1] == left[2]


@pytest.mark.parametrize(("name", "said"), [("monday.parquet", "the name is not a time"), ("", "no archive files")])
def test_a_folder_that_is_no_archive_is_refused_in_one_sentence(name, said, ground, hill_sector, tmp_path):
    folder = tmp_path / ground.sector.name
    folder.mkdir()
    if name:
        (folder / name).write_bytes(b"PAR1")
    with pytest.raises(ArchiveFileError, match=said):
        track_archive(tmp_path, [str(hill_sector.sector)], tmp_path / "out")


def test_a_broken_file_is_refused_in_one_sentence(ground, tmp_path):
    path = tmp_path / "2026-03-14.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(ArchiveFileError, match=r"cannot be read .*expected detections of an archive"):
        read_detections(path, ground.frame)


def test_a_piece_that_is_there_already_is_not_written_over(archived, hill_journal, ground):
    with pytest.raises(ArchiveFileError, match="already exists"):
        archive_journal(hill_journal, ground, archived, piece="day")


def test_the_commands_run_from_journal_to_tracks(watchline: Callable[..., Any], hill_journal, hill_sector, tmp_path):
    sector = str(hill_sector.sector)
    archive, out = str(tmp_path / "archive"), str(tmp_path / "tracks")
    for command in (
        ["detections", sector, str(hill_journal), "--out", archive],
        ["track", sector, archive, "--out", out],
    ):
        ran = watchline("archive", *command, "--json")
        assert ran.code == 0, ran.err
    assert json.loads(ran.out.splitlines()[-1])["pieces"] == len(list(Path(archive).rglob("*.parquet")))
    assert gpd.read_parquet(next(Path(out).rglob("*.parquet"))).crs.to_epsg() == 4326
