"""The ground over HTTP: what the map answers, what it refuses, and that it may be killed while people look at it."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from geo.frame import LocalFrame
from geo.terrain import sample, slope
from geo.visibility import line_of_sight
from ops.sector.geojson import border_view, layout_view, lonlat_bounds, sector_view
from ops.sector.open_sector import OpenSector
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer, MapClient, MapUnavailable
from ops.services.map.process import QUESTIONS, MapService
from ops.services.map.profile import MOST_POINTS
from ops.services.map.supervisor import MapProcess
from ops.store.writer import Store
from sensors.layout import Layout
from tests.patience import PATIENT_S

T0_NS = 1_772_402_400_000_000_000  # 2026-03-01T22:00:00Z
SENSORS = ("radar-mid", "camera-west", "ground-1")


def sensors_body(revoked: tuple[str, ...] = (), **states: str) -> list[dict[str, Any]]:
    return [
        {"sensor": name, "state": states.get(name.replace("-", "_"), "ok"), "since_ns": 0, "revoked": name in revoked}
        for name in SENSORS
    ]


@dataclass
class Site:
    client: httpx.Client
    store: Store
    port: int
    service: MapService
    cursor: int = 0

    def tell(self, revoked: tuple[str, ...] = (), **states: str) -> None:
        """What fusion would write of the sensors' health."""
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=T0_NS, sensors=sensors_body(revoked, **states))

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query)


