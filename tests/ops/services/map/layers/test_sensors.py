"""Who may not have own forces gets the layers of a sector in which carried sensors stand at their posts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from ops.sector.open_sector import OpenSector
from ops.services.map.layers.sensors import AT_POSTS
from ops.services.map.process import MapService
from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint
from tests.patience import PATIENT_S

CARRIED = "radar-mid"
OK = dict.fromkeys((CARRIED, "camera-west", "ground-1"), "ok")


def until(true: Callable[[], bool], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def asked(service: MapService, question: str, **arguments: Any) -> Any:
    answer = service.answer(question, arguments)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def revisions(service: MapService, *, at_posts: bool) -> dict[str, str]:
    return {one["id"]: one["revision"] for one in asked(service, "layers", palette="day", at_posts=at_posts)}


@pytest.fixture(scope="module")
def carried(hill_ground: OpenSector) -> OpenSector:
    """The sector, in which people carry one of the sensors."""
    layout = hill_ground.layout
    sensors = tuple(replace(one, mobile=one.id == CARRIED) for one in layout)
    return replace(hill_ground, layout=Layout(layout.name, layout.frame, sensors, layout.relays))


def test_the_second_set_does_not_follow_the_sensor(carried: OpenSector) -> None:
    """It is that of a sector of which the sensor never left its post, in every answer about coverage."""
    home, away = MapService(carried), MapService(carried)
    post = carried.layout[CARRIED]
    there = Viewpoint(post.easting + 350.0, post.northing, post.mast_height_m)
    home.answer("watch", {"health": OK})
    seen = away.answer("watch", {"health": OK, "viewpoints": {CARRIED: asdict(there)}})
    assert json.loads(seen.body)["at_posts"] == {}
    asked(away, "layers", palette="day", at_posts=True)
    posted = away._both.of(at_posts=True)
    assert until(lambda: home.ready and away.ready and posted.ready)
    assert until(lambda: revisions(away, at_posts=True) == revisions(home, at_posts=False))
    assert revisions(away, at_posts=False)["coverage"] != revisions(home, at_posts=False)["coverage"]
    for question in ("segments", "coverage_cells", "layout"):
        assert asked(away, question, at_posts=True) == asked(home, question)
        assert question == "layout" or asked(away, question) != asked(home, question)
    eastings = np.linspace(post.easting - 300.0, post.easting + 300.0, 25)
    places = [carried.frame.to_lonlat(float(easting), post.northing + 150.0) for easting in eastings]
    of_home = [asked(home, "place", lon=float(lon), lat=float(lat)) for lon, lat in places]
    assert [asked(away, "place", lon=float(lon), lat=float(lat), at_posts=True) for lon, lat in places] == of_home
    both = json.loads(away.answer("watch", {"health": OK, "viewpoints": {CARRIED: None}}).body)
    assert both["at_posts"] == revisions(home, at_posts=False)


def test_its_titles_say_so_where_a_sensor_is_carried(carried: OpenSector, hill_ground: OpenSector) -> None:
    for ground, said in ((carried, True), (hill_ground, False)):
        layers = asked(MapService(ground), "layers", palette="day", at_posts=True)
        titles = {one["id"]: one["title"] for one in layers}
        assert titles["coverage"].endswith(AT_POSTS) is said
        assert titles["visible-radar"].endswith(AT_POSTS) is said
        assert not titles["hillshade"].endswith(AT_POSTS)


def test_there_is_one_set_where_no_sensor_is_carried(hill_ground: OpenSector) -> None:
    service = MapService(hill_ground)
    assert service._both.of(at_posts=True) is service._both.now
    both = json.loads(service.answer("watch", {"health": OK}).body)
    assert both["at_posts"] == both["layers"] != {}
