"""What an opened sector tells alerts: forecasts, responders, ground, openings, impact levels; planned maintenance."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fusion.alerts import AlertState
from geo.errors import BadInput
from ops.journal.reader import JournalReader, JournalRow
from ops.room.night_file import SCENARIO_START
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Maintenance, Settings, load_settings
from ops.services.fusion.pipeline import Pipeline


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def alerts_of(ground: OpenSector, rows: list[JournalRow], settings: Settings | None = None):
    pipeline = Pipeline(ground, settings)
    return pipeline, [alert for row in rows for alert in pipeline.take(row)]


def test_live_alerts_on_tracks_say_where_it_may_cross_who_is_in_time_and_what_the_ground_is(hill_ground, rows) -> None:
    pipeline, alerts = alerts_of(hill_ground, rows)
    on_tracks = [alert for alert in alerts if alert.rule in ("approaching", "crossing", "entering_dead_ground")]
    assert on_tracks
    for alert in on_tracks:
        assert alert.forecast is not None
        assert alert.ground is not None
        assert alert.ground.steepness
        assert {"roads", "settlements"} <= set(alert.ground.missing)
        assert alert.why
        assert alert.response_estimate is None  # this sector names no bases
        assert alert.response is None
    state = AlertState(alerts=dict(pipeline.alerts))
    assert AlertState.from_json(state.to_json()) == state


@pytest.fixture
def files_with_maps(own_sector):
    """The hills with a road, a village, two sections of different impact, and a base."""
    folder = own_sector.folder
    border = json.loads(own_sector.border.read_text())
    line = border["features"][0]["geometry"]["coordinates"]
    middle = len(line) // 2
    half = [(line[: middle + 1], "high"), (line[middle:], "low")]

    def save(name: str, shapes: list[tuple[str, list, dict]]) -> None:
        features = [
            {"type": "Feature", "geometry": {"type": kind, "coordinates": where}, "properties": more}
            for kind, where, more in shapes
        ]
        (folder / name).write_text(json.dumps({"type": "FeatureCollection", "features": features}))

    save("sections.geojson", [("LineString", where, {"name": level, "impact_level": level}) for where, level in half])
    save("roads.geojson", [("LineString", line, {"highway": "track"})])
    save("villages.geojson", [("Point", line[0], {"name": "V"})])
    save("bases.geojson", [("Point", [line[middle][0], line[middle][1] - 0.015], {"name": "South base"})])
    text = own_sector.sector.read_text()
    keys = 'roads = "roads.geojson"\nsettlements = "villages.geojson"\nsections = "sections.geojson"\n'
    own_sector.sector.write_text(keys + 'bases = "bases.geojson"\n' + text)
    return own_sector


def test_maps_of_roads_settlements_and_sections_are_used(files_with_maps, rows) -> None:
    ground = open_sector(load_sector(files_with_maps.sector))
    alerts = alerts_of(ground, rows)[1]
    on_tracks = [alert for alert in alerts if alert.ground is not None]
    assert on_tracks
    assert all(alert.ground.missing == ("land_cover",) for alert in on_tracks)
    assert all(alert.ground.road_min is not None and alert.ground.road_min >= 0.0 for alert in on_tracks)
    assert all(alert.ground.settlement_min is not None for alert in on_tracks)
    assert {alert.impact_level for alert in on_tracks} <= {"high", "low"}
    assert any(alert.response_estimate is not None for alert in on_tracks)
    for alert in on_tracks:
        if alert.response_estimate is not None:
            assert alert.response_estimate.base == "South base"
            assert alert.response.parameters["base"] == "South base"
            assert alert.details[-1].id == "alert-detail-response-assumptions"
            assert 0.0 <= alert.response_estimate.interruption_probability <= 1.0
        label, probability = alert.class_label, alert.class_probability
        if alert.impact_level == "high" and not (label == "animal" and probability >= 0.9):
            assert alert.priority in ("medium", "high")


def test_a_map_that_cannot_be_used_is_left_out_and_said(files_with_maps, rows, caplog) -> None:
    (files_with_maps.folder / "roads.geojson").write_text("no map")
    ground = open_sector(load_sector(files_with_maps.sector))
    with caplog.at_level(logging.WARNING, logger="ops.services.fusion.alert_context"):
        alerts_of(ground, rows[:200])
    assert "Alerts leave out roads and rivers" in caplog.text
    files_with_maps.edit(files_with_maps.sector, "roads.geojson", "nowhere.geojson")
    with pytest.raises(BadInput, match="roads"):
        load_sector(files_with_maps.sector)


def test_a_pipeline_that_resumes_says_the_same_with_all_it_knows(hill_ground, rows) -> None:
    whole, alerts = alerts_of(hill_ground, rows)
    place = len(rows) // 2
    first, before = alerts_of(hill_ground, rows[:place])
    second = Pipeline(hill_ground, checkpoint=first.save())
    after = [alert for row in rows[place:] for alert in second.take(row)]
    assert before + after == alerts
    assert second.save() == whole.save()


# ---- planned maintenance -------------------------------------------------------------------------------------------


def quiet(hours: float) -> list[JournalRow]:
    start_ns = int(SCENARIO_START.timestamp()) * 1_000_000_000
    return [
        JournalRow(0, "tick", "", None, None, at, at, None, "", b"", True)
        for at in range(start_ns, start_ns + int(hours * 3600) * 1_000_000_000, 10_000_000_000)
    ]


def silent(alerts) -> dict[str, datetime]:
    return {alert.sensor: alert.raised_at for alert in alerts if alert.rule == "sensor_offline" and alert.revision == 0}


def test_planned_maintenance_is_not_silence_and_its_end_is(hill_ground) -> None:
    until = SCENARIO_START + timedelta(minutes=10)
    plan = Settings(maintenance=(Maintenance("radar-mid", SCENARIO_START, until),))
    found = silent(alerts_of(hill_ground, quiet(0.25), plan)[1])
    without = silent(alerts_of(hill_ground, quiet(0.25))[1])
    assert without.keys() == found.keys() == {sensor.id for sensor in hill_ground.layout}
    assert without["radar-mid"] < until
    assert until <= found["radar-mid"] <= until + timedelta(seconds=11)
    assert {name: at for name, at in found.items() if name != "radar-mid"} == {
        name: at for name, at in without.items() if name != "radar-mid"
    }


def test_settings_of_maintenance_and_weather_are_read_and_checked(tmp_path: Path, hill_ground) -> None:
    file = tmp_path / "settings.toml"
    stop = 'sensor = "radar-mid"\nstart = 2026-01-01T00:00:00Z\nuntil = 2026-01-01T02:00:00Z\n'
    file.write_text(f'weather = "night,fog"\n[[maintenance]]\n{stop}')
    settings = load_settings(file)
    assert settings.weather == "night,fog"
    assert settings.maintenance[0].until == datetime(2026, 1, 1, 2, tzinfo=UTC)
    for spoilt, said in (
        (stop.replace("T00:00:00Z", "T00:00:00"), "offset"),
        (stop.replace("T02", "T00"), "ends before"),
        (stop + 'why = "x"\n', "why"),
        (stop.replace("start", "begin"), "begin"),
    ):
        file.write_text(f"[[maintenance]]\n{spoilt}")
        with pytest.raises(BadInput, match=said):
            load_settings(file)
    file.write_text('weather = "frogs"\n')
    with pytest.raises(BadInput, match="frogs"):
        load_settings(file)
    stranger = replace(settings, maintenance=(replace(settings.maintenance[0], sensor="nobody"),))
    with pytest.raises(BadInput, match="nobody"):
        Pipeline(hill_ground, stranger)
