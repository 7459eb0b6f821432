"""Records into the frame and back: north, scale, error models, classes, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.frame import LocalFrame
from sensors.detections import DETECTIONS, split, to_dataset, to_scans
from sensors.errors import UnknownSensor
from sensors.layout import Layout, place
from sensors.scan import Plot, Scan
from sensors.scan_columns import columns_of

NOW = datetime(2025, 6, 1, 2, 0, tzinfo=UTC)
UTM = LocalFrame.from_epsg(32616)
AT = UTM.to_local(-84.2, 36.6)  # 250 km east of the central meridian: convergence 1.67°, scale above 1
SHARP = ((0.8, 0.1, 0.05, 0.03, 0.02), (0.1, 0.7, 0.1, 0.05, 0.05), (0.02, 0.03, 0.9, 0.02, 0.03),
         (0.2, 0.05, 0.05, 0.6, 0.1), (0.1, 0.1, 0.2, 0.2, 0.4))  # fmt: skip

# never reports a group or other things
DULL = ((0.7, 0.0, 0.1, 0.2, 0.0), (0.6, 0.0, 0.2, 0.2, 0.0), (0.1, 0.0, 0.9, 0.0, 0.0),
        (0.3, 0.0, 0.0, 0.7, 0.0), (0.4, 0.0, 0.3, 0.3, 0.0))  # fmt: skip


def radar_layout(frame: LocalFrame = UTM, **values: Any) -> Layout:
    model = {"range_sd_m": 5.0, "azimuth_sd_deg": 0.5, "elevation_sd_deg": 0.2, "radial_velocity_sd_mps": 0.3}
    at = frame.to_local(-84.2, 36.6)
    return Layout("test", frame, (place(frame, *at, id="r", kind="radar", max_range_m=9_000, **(model | values)),))


def scan(*plots: Plot, sequence: int = 1, sensor: str = "r", kind: str = "radar") -> Scan:
    return Scan(sensor, 1, sequence, sequence, NOW, NOW + timedelta(milliseconds=300), kind, plots)


def test_true_north_becomes_grid_north_and_ground_metres_become_metres_of_the_frame() -> None:
    """A plot due true east at 5 km lies where the geodesic ends, to the centimetre that flat Earth allows."""
    import pyproj

    columns = columns_of(scan(Plot(range_m=5_000.0, azimuth_deg=90.0)), radar_layout())
    easting = AT[0] + columns.range_[0] * math.sin(columns.azimuth[0])
    northing = AT[1] + columns.range_[0] * math.cos(columns.azimuth[0])
    lon, lat, _ = pyproj.Geod(ellps="WGS84").fwd(-84.2, 36.6, 90.0, 5_000.0)
    assert (easting, northing) == pytest.approx(UTM.to_local(lon, lat), abs=0.5)
    assert columns.range_[0] / 5_000.0 == pytest.approx(UTM.scale_factor(*AT), abs=5e-7)
    assert math.degrees(columns.azimuth[0]) == pytest.approx(90.0 - math.degrees(UTM.convergence_rad(*AT)), abs=1e-9)


def test_missing_deviations_come_from_the_layout() -> None:
    columns = columns_of(
        scan(
            Plot(range_m=1.0, azimuth_deg=1.0), Plot(range_m=1.0, range_sd_m=9.0, azimuth_deg=1.0, azimuth_sd_deg=2.0)
        ),
        radar_layout(LocalFrame.around(-84.2, 36.6)),
    )
    assert columns.range_sd == pytest.approx([5.0, 9.0])
    assert np.degrees(columns.azimuth_sd) == pytest.approx([0.5, 2.0])
    assert np.isnan(columns.elevation_angle_sd).all()


def test_a_position_brings_its_covariance() -> None:
    columns = columns_of(scan(Plot(lon=-84.19, lat=36.61, position_sd_m=12.0)), radar_layout())
    assert (columns.easting[0], columns.northing[0]) == pytest.approx(UTM.to_local(-84.19, 36.61), abs=1e-9)
    assert columns.cov[0] == pytest.approx(np.eye(2) * (12.0 * UTM.scale_factor(*AT)) ** 2)
    assert np.isnan(columns.azimuth).all()


def test_a_class_report_becomes_the_likelihood_of_the_report() -> None:
    """Column 'person' of the matrix, scaled: .8, .1, .02, .2, .1 over 1.22."""
    columns = columns_of(scan(Plot(classes={"person": 1.0}), Plot()), radar_layout(confusion=SHARP))
    assert columns.class_probability[0] == pytest.approx(np.array([0.8, 0.1, 0.02, 0.2, 0.1]) / 1.22)
    assert np.isnan(columns.class_probability[1]).all()
    named = columns_of(scan(Plot(classes={"animal": 0.55})), radar_layout()).class_probability[0]
    assert named == pytest.approx([0.1125, 0.1125, 0.1125, 0.55, 0.1125]), "the rest is that of the other classes"
    two = columns_of(scan(Plot(classes={"animal": 0.5, "person": 0.0})), radar_layout()).class_probability[0]
    assert two == pytest.approx([0.0, 1 / 6, 1 / 6, 0.5, 1 / 6])
    plain = columns_of(scan(Plot(classes={"person": 3.0, "animal": 1.0})), radar_layout())
    assert plain.class_probability[0].tolist() == [0.75, 0.0, 0.0, 0.25, 0.0]


def test_an_empty_scan_stays() -> None:
    dataset = to_dataset([scan(), scan(Plot(azimuth_deg=3.0), sequence=2), scan(sequence=3)], radar_layout())
    assert dict(dataset.sizes) | {"scan": 3, "detection": 1} == dict(dataset.sizes)
    assert [len(columns) for columns in split(dataset)] == [0, 1, 0]
    assert [columns.kind for columns in split(dataset)] == ["radar"] * 3


def test_no_scans_make_an_empty_dataset_of_the_schema() -> None:
    dataset = to_dataset([], radar_layout())
    DETECTIONS.check(dataset, where="test")
    assert split(dataset) == []
    assert dataset["cov"].shape == (0, 2, 2)


REFUSED = [
    ({"range_m": 5.0}, "range or elevation without an azimuth"),
    ({"elevation_deg": 5.0}, "range or elevation without an azimuth"),
    ({"range_m": -5.0, "azimuth_deg": 0.0}, "negative range"),
    ({"azimuth_deg": 0.0, "azimuth_sd_deg": 0.0}, "not positive"),
    ({"azimuth_deg": math.inf}, "infinite"),
    ({"lon": -84.0}, "half a position"),
    ({"lon": -84.0, "lat": 36.0}, "without position_sd_m"),
    ({"lon": 3.0, "lat": 0.0, "position_sd_m": 1.0}, "outside the frame"),
    ({"lon": 181.0, "lat": 0.0, "position_sd_m": 1.0}, "not on Earth"),
    ({"classes": {"ghost": 1.0}}, "class 'ghost'"),
    ({"classes": {"person": -1.0}}, "not fractions"),
    ({"classes": {"person": 0.0}}, "not fractions"),
    ({"classes": {"person": math.nan}}, "not fractions"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "sentence"), REFUSED)
def test_each_bad_plot_gets_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence):
        columns_of(scan(Plot(**values)), radar_layout())


def test_a_deviation_that_nobody_gives_is_named() -> None:
    with pytest.raises(SchemaError, match="gives no range_sd_m, nor does the layout"):
        columns_of(scan(Plot(range_m=5.0, azimuth_deg=1.0)), radar_layout(range_sd_m=None))


def test_a_value_without_a_deviation_is_left_out_and_the_rest_of_the_scan_stays() -> None:
    """A radar whose layout has no deviation of velocity or elevation: its plots count all the same."""
    layout = radar_layout(radial_velocity_sd_mps=None, elevation_sd_deg=None)
    whole = Plot(range_m=1_000.0, azimuth_deg=30.0, radial_velocity_mps=1.0, elevation_deg=2.0)
    position = {"lon": -84.2, "lat": 36.6}
    columns = columns_of(scan(whole, Plot(**position), Plot(**position, position_sd_m=5.0)), layout)
    assert np.isfinite(columns.range_).tolist() == np.isfinite(columns.azimuth).tolist() == [True, False, False]
    assert np.isnan(columns.radial_velocity).all()
    assert np.isnan(columns.elevation_angle).all()
    assert np.isfinite(columns.easting).tolist() == np.isfinite(columns.cov[:, 0, 0]).tolist() == [False, False, True]
    own = Plot(range_m=1_000.0, azimuth_deg=30.0, range_sd_m=5.0)
    columns = columns_of(scan(whole, own), radar_layout(range_sd_m=None))
    assert np.isfinite(columns.azimuth).tolist() == [False, True]  # a plot without its range is no bearing


def test_scans_that_do_not_belong_are_refused() -> None:
    with pytest.raises(UnknownSensor, match="no sensor 'x'"):
        columns_of(scan(sensor="x"), radar_layout())
    with pytest.raises(SchemaError, match="comes from a 'camera'"):
        columns_of(scan(kind="camera"), radar_layout())
    with pytest.raises(SchemaError, match="no time zone"):
        columns_of(replace(scan(), observed_at=datetime(2025, 1, 1)), radar_layout())  # noqa: DTZ001


def _maybe(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


POLAR = st.builds(
    Plot,
    range_m=_maybe(0.0, 9_000.0),
    range_sd_m=_maybe(0.1, 100.0),
    azimuth_deg=st.floats(0.0, 360.0, exclude_max=True),
    azimuth_sd_deg=_maybe(0.001, 5.0),
    elevation_deg=_maybe(-89.0, 89.0),
    radial_velocity_mps=_maybe(-60.0, 60.0),
    classes=st.dictionaries(st.sampled_from(("person", "vehicle", "animal")), st.floats(0.01, 1.0), max_size=3),
    confidence=_maybe(0.0, 1.0),
)
PLACED = st.builds(
    Plot,
    lon=st.floats(-84.4, -84.0),
    lat=st.floats(36.4, 36.8),
    position_sd_m=st.floats(0.1, 500.0),
    classes=st.dictionaries(st.sampled_from(("person", "vehicle", "animal")), st.floats(0.01, 1.0), max_size=3),
)
SCANS = st.lists(st.lists(POLAR | PLACED | st.just(Plot()), max_size=4), max_size=4)


@settings(max_examples=150, deadline=None)
@given(SCANS, st.sampled_from([None, SHARP, DULL]))
def test_the_way_back_gives_the_same_detections(plots: list[list[Plot]], confusion: Any) -> None:
    layout = radar_layout(confusion=confusion)
    scans = [scan(*row, sequence=i + 1) for i, row in enumerate(plots)]
    first = to_dataset(scans, layout)
    back = to_scans(first, layout)
    assert [(s.key, s.observed_at, s.received_at, s.kind) for s in back] == [
        (s.key, s.observed_at, s.received_at, s.kind) for s in scans
    ]
    second = to_dataset(back, layout)
    turned = np.angle(np.exp(1j * (first["azimuth"] - second["azimuth"]).to_numpy()))
    assert np.nanmax(np.abs(turned), initial=0.0) < 1e-9
    for name, tolerance in (("range", 1e-6), ("easting", 1e-6), ("northing", 1e-6), ("elevation_angle", 1e-9),
                            ("azimuth_sd", 1e-9), ("range_sd", 1e-6), ("radial_velocity", 1e-6), ("confidence", 0.0),
                            ("class_probability", 1e-9)):  # fmt: skip
        np.testing.assert_allclose(second[name], first[name], rtol=0.0, atol=tolerance, err_msg=name)
    np.testing.assert_allclose(second["cov"], first["cov"], rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(SCANS)
def test_the_way_back_gives_the_same_plots(plots: list[list[Plot]]) -> None:
    layout = radar_layout()
    scans = [scan(*row, sequence=i + 1) for i, row in enumerate(plots)]
    for before, after in zip(scans, to_scans(to_dataset(scans, layout), layout), strict=True):
        for a, b in zip(before.plots, after.plots, strict=True):
            for name in ("range_m", "elevation_deg", "radial_velocity_mps", "lon", "lat", "position_sd_m"):
                assert getattr(b, name) == (
                    None if getattr(a, name) is None else pytest.approx(getattr(a, name), abs=1e-8)
                )


@settings(max_examples=30, deadline=None)
@given(SCANS, st.randoms(use_true_random=False))
def test_rows_may_be_in_any_order(plots: list[list[Plot]], chance: Any) -> None:
    """Shuffling detections changes nothing but the order of plots within a scan."""
    dataset = to_dataset([scan(*row, sequence=i + 1) for i, row in enumerate(plots)], radar_layout())
    order = list(range(dataset.sizes["detection"]))
    chance.shuffle(order)
    for a, b in zip(split(dataset), split(dataset.isel(detection=order)), strict=True):
        assert a.key == b.key
        assert sorted(map(repr, a.azimuth.tolist())) == sorted(map(repr, b.azimuth.tolist()))


def test_absent_variables_are_absent_values() -> None:
    full = to_dataset([scan(Plot(range_m=7.0, azimuth_deg=3.0))], radar_layout())
    thin = full.drop_vars(["scan_received_at", "scan_kind", "cov", "confidence", "elevation_angle"])
    (columns,) = split(thin)
    assert columns.received_ns == columns.observed_ns
    assert columns.kind == "radar"
    assert np.isnan(columns.cov).all()
    assert columns.range_ == full["range"].to_numpy()


def test_a_dataset_of_another_schema_is_refused() -> None:
    dataset = to_dataset([scan(Plot(azimuth_deg=3.0))], radar_layout())
    with pytest.raises(SchemaError, match="scan_time"):
        split(dataset.drop_vars("scan_time"))
    with pytest.raises(SchemaError, match="points at no scan"):
        split(dataset.assign(scan_index=("detection", np.array([7]))))
    with pytest.raises(SchemaError, match="in 'deg'"):
        split(dataset.assign(azimuth=dataset["azimuth"].assign_attrs(units="deg")))
    with pytest.raises(SchemaError, match="NaT"):
        split(dataset.assign(scan_time=xr.full_like(dataset["scan_time"], np.datetime64("NaT", "ns"))))


def two_sensors() -> xr.Dataset:
    """A plot of Q and an empty scan of R, one second later."""
    layout = replace(radar_layout(), sensors=tuple(replace(radar_layout().sensors[0], id=name) for name in "QR"))
    later = replace(scan(sensor="R", sequence=2), observed_at=NOW + timedelta(seconds=1))
    return to_dataset([scan(Plot(range_m=500.0, azimuth_deg=20.0), sensor="Q"), later], layout)


@pytest.mark.parametrize("name", ["sensor_id", "observed_at", "sequence"])
def test_scans_in_another_order_than_their_detections_point_at_are_refused(name: str) -> None:
    """Otherwise the plot of Q would be tracked from where R stands, at R's time."""
    turned = two_sensors().isel(scan=slice(None, None, -1))
    with pytest.raises(SchemaError, match=rf"\({name}\): detection 0 states .*, its scan .*; expected scan_"):
        split(turned.drop_vars({"sensor_id", "observed_at", "sequence"} - {name}))
    assert [columns.sensor for columns in split(turned.assign(scan_index=("detection", [1])))] == ["R", "Q"]


