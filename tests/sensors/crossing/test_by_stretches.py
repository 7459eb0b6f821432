"""A border stretch by stretch: as the whole at once, from lazy terrain too, and after having been broken off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border, Zone
from geo.border.stretch_store import StretchStore
from geo.border.stretches import MARGINS_BELTS
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage import coverage
from sensors.crossing.by_stretches import SAME_HAZARD
from sensors.crossing.watched_belt import watched_by
from sensors.gaps import detection_by_stretches, segment_detection, watch_belt
from sensors.layout import AnySensor, Layout, place

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 25.0
WIDE, HIGH = 320, 81
BELT_M = 300.0
EAST = CELL_M * np.arange(WIDE)
NORTH = CELL_M * np.arange(HIGH)[::-1]
HILLS = 40.0 * np.sin(EAST / 400.0) * np.cos(NORTH[:, None] / 300.0)
BORDER = Border(FRAME, LineString(np.column_stack([EAST[8:-8:8], 1_000.0 + 100.0 * np.sin(EAST[8:-8:8] / 700.0)])))


def ground(**changes: object) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), HILLS, {"units": "m"})},
        coords={"northing": NORTH, "easting": EAST},
        attrs={"crs": FRAME.wkt, **changes},
    )


def radar(easting: float, northing: float = 1_100.0) -> AnySensor:
    return place(
        FRAME, easting, northing, id=f"radar-{easting:.0f}", kind="radar", max_range_m=900.0, mast_height_m=8.0,
        period_s=3.0, detection_probability=0.05,
    )  # fmt: skip


LAYOUT = Layout("row", FRAME, tuple(radar(e) for e in (700.0, 2_600.0, 4_300.0, 7_000.0)))
CASE = {"belt_m": BELT_M, "length_m": 2_000.0}


@pytest.mark.parametrize("margins", [MARGINS_BELTS, (0.1, 0.2)], ids=["as it is", "far too narrow"])
def test_stretches_give_what_the_whole_border_gives(
    monkeypatch: pytest.MonkeyPatch, margins: tuple[float, ...]
) -> None:
    """Or more, and then they say so: here only where margins are far too narrow."""
    monkeypatch.setattr("geo.border.stretches.MARGINS_BELTS", margins)
    whole = segment_detection(coverage(LAYOUT, ground(), None), ground(), BORDER, belt_m=BELT_M)
    counted: list[tuple[int, int]] = []
    parts = detection_by_stretches(LAYOUT, ground(), BORDER, **CASE, progress=lambda *told: counted.append(told))
    assert counted == [(n + 1, len(counted)) for n in range(len(counted))]
    assert len(counted) >= 3
    assert np.array_equal(parts["segment"], whole["segment"])
    assert np.allclose(parts["start_m"], whole["start_m"])
    assert np.array_equal(parts["state"], whole["state"])
    more = (parts["hazard"] - whole["hazard"]).to_numpy()
    assert (more >= -1e-9).all()
    assert (more[parts["of_the_whole"].to_numpy()] <= SAME_HAZARD).all()
    assert bool(parts["of_the_whole"].all()) == (margins == MARGINS_BELTS)
    assert parts["of_the_whole"].mean() > 0.5


def test_a_zone_by_stretches_is_as_the_whole() -> None:
    """Its inner edge is cut; the outer one is known all along."""
    wave = 1_000.0 + 100.0 * np.sin(EAST[8:-8:8] / 700.0)
    edges = [LineString(np.column_stack([EAST[8:-8:8], wave + up])) for up in (-150.0, 150.0)]
    zone = Zone.from_lines(edges[0], edges[1], FRAME)
    for direction in ("inward", "outward"):
        seen = coverage(LAYOUT, ground(), None)
        whole = segment_detection(seen, ground(), zone, belt_m=BELT_M, direction=direction)
        parts = detection_by_stretches(LAYOUT, ground(), zone, **CASE, direction=direction)
        assert np.array_equal(parts["state"], whole["state"])
        assert parts["of_the_whole"].all()
        assert np.allclose(parts["hazard"], whole["hazard"], rtol=0.0, atol=SAME_HAZARD)
        assert (whole["state"] == "crossed").all()


def test_watched_without_rasters_is_watched_by_the_coverage() -> None:
    fog = {"target": "group", "conditions": "fog", "dwell_s": 60.0}
    expected = watch_belt(coverage(LAYOUT, ground(), None, **fog), ground(), BORDER, belt_m=BELT_M)
    found = watched_by(LAYOUT, ground(), BORDER, belt_m=BELT_M, **fog)
    assert found.attrs == expected.attrs
    assert np.array_equal(found.per_s, expected.per_s)
    assert np.array_equal(found.unknown, expected.unknown)
    for mine, theirs in zip(found.sensors, expected.sensors, strict=True):
        assert (mine.name, mine.kind, mine.availability) == (theirs.name, theirs.kind, theirs.availability)
        for name in ("cells", "rate", "look", "unknown"):
            assert np.array_equal(np.sort(getattr(mine, name)), np.sort(getattr(theirs, name)))


def test_lazy_terrain_gives_the_same() -> None:
    now, lazily = (detection_by_stretches(LAYOUT, g, BORDER, **CASE) for g in (ground(), ground().chunk(64)))
    xr.testing.assert_identical(now, lazily)


def test_a_run_that_was_broken_off_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def until_the_second(done: int, total: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        detection_by_stretches(LAYOUT, ground(), BORDER, **CASE, folder=tmp_path / "run", progress=until_the_second)
    kept = sorted((tmp_path / "run").glob("*.part"))
    written = [part.stat().st_mtime_ns for part in kept]
    assert len(kept) == 2
    (tmp_path / "run" / "00002.part.unfinished").mkdir()  # as a kill within a write leaves it
    again = detection_by_stretches(LAYOUT, ground(), BORDER, **CASE, folder=tmp_path / "run")
    assert [part.stat().st_mtime_ns for part in kept] == written
    xr.testing.assert_identical(again, detection_by_stretches(LAYOUT, ground(), BORDER, **CASE))


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "run"
    detection_by_stretches(LAYOUT, ground(), BORDER, **CASE, folder=folder)
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conditions": "rain"}, "sight"),
        ({"length_m": 2_500.0}, "stretches"),
        ({"direction": "outward"}, "crosser"),
        ({"layout": Layout("row", FRAME, (radar(700.0),))}, "layout"),
        ({"terrain": ground().assign(elevation=ground()["elevation"] + 1.0)}, "terrain"),
    ],
)
def test_a_folder_of_another_case_is_refused(a_run: Path, change: dict, words: str) -> None:
    case = {"layout": LAYOUT, "terrain": ground(), "border": BORDER, **CASE, "folder": a_run}
    with pytest.raises(BadInput, match=f"another case: different {words};"):
        detection_by_stretches(**(case | change))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(BadInput, match="contains other files"):
        StretchStore.at(tmp_path, case=1)
    with pytest.raises(BadInput, match="cannot be written"):
        StretchStore.at(tmp_path / "letter.txt" / "below", case=1)


def test_what_lies_off_the_terrain_is_unknown_and_nothing_on_it_is_refused() -> None:
    far = Border(FRAME, LineString([(-6_000.0, 1_010.0), (6_000.0, 1_010.0)]))
    found = detection_by_stretches(LAYOUT, ground(), far, **CASE)
    beyond = found["end_m"] < 5_000.0
    assert (found["state"][beyond] == "unknown").all()
    assert (found["state"][found["start_m"] > 7_000.0] == "crossed").any()
    assert found["detection_probability"][beyond].isnull().all()
    assert found.attrs["target"] == "person"
    with pytest.raises(BadInput, match="outside the terrain"):
        detection_by_stretches(LAYOUT, ground(), Border(FRAME, LineString([(-9e3, 1e3), (-5e3, 1e3)])), **CASE)


def test_borders_and_belts_that_are_none_are_refused() -> None:
    with pytest.raises(BadInput, match="a LineString"):
        detection_by_stretches(LAYOUT, ground(), BORDER.line, **CASE)
    with pytest.raises(BadInput, match="belt_m"):
        detection_by_stretches(LAYOUT, ground(), BORDER, belt_m="wide")


def test_without_sensors_nothing_is_detected() -> None:
    found = detection_by_stretches(Layout("none", FRAME, ()), ground(), BORDER, **CASE)
    assert (found["detection_probability"] == 0.0).all()