@pytest.fixture(scope="module")
def site(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server over the small sector, its map in our own process."""
    folder = tmp_path_factory.mktemp("ground-api")
    store, service = Store(folder / "s.db"), MapService(hill_ground)

    def ask(question: str, **arguments: Any) -> Answer:
        arguments.pop("lookers", None)
        return service.answer(question, arguments)

    settings = ApiSettings("hills", demo=True, operator="m.keller", pages=folder)
    app = create_app(store.path, settings, act=print, now_ns=lambda: T0_NS, ground=ask)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        site = Site(client, store, port, service)
        site.tell()
        assert until(lambda: seen_by_radar(site, hill_ground) and service.ready)
        yield site
    store.close()


def by_the_radar(ground: OpenSector) -> dict[str, float]:
    radar = ground.layout["radar-mid"]
    lon, lat = ground.frame.to_lonlat(radar.easting + 40, radar.northing)
    return {"lon": lon, "lat": lat}


def seen_by_radar(site: Site, ground: OpenSector) -> bool:
    """Whether the overlays are computed and know that the sensors work."""
    return "radar-mid" in (site.get("/api/ground", **by_the_radar(ground)).json()["seen_by"] or [])


def until(true: Callable[[], bool], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found  # a second look may find it otherwise


def test_the_page_is_told_whom_the_map_files_credit(hill_ground: OpenSector):
    credit = "© Mapping agency Ελλάδα"
    sector = replace(hill_ground.sector, map_credit=credit)
    ground = OpenSector(sector, hill_ground.terrain, hill_ground.frame, hill_ground.border, hill_ground.layout)
    assert sector_view(ground)["map_credit"] == credit
    assert sector_view(hill_ground)["map_credit"] == ""


def test_the_sector_is_told_in_figures(site: Site, hill_ground: OpenSector):
    body = site.get("/api/sector").json()
    west, south, east, north = body["bounds"]
    assert west < body["centre"][0] < east
    assert south < body["centre"][1] < north
    for sensor in hill_ground.layout:
        assert west < sensor.lon < east
        assert south < sensor.lat < north
    assert (body["sector"], body["demo"], body["operator"], body["time_zone"]) == ("hills", True, "m.keller", "UTC")
    wkt = body["frame"].pop("wkt")
    assert body["frame"] == {"name": "WGS 84 / UTM zone 16N", "epsg": 32616}
    assert LocalFrame.from_crs(wkt).crs.to_epsg() == 32616
    assert body["terrain"]["cell_m"] == 40.0
    heights = hill_ground.terrain["elevation"].to_numpy()
    assert (body["terrain"]["low_m"], body["terrain"]["high_m"]) == (float(heights.min()), float(heights.max()))
    assert body["sensor_kinds"] == ["camera", "ground_sensor", "radar"]
    assert body["clock"] == {"now": "2026-03-01T22:00:00.000000Z", "rate": 1.0}
    assert body["target_height_m"] == 1.7
    assert body["curvature_k_by_kind"]["ground_sensor"] is None  # no curvature: JSON has no infinity
    assert body["layers"] == site.get("/api/layers").json()
    assert isinstance(body["version"], str)


def test_the_views_hold_what_the_sensors_may_see_and_turn_as_geojson_says(site: Site, hill_ground: OpenSector):
    features = site.get("/api/layout").json()["features"]
    places = {f["properties"]["id"]: f for f in features if f["properties"]["part"] == "place"}
    views = {f["properties"]["id"]: shape(f["geometry"]) for f in features if f["properties"]["part"] == "view"}
    assert set(places) == set(views) == set(SENSORS)
    for name, sensor in ((name, hill_ground.layout[name]) for name in SENSORS):
        assert places[name]["geometry"]["coordinates"] == [sensor.lon, sensor.lat]
        ground = float(sample(hill_ground.terrain, sensor.easting, sensor.northing))
        assert places[name]["properties"]["ground_m"] == pytest.approx(ground)
        assert views[name].exterior.is_ccw  # RFC 7946, 3.1.6
        assert views[name].is_valid
        local = shapely.transform(views[name], lambda p: np.column_stack(hill_ground.frame.to_local(p[:, 0], p[:, 1])))
        share = sensor.field_of_view_deg / 360
        disc = math.pi * (sensor.max_range_m**2 - sensor.min_range_m**2) * share
        assert local.area == pytest.approx(disc, rel=0.005)  # a polygon of 3° steps lies within its circle
    west = hill_ground.layout["camera-west"]  # looks north, 90° wide, 2.5 km
    north, south = (hill_ground.frame.to_lonlat(west.easting, west.northing + d) for d in (2000, -300))
    assert views["camera-west"].contains(Point(*north))
    assert not views["camera-west"].contains(Point(*south))


def test_a_ring_has_a_hole_where_a_sensor_is_too_near(hill_ground: OpenSector):
    near = replace(hill_ground.layout["radar-mid"], min_range_m=500.0)
    layout = Layout("x", hill_ground.frame, (near,))
    ground = OpenSector(hill_ground.sector, hill_ground.terrain, hill_ground.frame, hill_ground.border, layout)
    view = shape(layout_view(ground, {"radar-mid": "why"})["features"][1]["geometry"])
    assert len(view.interiors) == 1
    assert not view.interiors[0].is_ccw
    assert not view.contains(Point(near.lon, near.lat))
    assert layout_view(ground, {"radar-mid": "why"})["features"][0]["properties"]["problem"] == "why"


def test_segments_follow_each_other_along_the_line(site: Site, hill_ground: OpenSector):
    body = site.get("/api/segments").json()
    spans = [f["properties"] for f in body["features"]]
    assert [span["segment"] for span in spans] == list(range(hill_ground.border.segments))
    assert all(a["chainage_to_m"] == b["chainage_from_m"] for a, b in pairwise(spans))
    assert all(0 <= span["dead_ground_fraction"] <= 1 for span in spans)
    assert body["revision"] in {layer["revision"] for layer in site.get("/api/layers").json()}
    length = sum(
        shapely.transform(shape(f["geometry"]), lambda p: np.column_stack(hill_ground.frame.to_local(*p.T))).length
        for f in body["features"]
    )
    assert length == pytest.approx(hill_ground.border.length_m, abs=1.0)


def test_a_sector_without_map_files_has_no_named_places(site: Site):
    answer = site.get("/api/places")
    assert (answer.status_code, answer.json()) == (200, {"places": []})


def test_a_place_tells_its_ground_and_who_sees_it(site: Site, hill_ground: OpenSector):
    lon, lat = by_the_radar(hill_ground).values()
    body = site.get("/api/ground", lon=lon, lat=lat).json()
    assert body["elevation_m"] == pytest.approx(sample(hill_ground.terrain, body["easting"], body["northing"]))
    segment, chainage, offset = hill_ground.border.locate(body["easting"], body["northing"])
    assert (body["segment"], body["chainage_m"], body["offset_m"]) == (segment, chainage, offset)
    assert "radar-mid" in body["seen_by"]
    assert body["seen_by_if_working"] == []
    assert 0 <= body["slope_deg"] < 45
    off = site.get("/api/ground", lon=lon + 1, lat=lat).json()
    assert (off["elevation_m"], off["slope_deg"], off["seen_by"]) == (None, None, [])


def test_slope_is_that_of_the_whole_terrain(site: Site, hill_ground: OpenSector):
    whole = hill_ground.terrain.assign(slope=slope(hill_ground.terrain))
    eastings, northings = hill_ground.terrain["easting"].to_numpy(), hill_ground.terrain["northing"].to_numpy()
    for row, column in ((75, 100), (0, 0), (149, 199), (1, 198), (20, 3)):
        lon, lat = hill_ground.frame.to_lonlat(eastings[column], northings[row])
        found = site.get("/api/ground", lon=lon, lat=lat).json()
        if found["slope_deg"] is None:  # rounding put an outermost centre off the surface
            continue
        wanted = sample(whole, found["easting"], found["northing"], "slope")
        assert found["slope_deg"] == pytest.approx(math.degrees(math.atan(wanted)), abs=1e-6)


def test_a_silent_sensor_is_told_by_the_stream_and_loses_its_ground(site: Site, hill_ground: OpenSector):
    events: list[dict[str, Any]] = []
    stop = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"http://127.0.0.1:{site.port}/api/stream", timeout=PATIENT_S) as answer:
            event = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "sensors":
                    events.append(json.loads(line[6:]))
                if stop.is_set():
                    return

    before = {layer["id"]: layer["revision"] for layer in site.get("/api/layers").json()}
    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert until(lambda: bool(events) and events[-1]["layers"] == before)
        site.tell(radar_mid="offline")
        assert until(lambda: events[-1]["layers"]["visible"] != before["visible"])
        assert {s["sensor"]: s["state"] for s in events[-1]["sensors"]}["radar-mid"] == "offline"
        assert events[-1]["layers"]["visible-camera"] == before["visible-camera"]
        body = site.get("/api/ground", **by_the_radar(hill_ground)).json()
        assert "radar-mid" not in body["seen_by"]
        assert "radar-mid" in body["seen_by_if_working"]
    finally:
        site.tell()
        stop.set()
        listener.join()
    assert until(lambda: {layer["id"]: layer["revision"] for layer in site.get("/api/layers").json()} == before)


def test_a_sensor_that_is_no_longer_believed_sees_nothing(site: Site, hill_ground: OpenSector):
    site.tell(revoked=("radar-mid",))
    assert until(lambda: not seen_by_radar(site, hill_ground))
    site.tell()
    assert until(lambda: seen_by_radar(site, hill_ground) and site.service.ready)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.tuples(st.floats(100, 7800), st.floats(100, 5800)),
    st.tuples(st.floats(100, 7800), st.floats(100, 5800)),
    st.sampled_from([0.0, 2.0, 30.0]),
    st.sampled_from([0.0, 1.7, 12.5]),
    st.sampled_from(["1.15", "1.3333333333333333", "inf"]),
)
def test_a_profiles_verdict_is_exactly_the_sight_lines(site: Site, hill_ground: OpenSector, start, end, eye, top, k):
    west, north = (float(hill_ground.terrain[name][0]) for name in ("easting", "northing"))
    places = [hill_ground.frame.to_lonlat(west + east, north - south) for east, south in (start, end)]
    texts = [f"{lon:.9f},{lat:.9f}" for lon, lat in places]
    query = {"from": texts[0], "to": texts[1], "observer_height_m": eye, "target_height_m": top, "curvature_k": k}
    body = site.get("/api/profile", **query).json()
    here, there = (hill_ground.frame.to_local(*map(float, text.split(","))) for text in texts)
    seen = line_of_sight(
        hill_ground.terrain, here, there, observer_height_m=eye, target_height_m=top, curvature_k=float(k)
    )
    assert body["visible"] is bool(seen)
    assert len({len(body[name]) for name in ("distance_m", "elevation_m", "drop_m", "sight_m")}) == 1
    assert body["distance_m"][-1] == pytest.approx(math.dist(here, there), abs=1e-3)
    assert body["curvature_k"] == (None if k == "inf" else float(k))


def test_a_tile_may_be_kept_for_ever_under_its_revision_and_only_there(site: Site):
    layer = next(layer for layer in site.get("/api/layers").json() if layer["id"] == "visible")
    z = layer["minzoom"]
    address = f"/api/tiles/visible/{z}/0/0.png"
    kept, anew = site.get(address, v=layer["revision"]), site.get(address)
    assert kept.headers["content-type"] == "image/png"
    assert "immutable" in kept.headers["cache-control"]
    for other in (anew, site.get(address, v="something else")):
        assert other.headers["cache-control"] == "private, no-cache"
        assert other.content == kept.content
    again = site.client.get(address, headers={"If-None-Match": anew.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/tiles/nothing/13/0/0.png", 404, "no layer 'nothing'"),
        ("/api/tiles/visible/99/0/0.png", 404, "no tiles of visible at zoom 99"),
        ("/api/tiles/visible/13/8192/0.png", 404, "both count from 0 to 8191"),
        ("/api/tiles/visible/13/-1/0.png", 404, "both count from 0"),
        (f"/api/tiles/visible/13/{10**40}/0.png", 404, "both count from 0"),
        ("/api/tiles/visible/x/0/0.png", 422, "path.z"),
        ("/api/tiles/visible/13/0.5/0.png", 422, "path.x"),
        (f"/api/tiles/{'a' * 81}/13/0/0.png", 422, "path.layer"),
        ("/api/tiles/visible/13/0/0.jpg", 404, "nothing at this address"),
        ("/api/tiles/visible/13/0/0.png?palette=pink", 422, "query.palette"),
        ("/api/tiles/ground/6/0/0.mvt", 404, "no tiles of the ground at zoom 6"),
        ("/api/tiles/ground/13/8192/0.mvt", 404, "both count from 0 to 8191"),
        ("/api/tiles/ground/13/x/0.mvt", 422, "path.x"),
        ("/api/tiles/..%2f..%2fetc/13/0/0.png", 404, ""),
        ("/api/ground?lon=nan&lat=36", 422, "query.lon"),
        ("/api/ground?lon=inf&lat=36", 422, "query.lon"),
        ("/api/ground?lon=181&lat=36", 422, "query.lon"),
        ("/api/ground?lon=0&lat=-90.01", 422, "query.lat"),
        ("/api/ground?lon=5", 422, "query.lat"),
        ("/api/ground?lon=%00&lat=1", 422, "query.lon"),
        ("/api/ground?lon=0&lat=0", 422, "outside the frame"),
        ("/api/profile?from=nan,36&to=1,2", 422, "from: expected longitude,latitude"),
        ("/api/profile?from=1e309,36&to=1,2", 422, "from: expected longitude,latitude"),
        ("/api/profile?from=1,2,3&to=1,2", 422, "from: expected longitude,latitude"),
        ("/api/profile?from=-87,36.5&to=", 422, "to: expected longitude,latitude"),
        ("/api/profile?from=1,2&to=1,99", 422, "to: longitude 1, latitude 99 is not on Earth"),
        ("/api/profile?from=1,2", 422, "query.to"),
        (f"/api/profile?from=1,2&to={'9' * 81}", 422, "query.to"),
        ("/api/profile?from=0,0&to=-87,36.5", 422, "outside the frame"),
        ("/api/profile?from=-80,36&to=-80,36.5", 422, "off the map"),
        ("/api/profile?from=1,2&to=1,2&observer_height_m=-1", 422, "query.observer_height_m"),
        ("/api/profile?from=1,2&to=1,2&observer_height_m=nan", 422, "query.observer_height_m"),
        ("/api/profile?from=1,2&to=1,2&target_height_m=inf", 422, "query.target_height_m"),
        ("/api/profile?from=1,2&to=1,2&curvature_k=0", 422, "query.curvature_k"),
        ("/api/profile?from=1,2&to=1,2&curvature_k=nan", 422, "curvature_k"),
    ],
)
def test_a_wrong_question_gets_one_sentence(site: Site, path: str, status: int, sentence: str):
    answer = site.client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    error = answer.json()["error"]
    assert sentence in error
    assert "\n" not in error
    assert "Traceback" not in error
    assert "/site-packages" not in error


def test_the_longest_profile_is_capped_and_judged_all_the_same(site: Site, hill_ground: OpenSector):
    lon, lat = hill_ground.frame.to_lonlat(*(float(hill_ground.terrain[n].mean()) for n in ("easting", "northing")))
    body = site.get("/api/profile", **{"from": f"{lon:.6f},{lat:.6f}", "to": f"{lon + 20:.6f},{lat:.6f}"}).json()
    assert len(body["distance_m"]) == MOST_POINTS
    assert body["visible"] is None
    assert body["elevation_m"][-1] is None


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_crashes_the_profile(site: Site, start: str, end: str):
    answer = site.get("/api/profile", **{"from": start, "to": end})
    assert answer.status_code in (200, 422)
    assert isinstance(answer.json(), dict)


def test_every_answer_forbids_everything(site: Site):
    for path in ("/api/sector", "/api/tiles/visible/13/0/0.png", "/api/ground?lon=x&lat=1", "/api/layout"):
        headers = site.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_map_answers_only_its_questions(hill_ground: OpenSector):
    service = MapService(hill_ground)
    for question in ("answer", "__init__", "_ground", "x" * 500):
        assert service.answer(question, {}).status == 404
    assert service.answer("tile", {"layer": "visible"}).status == 500  # our own mistake: said, and logged
    assert all(callable(getattr(service, question)) for question in QUESTIONS)


def test_what_the_server_knows_is_shown_while_the_map_is_still_being_opened(hill_ground: OpenSector, tmp_path: Path):
    """Above all that it is a demonstration; the layers follow when the map tells them."""
    opened, service = threading.Event(), MapService(hill_ground)

    def ask(question: str, **arguments: Any) -> Answer:
        arguments.pop("lookers", None)
        opened.wait(600)
        return service.answer(question, arguments)

    known = ApiSettings(
        "hills", demo=True, pages=tmp_path, ground=sector_view(hill_ground), layout=layout_view(hill_ground, {})
    )
    app = create_app(tmp_path / "s.db", known, act=print, now_ns=lambda: T0_NS, ground=ask)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        first = client.get("/api/sector").json()
        assert first["demo"] is True
        assert first["bounds"] == list(lonlat_bounds(hill_ground))
        assert first["layers"] == []
        assert len(client.get("/api/layout").json()["features"]) == 2 * len(SENSORS)
        opened.set()
        assert until(lambda: client.get("/api/sector").json()["layers"] == client.get("/api/layers").json() != [])


def test_the_border_is_as_geopandas_would_write_it(hill_ground: OpenSector):
    ours = border_view(hill_ground)["features"]
    theirs = hill_ground.border.to_geodataframe().__geo_interface__["features"]
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine["properties"] == wanted["properties"]
        assert np.asarray(mine["geometry"]["coordinates"]) == pytest.approx(
            np.asarray(wanted["geometry"]["coordinates"]), abs=1e-7
        )


# The map as a process of its own


def test_a_map_starts_when_looked_at_comes_back_when_killed_and_only_who_knows_the_key_is_answered(
    hill_sector: Any, tmp_path: Path
):
    log = tmp_path / "map.log"
    with MapProcess(sector=str(hill_sector.sector), layout=str(hill_sector.layout), log=log) as process:
        with pytest.raises(MapUnavailable, match="not in use"):
            process("watch", health={}, lookers=0)
        assert process.pid is None
        first = process("sector")
        assert first.status == 200
        pid, socket = process.pid, process._socket
        assert socket.parent.stat().st_mode & 0o077 == 0
        with pytest.raises(MapUnavailable):
            MapClient(socket, b"guessed")("sector")
        assert process("sector") == first

        process._child.kill()
        assert until(lambda: answered(process, first))
        assert process.pid != pid

        process._idle_s = 0.0
        with pytest.raises(MapUnavailable, match="not in use"):
            process("watch", health={}, lookers=0)
        assert not process.running
        assert answered(process, first), "whoever looks again starts it again"
    with pytest.raises(MapUnavailable):
        process("sector")
    assert not socket.exists()


def test_the_first_answer_is_waited_for_while_the_process_is_slow_and_its_end_is_reported_at_once(
    hill_sector: Any, tmp_path: Path
):
    busy = [MapUnavailable("it is busy")] * 2
    with MapProcess(sector=str(hill_sector.sector), layout=str(hill_sector.layout), log=tmp_path / "a.log") as process:
        client = process._client

        def slow(question: str, **arguments: Any) -> Answer:
            if busy:
                raise busy.pop()
            return client(question, **arguments)

        process._client = slow
        assert process.first_answer("segments", timeout_s=PATIENT_S).status == 200
        process._client = client
    assert busy == []
    with (
        MapProcess(sector=str(tmp_path / "none.toml"), layout="x", log=tmp_path / "b.log") as process,
        pytest.raises(MapUnavailable, match=r"map ended: .*none\.toml"),
    ):
        process.first_answer("segments", timeout_s=PATIENT_S)


def answered(process: MapProcess, wanted: Answer) -> bool:
    try:
        return process("sector") == wanted
    except MapUnavailable:
        return False


def test_a_map_that_cannot_open_its_ground_is_503_and_says_so(tmp_path: Path, hill_sector: Any):
    with MapProcess(sector=str(tmp_path / "none.toml"), layout="x", log=tmp_path / "map.log") as process:
        app = create_app(
            tmp_path / "s.db", ApiSettings("x", pages=tmp_path), act=print, now_ns=lambda: 0, ground=process
        )
        with serving(app) as port:
            answer = httpx.get(f"http://127.0.0.1:{port}/api/sector", timeout=PATIENT_S)
    assert answer.status_code == 503
    assert "map process" in answer.json()["error"]
    assert int(answer.headers["retry-after"]) > 0
    assert "none.toml" in (tmp_path / "map.log").read_text()
