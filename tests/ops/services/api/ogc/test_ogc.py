"""OGC API – Features: every collection read by GDAL's own driver, what is selected, who may read, what is recorded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import geopandas as gpd
import numpy as np
import pytest
from pydantic import TypeAdapter
from pyproj import Transformer
from shapely.geometry import box, shape

from ops.accounts.person import ROLES
from ops.accounts.rights import HOLDERS, OGC_COLLECTIONS
from ops.services.api.guard import PAGE_POLICY
from ops.services.api.ogc import service
from ops.services.api.ogc.collections import COLLECTIONS
from ops.services.api.ogc.models import MODELS
from ops.services.api.ogc.queries import CRS84, MOST_FEATURES, crs_uri
from tests.patience import PATIENT_S

EXPECTED = {"tracks": 5, "incidents": 2, "alerts": 3, "units": 1, "sensors": 3, "segments": 16}
"""Features that the fixture puts into each collection; hills.toml has 16 segments and 3 sensors."""
PAGES = ("", "/conformance", "/openapi", "/collections", "/collections/alerts", "/collections/alerts/queryables",
         "/collections/alerts/schema", "/collections/alerts/items", "/collections/alerts/items/A3")  # fmt: skip


READER = """
import json, sys, pyogrio
address, folder, jobs = json.loads(sys.argv[1])
for name, options in jobs.items():
    options = {key: tuple(value) if key == "bbox" else value for key, value in options.items()}
    pyogrio.read_dataframe(address, **options).to_parquet(f"{folder}/{name}.parquet")