def test_copies_that_are_absent_or_of_another_unit_of_time_are_no_contradiction() -> None:
    dataset = two_sensors()
    (plot, _) = split(dataset.drop_vars(["sensor_id", "observed_at", "boot", "sequence"]))
    assert (plot.sensor, len(plot)) == ("Q", 1)
    (plot, _) = split(dataset.assign(observed_at=dataset["observed_at"].astype("datetime64[ms]")))
    assert plot.observed_ns == columns_of(scan(sensor="r"), radar_layout()).observed_ns


@pytest.mark.parametrize("year", ["1600", "2300", "3000"])
def test_a_time_that_nanoseconds_cannot_state_is_refused(year: str) -> None:
    """It would become a time in another century."""
    times = np.array([f"{year}-01-01"] * 2, "datetime64[s]")
    with pytest.raises(SchemaError, match=rf"\(scan_time\): holds {year}-01-01T00:00:00; expected times from 1678"):
        split(two_sensors().assign(scan_time=("scan", times)))


def of_pandas(**columns: Any) -> xr.Dataset:
    return two_sensors().assign({name: ("scan", column) for name, column in columns.items()})


def test_text_and_times_of_pandas_are_read_as_those_of_numpy() -> None:
    start = pd.Timestamp(NOW)
    times = pd.DatetimeIndex([start, start + pd.Timedelta(seconds=1)])
    plain = split(two_sensors())
    for sensors in (pd.Series(["Q", "R"]), pd.Categorical(["Q", "R"]), pd.array(["Q", "R"], dtype="string")):
        for zone in ("UTC", "Europe/Paris"):
            for one, other in zip(
                plain, split(of_pandas(scan_sensor=sensors, scan_time=times.tz_convert(zone))), strict=True
            ):
                assert (one.key, one.observed_ns) == (other.key, other.observed_ns)


