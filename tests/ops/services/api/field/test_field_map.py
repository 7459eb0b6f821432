"""Tiles of the map that a field unit carries along, asked of the map itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ops.sector.open_sector import OpenSector
from ops.services.api.field.map_routes import MINZOOM, FieldMapRoutes
from ops.services.map.client import Answer
from ops.services.map.process import MapService


@pytest.fixture(scope="module")
def client(hill_ground: OpenSector) -> TestClient:
    service = MapService(hill_ground)

    def ask(question: str, **arguments: Any) -> Answer:
        return service.answer(question, arguments)

    app = FastAPI()
    FieldMapRoutes(None, ask, None, None).add_to(app)  # type: ignore[arg-type]
    return TestClient(app)


def layer_zooms(ground: OpenSector) -> tuple[int, int]:
    layers = MapService(ground).layers("day")
    found = next(one for one in json.loads(layers.body) if one["id"] == "hillshade")
    return found["minzoom"], found["maxzoom"]


def test_a_zoom_without_relief_is_an_empty_answer_and_not_an_error(client: TestClient, hill_ground: OpenSector) -> None:
    lowest, deepest = layer_zooms(hill_ground)
    assert lowest > MINZOOM, "the area that a unit carries begins farther out than the relief of this sector"
    for zoom in (lowest - 1, deepest + 1):
        answer = client.get(f"/v1/field/tiles/hillshade/{zoom}/0/0.png")
        assert (answer.status_code, answer.content) == (204, b""), zoom
    drawn = client.get(f"/v1/field/tiles/hillshade/{lowest}/0/0.png")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    assert client.get("/v1/field/tiles/ground/30/0/0.mvt").status_code == 204


def test_a_tile_that_exists_nowhere_and_an_unknown_layer_are_errors(client: TestClient) -> None:
    for path in ("hillshade/3/8/0.png", "hillshade/-1/0/0.png", "hillshade/31/0/0.png", "watchers/10/0/0.png"):
        answer = client.get(f"/v1/field/tiles/{path}")
        assert answer.status_code == 404, path