print(json.dumps([str(name) for name in pyogrio.list_layers(address)[:, 0]]))
"""


@pytest.fixture
def gdal(ogc, tmp_path: Path):
    """Reads layers by the driver in pyogrio: {name: options} to {name: features}, and the list of layers.

    In a process of its own, because GDAL holds the interpreter while it waits for the server.
    """
    environment = {**os.environ, "GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": ogc.token}
    address = f"OAPIF:{ogc.address}/v1/ogc"

    def read(jobs: dict) -> tuple[dict, list[str]]:
        order = json.dumps([address, str(tmp_path), jobs])
        run = [sys.executable, "-c", READER, order]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=PATIENT_S, check=False)
        assert done.returncode == 0, done.stderr
        return {name: gpd.read_parquet(tmp_path / f"{name}.parquet") for name in jobs}, json.loads(done.stdout)

    return SimpleNamespace(read=read, address=address, environment=environment)


def test_gdals_own_driver_reads_every_collection(gdal) -> None:
    frames, layers = gdal.read({name: {"layer": name} for name in COLLECTIONS})
    assert layers == list(COLLECTIONS)
    for name, collection in COLLECTIONS.items():
        assert set(frames[name].columns) >= set(collection.properties), name
    counts = {name: len(frame) for name, frame in frames.items()}
    assert counts.pop("coverage") > 1000
    assert counts == EXPECTED


@pytest.mark.parametrize("name", COLLECTIONS)
def test_ogrinfo_of_debian_reads_the_collection(gdal, name: str) -> None:
    run = ["ogrinfo", "-json", "-features", gdal.address, name]
    done = subprocess.run(run, env=gdal.environment, capture_output=True, text=True, check=True, timeout=PATIENT_S)
    (layer,) = json.loads(done.stdout)["layers"]
    assert layer["featureCount"] == len(layer["features"]) >= EXPECTED.get(name, 1000)
    assert done.stderr == ""


def test_gdal_pages_and_filters_and_gets_the_frame_of_the_sector(ogc, gdal) -> None:
    lon, lat = ogc.get("/collections/tracks/items/T2").json()["geometry"]["coordinates"]
    jobs = {
        "whole": {"layer": "coverage"},
        "paged": {"layer": "coverage", "PAGE_SIZE": 300},
        "some": {"layer": "tracks", "where": "class_label = 'person' AND speed_mps > 2"},
        "quarter": {"layer": "coverage", "bbox": [lon - 1, lat - 1, lon, lat]},
        "frame": {"layer": "tracks", "CRS": "EPSG:32616"},
        "degrees": {"layer": "tracks"},
    }
    found, _ = gdal.read(jobs)
    assert list(found["paged"]["id"]) == list(found["whole"]["id"])
    assert list(found["some"]["track"]) == ["T3", "T4", "T5"]
    expected = found["whole"].intersects(box(lon - 1, lat - 1, lon, lat)).sum()
    assert len(found["quarter"]) == expected > 100
    assert found["frame"].crs.to_epsg() == 32616
    assert np.abs(found["frame"].geometry.x - found["degrees"].to_crs(32616).geometry.x).max() < 0.01


def test_the_same_features_are_not_sent_twice(ogc) -> None:
    tag = ogc.get("/collections/tracks/items").headers["etag"]
    assert ogc.get("/collections/tracks/items", headers={"If-None-Match": tag}).status_code == 304
    assert ogc.get("/collections/tracks/items", headers={"If-None-Match": tag}, limit=1).status_code == 200


KINDS = ("landing", "conformance", "openapi", "collections", "collection", "queryables", "schema", "items", "feature")


@pytest.mark.parametrize(("path", "kind"), zip(PAGES, KINDS, strict=True))
def test_documents_have_the_fields_of_their_schema_and_no_others(ogc, path: str, kind: str) -> None:
    answer = ogc.get(path)
    assert answer.status_code == 200
    TypeAdapter(MODELS[kind]).validate_json(answer.content, extra="forbid")  # raises for any deviation


def test_a_track_is_flat_and_complete(ogc) -> None:
    feature = ogc.get("/collections/tracks/items/T1").json()
    assert set(feature["properties"]) == set(COLLECTIONS["tracks"].properties)
    properties = feature["properties"]
    assert (properties["name"], properties["sensors"], properties["segment"]) == (
        "Bravo 1",
        "radar-mid, camera-west",
        None,
    )
    assert properties["updated_at"] == "2026-03-01T22:01:00.000000Z"
    assert all(value is None or isinstance(value, str | int | float | bool) for value in properties.values())


def test_properties_are_of_the_types_that_the_schema_states(ogc) -> None:
    kinds = {"string": str, "number": (int, float), "integer": int, "boolean": bool}
    checked = 0
    for name in COLLECTIONS:
        stated = ogc.get(f"/collections/{name}/schema").json()["properties"]
        for feature in ogc.get(f"/collections/{name}/items").json()["features"]:
            for key, value in feature["properties"].items():
                assert value is None or isinstance(value, kinds[stated[key]["type"]]), (name, key, value)
                checked += value is not None
                if stated[key].get("format") == "date-time" and value is not None:
                    assert datetime.fromisoformat(value).tzinfo == UTC
    assert checked > 1000


T_22 = "TIMESTAMP('2026-03-01T22:"
SELECTIONS = [
    ("tracks", {"datetime": "2026-03-01T22:02:00Z"}, ["T2"]),
    ("tracks", {"datetime": "2026-03-01T23:02:00+01:00"}, ["T2"]),
    ("tracks", {"datetime": "2026-03-01T22:02:00Z/2026-03-01T22:03:00Z"}, ["T2", "T3"]),
    ("tracks", {"datetime": "../2026-03-01T22:02:00Z"}, ["T1", "T2"]),
    ("tracks", {"datetime": "2026-03-01T22:04:00Z/"}, ["T4", "T5"]),
    ("sensors", {"datetime": "2026-03-01T22:04:00Z/.."}, ["radar-mid", "camera-west", "ground-1"]),  # has no time
    ("tracks", {"filter": "speed_mps > 3"}, ["T4", "T5"]),
    ("tracks", {"filter": "speed_mps > 4 OR speed_mps < 3 AND track <> 'T1'"}, ["T2", "T5"]),  # AND binds stronger
    ("tracks", {"filter": "NOT (speed_mps > 4 OR speed_mps < 3)"}, ["T3", "T4"]),
    ("tracks", {"filter": "course_deg IS NULL", "filter-lang": "cql2-text"}, ["T1"]),
    ("tracks", {"filter": "course_deg <> 20"}, ["T3", "T4", "T5"]),  # null is neither equal nor different
    ("tracks", {"filter": "NOT course_deg = 20"}, ["T3", "T4", "T5"]),
    ("tracks", {"filter": "course_deg = 20 OR track = 'T1'"}, ["T1", "T2"]),
    ("tracks", {"filter": "updated_at >= TIMESTAMP('2026-03-01T22:04:00Z')"}, ["T4", "T5"]),
    ("tracks", {"filter": "track IN ('T1','T5') AND name LIKE 'Bravo%'"}, ["T1", "T5"]),
    ("tracks", {"filter": "speed_mps BETWEEN 2 AND 3"}, ["T2", "T3"]),
    ("tracks", {"filter": f"updated_at BETWEEN {T_22}02:00Z') AND {T_22}03:00Z')"}, ["T2", "T3"]),
    ("tracks", {"filter": f"updated_at NOT BETWEEN {T_22}02:00Z') AND {T_22}03:00Z')"}, ["T1", "T4", "T5"]),
    ("tracks", {"filter": f"{T_22}02:00Z') BETWEEN updated_at AND updated_at"}, ["T2"]),
    ("tracks", {"filter": f"updated_at IN ({T_22}02:00Z'), {T_22}04:00.000Z'))"}, ["T2", "T4"]),
    ("tracks", {"filter": f"NOT (updated_at NOT IN ({T_22}02:00Z')) AND speed_mps < 9)"}, ["T2"]),
    ("tracks", {"filter": "track IN (name, track) AND track <> 'T3'"}, ["T1", "T2", "T4", "T5"]),
    ("tracks", {"filter": "'T3' IN (track)"}, ["T3"]),
    ("tracks", {"filter": "20 IN (course_deg) OR course_deg BETWEEN 30 AND 30"}, ["T2", "T3"]),
    ("tracks", {"filter": "course_deg NOT BETWEEN 20 AND 30"}, ["T4", "T5"]),  # null is neither within nor outside
    ("tracks", {"filter": "course_deg NOT IN (20, offset_m)"}, []),  # offset_m is null
    ("sensors", {"filter": "revoked = false AND kind = 'radar'"}, ["radar-mid"]),
    ("sensors", {"filter": "revoked"}, []),
    ("tracks", {"track": "T2"}, ["T2"]),
    ("tracks", {"speed_mps": "2"}, ["T2"]),
    ("tracks", {"updated_at": "2026-03-01T22:05:00Z"}, ["T5"]),
    ("tracks", {"sortby": "-speed_mps", "limit": 2}, ["T5", "T4"]),
    ("tracks", {"sortby": "course_deg", "limit": 2}, ["T2", "T3"]),
    ("tracks", {"limit": 2, "offset": 3}, ["T4", "T5"]),
    ("tracks", {"bbox": "-180,-90,180,90"}, ["T1", "T2", "T3", "T4", "T5"]),
    ("tracks", {"bbox": "170,-90,-170,90"}, []),
    ("alerts", {"status": "cleared"}, ["A2"]),
    ("units", {"filter": "distress_at IS NULL AND base = 'fork'"}, ["patrol-1"]),
    ("incidents", {"filter": "state <> 'closed'"}, ["I1"]),
]  # fmt: skip


@pytest.mark.parametrize(("collection", "query", "expected"), SELECTIONS)
def test_a_query_selects(ogc, collection: str, query: dict, expected: list[str]) -> None:
    assert ogc.items(collection, **query) == expected


def test_a_box_selects_what_it_touches_in_every_system(ogc) -> None:
    """T2 is the only track within 20 m of its own position; the box is given in each reference system."""
    lon, lat = ogc.get("/collections/tracks/items/T2").json()["geometry"]["coordinates"]
    systems = ogc.get("/collections/tracks").json()["crs"]
    assert systems == [CRS84, crs_uri(4326), crs_uri(3857), crs_uri(32616)]
    for system in systems:
        code = "OGC:CRS84" if system == CRS84 else f"EPSG:{system.rsplit('/', 1)[-1]}"
        around = [(lon - 2e-4, lat - 2e-4), (lon + 2e-4, lat + 2e-4)]
        to = Transformer.from_crs("OGC:CRS84", code)  # in the order of axes of the system
        corners = ",".join(str(part) for place in around for part in to.transform(*place))
        assert ogc.items("tracks", bbox=corners, **{"bbox-crs": system}) == ["T2"], system
        answer = ogc.get("/collections/tracks/items/T2", crs=system)
        assert answer.headers["content-crs"] == f"<{system}>"
        assert answer.json()["geometry"]["coordinates"] == pytest.approx(to.transform(lon, lat))
    assert ogc.items("tracks", bbox=f"{lon - 2e-4},{lat - 2e-4},0,{lon + 2e-4},{lat + 2e-4},100") == ["T2"]
    assert "A2" not in ogc.items("alerts", bbox="-180,-90,180,90"), "an alert without a position is in no box"


def test_pages_of_features_lead_through_all_of_them_once(ogc) -> None:
    found, address = [], "/collections/coverage/items?limit=400&filter=cell_m+%3E+0"
    for _ in range(100):
        answer = ogc.client.get(
            urljoin(f"{ogc.address}/v1/ogc/", address if address.startswith("http") else f"/v1/ogc{address}"),
            headers={"Authorization": f"Bearer {ogc.token}"},
        ).json()  # fmt: skip
        found += [feature["id"] for feature in answer["features"]]
        following = [link["href"] for link in answer["links"] if link["rel"] == "next"]
        if not following:
            break
        (address,) = following
    assert len(found) == len(set(found)) == answer["numberMatched"] > 1000


def test_features_with_a_place_come_first_unless_an_order_is_asked_for(ogc) -> None:
    """QGIS takes the kind of geometry of a layer from the first ten features."""
    assert [one["id"] for one in ogc.get("/collections/alerts/items").json()["features"]] == ["A3", "A1", "A2"]
    by_time = ogc.get("/collections/alerts/items", sortby="raised_at").json()["features"]
    assert [one["id"] for one in by_time] == ["A1", "A2", "A3"]


def test_limit_is_capped_and_fields_and_geometry_can_be_left_out(ogc) -> None:
    openapi = ogc.get("/openapi").json()
    (limit,) = [
        one
        for one in openapi["paths"]["/collections/coverage/items"]["get"]["parameters"]
        if one.get("name") == "limit"
    ]
    assert limit["schema"]["maximum"] == MOST_FEATURES
    assert ogc.get("/collections/coverage/items", limit=10**9).status_code == 200
    (feature,) = ogc.get("/collections/tracks/items", track="T1", properties="name", skipGeometry="true").json()[
        "features"
    ]
    assert (feature["properties"], feature["geometry"]) == ({"name": "Bravo 1"}, None)


def test_coverage_cells_tile_the_terrain_and_hold_what_the_map_shows(ogc) -> None:
    """The cells do not overlap, cover the terrain, and their mean is that of the raster of the map."""
    features = ogc.get("/collections/coverage/items", limit=5000, crs=crs_uri(32616)).json()["features"]
    live = ogc.service._both.now.coverage._live
    raster = live.rasters[None]
    shapes = [shape(feature["geometry"]) for feature in features]
    size = features[0]["properties"]["cell_m"]
    elevation = ogc.ground.terrain["elevation"]
    cell = size / max(1, round(size / abs(float(elevation["easting"][1] - elevation["easting"][0]))))
    assert sum(one.area for one in shapes) == pytest.approx(elevation.size * cell**2, rel=1e-3)
    assert all(shape_.exterior.is_ccw for shape_ in shapes)
    whole = [
        f for f in features if f["properties"]["known_fraction"] == 1.0 and shape(f["geometry"]).area > 0.99 * size**2
    ]
    assert len(whole) > 500
    for feature in whole[:: len(whole) // 20]:
        west, south, east, north = shape(feature["geometry"]).bounds
        rows = (elevation["northing"].values > south) & (elevation["northing"].values < north)
        columns = (elevation["easting"].values > west) & (elevation["easting"].values < east)
        block = raster[np.ix_(rows, columns)]
        assert feature["properties"]["detection_probability"] == pytest.approx(float(block.mean()), abs=1e-4)
        assert feature["properties"]["least_detection_probability"] == pytest.approx(float(block.min()), abs=1e-4)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_the_collections_that_it_may_read_and_no_others(ogc, role: str) -> None:
    may = {name for name, right in OGC_COLLECTIONS.items() if role in HOLDERS[right]}
    if role not in HOLDERS["state"]:  # the auditor
        assert (may, ogc.get("/collections", role=role).status_code) == (set(), 403)
        return
    listed = {one["id"] for one in ogc.get("/collections", role=role).json()["collections"]}
    assert listed == may
    described = set(ogc.get("/openapi", role=role).json()["paths"])
    for name in COLLECTIONS:
        assert (f"/collections/{name}/items" in described) is (name in may)
        for below in ("", "/schema", "/queryables", "/items", "/items/1"):
            status = ogc.get(f"/collections/{name}{below}", role=role).status_code
            assert (status in (200, 404)) if name in may else status == 403, (name, below)


def test_without_a_login_nothing_is_answered(ogc) -> None:
    for path in (*PAGES, "/page.css"):
        answer = ogc.client.get(f"/v1/ogc{path}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert ogc.get(path, headers={"Authorization": "Bearer forged"}).status_code == 401


def test_reads_of_personal_data_are_recorded_with_their_purpose_before_they_are_answered(ogc) -> None:
    def entries() -> list:
        return [(entry.subject, entry.purpose, entry.what) for entry in ogc.log.entries()]

    before = len(entries())
    ogc.get("/collections/tracks/items", headers={"Purpose": "search of 1 March"}, limit=1)
    ogc.get("/collections/alerts/items/A1")
    ogc.get("/collections/incidents/items")
    for public in ("/collections/sensors/items", "/collections/coverage/items", "/collections/tracks", "/conformance"):
        ogc.get(public)
    new = entries()[before:]
    assert [subject for subject, _, _ in new] == ["live tracks", "alerts: A1", "incidents"]
    assert new[0][1:] == ("search of 1 March", "GET /v1/ogc/collections/tracks/items?limit=1")
    assert new[1][1] == "supervision of border surveillance"
    assert ogc.get("/collections/tracks/items", headers={"Purpose": "\x01"}).status_code in (400, 422)


REFUSED = [
    ("bbox=1,2,3", "bbox: has 3 numbers"),
    ("bbox=", "bbox: '' is not a number"),
    ("bbox=a,b,c,d", "bbox: 'a' is not a number"),
    ("bbox=nan,0,1,1", "bbox: 'nan' is not a number"),
    ("bbox=-1e308,-1e308,1e308,1e308", "bbox: is not on Earth"),
    ("bbox=0,1e999,1,1", "bbox: '1e999' is not a number"),
    ("bbox=0,2,1,1", "bbox: is not on Earth, or its south is above its north"),
    ("bbox=0,0,1,1&bbox-crs=EPSG:4326", "bbox-crs: 'EPSG:4326' is not offered"),
    ("bbox-crs=" + CRS84, "bbox-crs: is given without a bbox"),
    ("bbox=9e99,9e99,9.1e99,9.1e99&bbox-crs=" + crs_uri(32616), "bbox: is outside its reference system"),
    ("crs=http://evil.example/crs", "crs: 'http://evil.example/crs' is not offered"),
    ("crs=file:///etc/passwd", "crs: 'file:///etc/passwd' is not offered"),
    ("limit=0", "limit: '0'"),
    ("limit=-1", "limit: '-1'"),
    ("limit=1e3", "limit: '1e3'"),
    ("limit=" + "9" * 400, "limit: '999"),
    ("limit=٣", "limit: '٣'"),
    ("offset=-1", "offset: '-1'"),
    ("offset=99999999999", "offset: '99999999999'"),
    ("limit=1&limit=2", "limit: is given twice"),
    ("datetime=yesterday", "datetime: 'yesterday' is not a time"),
    ("datetime=2026-03-01T22:00:00", "datetime: '2026-03-01T22:00:00' is not a time"),
    ("datetime=2026-02-30T22:00:00Z", "datetime: '2026-02-30T22:00:00Z' is not a time"),
    ("datetime=9999-12-31T23:59:59Z", "datetime: '9999-12-31T23:59:59Z' is out of range"),
    ("datetime=2026-03-02T00:00:00Z/2026-03-01T00:00:00Z", "datetime: ends before it starts"),
    ("datetime=a/b/c", "datetime: has more than two times"),
    ("filter=", "filter: is not CQL2 text"),
    ("filter=speed_mps >", "filter: is not CQL2 text"),
    ("filter=secret = 1", "filter: 'secret' is not a property"),
    ("filter=__class__ = 1", "filter: is not CQL2 text"),
    ("filter=speed_mps = 'a'", "filter: compares number with string"),
    ("filter=updated_at > '2026'", "filter: compares time with string"),
    ("filter=updated_at > DATE('2026-03-01')", "filter: compares with a DATE"),
    ("filter=updated_at > TIMESTAMP('x')", "filter: has a TIMESTAMP that is not a time"),
    ("filter=updated_at > TIMESTAMP('20260301T220000Z')", "filter: has a TIMESTAMP that is not a time"),
    ("filter=updated_at > TIMESTAMP('2026-W10')", "filter: has a TIMESTAMP that is not a time"),
    ("filter=updated_at > TIMESTAMP('2026-02-30T22:00:00Z')", "filter: has a TIMESTAMP that is not a time"),
    ("filter=updated_at IN (TIMESTAMP('2026-03-01'))", "filter: has a TIMESTAMP that is not a time"),
    ("filter=updated_at < TIMESTAMP('9999-12-31T23:59:59Z')", "filter: has a TIMESTAMP that is not a time"),
    ("filter=speed_mps", "filter: 'speed_mps' alone is not a condition"),
    ("filter=S_INTERSECTS(geometry, POINT(0 0))", "filter: uses 's_intersects', which this server does not offer"),
    ("filter=foo(speed_mps) = 1", "filter: compares something other than properties and values"),
    ("filter=speed_mps * 2 > 1", "filter: compares something other than properties and values"),
    ("filter=" + "(" * 20 + "speed_mps > 1" + ")" * 20, "filter: is nested too deeply"),
    ("filter=speed_mps IN " + "(" * 400, "filter: is nested too deeply"),
    ("filter=" + "NOT " * 200 + "revoked", "filter: is nested too deeply"),
    ("filter=track = '" + "x" * 999 + "'", "filter: is too long"),
    ("filter=track = 'T1'&filter-lang=cql-text", "filter-lang: 'cql-text'"),
    ("filter=track = 'T1'&filter-crs=" + crs_uri(4326), "filter-crs: 'http://www.opengis.net/def/crs/EPSG/0/43"),
    ("sortby=secret", "sortby: 'secret' is not a property"),
    ("sortby=", "sortby: '' is not a property"),
    ("properties=secret", "properties: 'secret' is not a property"),
    ("skipGeometry=maybe", "skipGeometry: 'maybe'"),
    ("f=xml", "f: 'xml'"),
    ("f=jsonld", "f: 'jsonld'"),
    ("lang=../../etc", "lang: '../../etc'"),
    ("language=tlh", "lang: 'tlh'"),
    ("lang=fr&language=en", "lang: is given twice"),
    ("speed_mps=fast", "speed_mps: 'fast' is not a number"),
    ("updated_at=now", "updated_at: 'now' is not a time"),
    ("secret=1", "query: unknown parameter 'secret'"),
    ("track=%00", "track: is too long, or not printable"),
    ("resulttype=hits", "query: unknown parameter 'resulttype'"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "sentence"), REFUSED)
def test_a_hostile_query_is_refused_with_one_sentence(ogc, query: str, sentence: str) -> None:
    answer = ogc.get("/collections/tracks/items?" + query.replace(" ", "%20").replace("+", "%2B"))
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert problem["detail"].startswith(sentence)
    assert problem["detail"].endswith(".")
    assert len(problem["detail"]) < 700
    assert not re.search(r"Traceback|site-packages|/tmp|\.py", answer.text)


@pytest.mark.parametrize("identity", ["nothing", "..%2f..%2fetc%2fpasswd", "T1%00", "%F0%9F%92%A9", "x" * 500, "T1;--"])
def test_an_unknown_feature_is_not_found(ogc, identity: str) -> None:
    answer = ogc.get(f"/collections/tracks/items/{identity}")
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert ogc.get("/collections/nothing/items").status_code == 404


def test_what_is_not_offered_is_not_linked_and_conformance_claims_only_what_is(ogc) -> None:
    assert ogc.get("/conformance").json()["conformsTo"] == list(service.CONFORMANCE)
    assert ogc.get("/conformance").json() == ogc.get("/conformance").json(), "pygeoapi's own list grows"
    assert not any("create-replace-delete" in one or "jsonld" in one for one in service.CONFORMANCE)
    documents = [ogc.get(path).text for path in PAGES]
    assert not any(
        re.search(r"ld\+json|jsonld|text/csv|/v1/ogc/(TileMatrixSets|processes|jobs)", text) for text in documents
    )
    followed = 0
    for path in (
        "",
        "/collections",
        "/collections/tracks",
        "/collections/tracks/items",
        "/collections/tracks/items/T1",
    ):
        for link in ogc.get(path).json()["links"]:
            assert link["href"].startswith(f"{ogc.address}/v1/ogc"), link
            answer = ogc.client.get(link["href"], headers={"Authorization": f"Bearer {ogc.token}"})
            assert answer.status_code == 200, link
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link
            followed += 1
    assert followed > 20
    assert ogc.get("/").json() == ogc.get("").json()
    for path, item in ogc.get("/openapi").json()["paths"].items():
        assert list(item) == ["get"], path
        assert ogc.get(path.replace("{featureId}", "none")).status_code in (200, 404), path


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_need_no_other_server_and_no_script(ogc, path: str, language: str) -> None:
    answer = ogc.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": language})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    assert "<script" not in answer.text
    assert "{{" not in answer.text.replace("{{ 7 * 7 }}", "")
    for address in re.findall(r'(?:href|src)="([^"]*)"', answer.text):
        assert address.startswith("/v1/ogc"), address
    if "items" in path:
        assert "&lt;/td&gt;&lt;script&gt;" in answer.text, "a hostile sentence is text"


def test_json_is_for_programs_html_for_browsers_and_f_decides(ogc) -> None:
    for accept, found in (("*/*", "json"), ("application/geo+json, application/json", "json"), ("text/html", "html"),
                          ("application/json, text/html", "json"), ("", "json")):  # fmt: skip
        kind = ogc.get("/collections", headers={"Accept": accept}).headers["content-type"]
        assert found in kind, accept
    assert "json" in ogc.get("/collections", f="json", headers={"Accept": "text/html"}).headers["content-type"]
    titles = [one["title"] for one in ogc.get("/collections", lang="fr").json()["collections"]]
    assert titles[:3] == ["Pistes", "Incidents", "Alertes"]


def test_the_language_has_the_name_that_it_has_on_other_pages_too(ogc) -> None:
    for path in ("/collections", "/collections/tracks/items", "/conformance", "/openapi"):
        texts = [ogc.get(path, f="html", **{name: "fr"}).text for name in ("lang", "language")]
        assert texts[0] == texts[1], path
        assert '<html lang="fr"' in texts[0]
    named = {
        one.get("name") for one in ogc.get("/openapi").json()["paths"]["/collections/tracks/items"]["get"]["parameters"]
    }
    assert "language" in named


def test_a_store_that_cannot_be_read_is_unavailable_without_the_name_of_a_file(ogc, monkeypatch) -> None:
    from ops.services.api.ogc.sources import Sources
    from ops.store.connections import StoreError

    def broken(_: object, __: str) -> list:
        raise StoreError("/secret/place/store.db: cannot be read.")

    monkeypatch.setattr(Sources, "features", broken)
    answer = ogc.get("/collections/tracks/items")
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "The store cannot be read; see the log of the server.",
    )

    def failing(_: object, __: str) -> list:
        raise ValueError("/secret/place")

    monkeypatch.setattr(Sources, "features", failing)
    answer = ogc.get("/collections/tracks/items")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_does_not_load_pygeoapi_before_it_is_asked() -> None:
    heavy = "pygeoapi", "cql2", "shapely", "jinja2", "babel", "jsonschema", "pyproj"
    code = f"import sys, ops.services.api.process; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENT_S)
    assert done.stdout.strip() == "[]"


def test_titles_of_segments_follow_each_other(ogc) -> None:
    chainages = [
        (feature["properties"]["chainage_from_m"], feature["properties"]["chainage_to_m"])
        for feature in ogc.get("/collections/segments/items", sortby="segment").json()["features"]
    ]
    assert all(one[1] == other[0] for one, other in pairwise(chainages))