@pytest.mark.parametrize(
    ("name", "column", "what"),
    [
        ("scan_boot", pd.array([1, 1], dtype="Int64"), "'scan_boot' has type Int64"),
        ("scan_sensor", pd.Categorical([1, 2]), "'scan_sensor' has type category"),
        ("scan_sensor", pd.array(["Q", None], dtype="string"), "'scan_sensor' misses values"),
        ("scan_time", pd.Series(["Q", "R"]), "'scan_time' has type"),
    ],
)
def test_other_types_of_pandas_are_refused_by_name(name: str, column: Any, what: str) -> None:
    with pytest.raises(SchemaError, match=what):
        split(of_pandas(**{name: column}))


def test_whole_numbers_are_numbers() -> None:
    detections = to_dataset([scan(Plot(range_m=1_000.0, azimuth_deg=90.0))], radar_layout())
    whole = detections.assign(range=("detection", [1_000]), easting=("detection", [7]))
    (columns,) = split(whole)
    assert (columns.range_.dtype, columns.range_[0], columns.easting[0]) == (np.float64, 1_000.0, 7.0)


def labelled(classes: list[str]) -> xr.Dataset:
    """Two reports, one without a class, in the first scan; an empty scan; a position with an inclined ellipse."""
    one = to_dataset([scan(Plot(range_m=500.0, azimuth_deg=20.0, classes={"person": 0.75, "vehicle": 0.25}),
                           Plot(range_m=900.0, azimuth_deg=50.0)), scan(sequence=2)], radar_layout())  # fmt: skip
    one["cov"].values[0] = [[4.0, 1.0], [1.0, 9.0]]
    return one.sel({"class": classes})


