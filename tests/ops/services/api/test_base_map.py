"""The base map over HTTP: read in parts by a browser, kept by revision, and absent in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.sector.open_sector import OpenSector
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer
from ops.services.map.process import MapService
from ops.store.writer import Store
from tests.geo.archives import write_archive
from tests.patience import PATIENT_S

ADDRESS = "/api/base-map.pmtiles"


@dataclass
class Site:
    client: httpx.Client
    archive: Path


@pytest.fixture(scope="module")
def site(hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("base-map")
    archive = write_archive(folder / "map.pmtiles", attribution="© Mapping agency")
    store = Store(folder / "s.db")
    service = MapService(replace(hill_ground, sector=replace(hill_ground.sector, base_map=archive)))

    def ask(question: str, **arguments: Any) -> Answer:
        arguments.pop("lookers", None)
        return service.answer(question, arguments)

    app = create_app(store.path, ApiSettings("hills", pages=folder), act=print, now_ns=lambda: 0, ground=ask)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        yield Site(client, archive)
    store.close()


def test_the_sector_states_its_base_map_and_its_credit(site: Site) -> None:
    body = site.client.get("/api/sector").json()
    assert body["map_credit"] == "© Mapping agency"
    assert (body["base_map"]["file"], body["base_map"]["readable"]) == ("map.pmtiles", True)
    assert (body["base_map"]["kind"], body["base_map"]["layers"]) == ("vector", ["water"])


def test_parts_of_the_archive_are_its_bytes(site: Site) -> None:
    whole = site.archive.read_bytes()
    for first, last in ((0, 126), (127, 127), (len(whole) - 9, len(whole) + 100)):
        part = site.client.get(ADDRESS, headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206
        assert part.content == whole[first : last + 1]
        assert part.headers["content-range"].endswith(f"/{len(whole)}")
    beyond = site.client.get(ADDRESS, headers={"Range": f"bytes={len(whole)}-{len(whole) + 9}"})
    assert beyond.status_code == 416
    assert site.client.get(ADDRESS).content == whole


def test_the_present_revision_is_kept_and_another_asked_again(site: Site) -> None:
    revision = site.client.get("/api/sector").json()["base_map"]["revision"]
    kept = site.client.get(ADDRESS, params={"v": revision}, headers={"Range": "bytes=0-9"})
    assert "immutable" in kept.headers["cache-control"]
    assert site.client.get(ADDRESS, params={"v": "old"}).headers["cache-control"] == "private, no-cache"


def test_without_a_base_map_the_answer_says_so(hill_ground: OpenSector, site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "map.pmtiles"
    broken.write_bytes(site.archive.read_bytes()[:-5])
    for file in (None, broken):
        service = MapService(replace(hill_ground, sector=replace(hill_ground.sector, base_map=file)))
        answer = service.answer("base_map_file", {})
        assert answer.status == 404
        assert b"no base map" in answer.body
        assert service.answer("sector", {}).status == 200