@pytest.mark.parametrize(
    "classes",
    [["person", "vehicle"], ["vehicle", "person"], ["other", "animal", "vehicle", "group", "person"]],
)
def test_classes_are_read_by_coordinate_whatever_their_number_and_order(classes: list[str]) -> None:
    first, empty = split(labelled(classes))
    np.testing.assert_array_equal(first.class_probability[0], [0.75, 0.0, 0.25, 0.0, 0.0])
    assert np.isnan(first.class_probability[1]).all()
    assert empty.class_probability.shape == (0, 5)


def test_classes_that_are_unknown_repeated_or_without_names_are_refused_in_one_sentence() -> None:
    subset = labelled(["person", "vehicle"])
    for wrong, what in (
        (subset.assign_coords({"class": ["person", "drone"]}), "class 'drone' is unknown"),
        (subset.assign_coords({"class": ["person", "person"]}), "contains 'person' twice"),
        (subset.drop_vars("class"), "dim 'class' has no coordinate"),
    ):
        with pytest.raises(SchemaError, match=what):
            split(wrong)


def test_axes_of_covariances_are_read_by_coordinate() -> None:
    """With the axes exchanged in the data, together or one alone, easting keeps its variance of 4 m²."""
    straight = labelled(["person"])
    for order in ({"axis": [1, 0], "axis_": [1, 0]}, {"axis": [1, 0]}, {"axis_": [1, 0]}):
        np.testing.assert_array_equal(split(straight.isel(order))[0].cov[0], [[4.0, 1.0], [1.0, 9.0]])
    with pytest.raises(SchemaError, match="not symmetric"):
        split(straight.isel(axis=[1, 0]).drop_vars("axis"))
    with pytest.raises(SchemaError, match="does not contain 'northing'"):
        split(straight.isel(axis=[0, 0]).assign_coords(axis=["easting", "up"]))


def test_columns_of_unequal_length_are_refused() -> None:
    columns = columns_of(scan(Plot(range_m=500.0, azimuth_deg=20.0)), radar_layout())
    with pytest.raises(SchemaError, match="class_probability has shape"):
        replace(columns, class_probability=columns.class_probability[:, :2])
    with pytest.raises(SchemaError, match="range_ has shape"):
        replace(columns, range_=np.zeros(3))
