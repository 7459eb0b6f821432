"""OpenAPI describes every route as it answers: schemas, problems, rights; and the page of the API shows all of it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from ops.accounts.rights import HOLDERS, ROWS
from ops.incidents.incident import Incident
from ops.services.api.incidents.models import IncidentRecord
from ops.services.api.observability.metrics import OF_INGEST, OF_SENSORS
from ops.services.api.observability.openapi import describe
from ops.services.api.observability.reference import POLICY, rendered
from ops.services.api.observability.tags import ALWAYS_NEW
from ops.services.api.schemas import alerts as alert_schemas
from ops.services.api.schemas.picture import SensorCounts
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import INTERNAL
from ops.services.fusion.live_picture import alert_schema
from tests.ops.services.api.layers_follow import wait_for_layers
from tests.patience import PATIENT_S

PROBLEM = "application/problem+json"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def site(described: SimpleNamespace) -> Iterator[SimpleNamespace]:
    with serving(described.app) as port:
        wait_for_layers(described.app, described.service)
        address = f"http://127.0.0.1:{port}"

        def client(role: str | None) -> httpx.Client:
            headers = {} if role is None else {"Authorization": f"Bearer {described.tokens[role]}"}
            return httpx.Client(base_url=address, headers=headers, timeout=PATIENT_S)

        yield SimpleNamespace(**vars(described), client=client)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, item[method]) for path, item in document["paths"].items() for method in METHODS if method in item
    ]


def without_schema(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Operations with an answer that has a body without a schema, or an object that names no field."""
    found = []
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            contents = answer.get("content", {})
            bare = [one for one in contents.values() if one.get("schema") in (None, {}, {"type": "object"})]
            missing = not contents and status not in ("204", "304")
            if bare or missing:
                found.append((method, path))
    return found


def test_every_route_has_a_schema_for_every_answer(described: SimpleNamespace) -> None:
    document = described.app.openapi()
    assert len(operations(document)) >= 38
    assert without_schema(document) == [], "routes without a schema of the answer: state response_model"
    for method, path, operation in operations(document):
        assert PROBLEM in operation["responses"]["default"]["content"], (method, path)
        assert "422" not in operation["responses"], (method, path)
        described_by_standard = path.startswith("/v1/ogc")
        assert described_by_standard or operation["description"], f"{method} {path}: a docstring is missing"


def test_a_route_without_a_schema_is_found() -> None:
    app = FastAPI()
    describe(app)
    app.add_api_route("/v1/bare", lambda: {"secret": 1}, methods=["GET"])
    assert without_schema(app.openapi()) == [("get", "/v1/bare")]


def test_the_document_is_valid_openapi(described: SimpleNamespace) -> None:
    document = json.loads(json.dumps(described.app.openapi()))
    known = set(document["components"]["schemas"])
    refs = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert refs <= known
    assert not {"HTTPValidationError", "ValidationError"} & known


def test_every_operation_states_its_right_and_only_open_ones_need_no_login(described: SimpleNamespace) -> None:
    rows = {(row.method, row.path): row.right for row in ROWS}
    for method, path, operation in operations(described.app.openapi()):
        right = rows[method.upper(), path]
        assert operation["tags"] == [right]
        assert (operation["security"] == []) is (right == "open"), path


def test_schemas_have_exactly_the_published_fields() -> None:
    """The records of the layers below define what is published; the schemas of the API repeat their fields."""
    definitions = alert_schema()["$defs"]
    models = {"Alert": "AlertRecord", "Forecast": "ForecastRecord", "ResponseInTime": "ResponseRecord",
              "ResponseAssumptions": "ResponseAssumptionsRecord", "Candidate": "CandidateRecord",
              "Surroundings": "SurroundingsRecord", "CoverageGap": "CoverageGapRecord"}  # fmt: skip
    assert set(definitions) == {*models, "Message"}
    for name, model in models.items():
        added = {"marking"} if name == "Alert" else set()  # by the API, beside the published record
        assert set(getattr(alert_schemas, model).model_fields) == set(definitions[name]["properties"]) | added, name
    published = {field.name for field in dataclasses.fields(Incident)} - set(INTERNAL)
    more = {"section", "sentence", "undo", "lon", "lat", "expected_at", "marking"}
    assert set(IncidentRecord.model_fields) == published | more
    assert set(SensorCounts.model_fields) == {*OF_SENSORS, *OF_INGEST}


QUERIES = {
    "/api/ground": {"lon": "-84.76", "lat": "36.56"},
    "/api/profile": {"from": "-84.76,36.56", "to": "-84.75,36.57"},
    "/v1/audit/consistency": {"first": "1"},
    "/v1/history/moment": {"at": "2026-01-01T00:00:30Z"},
}
UNTIL_NOW = ("/v1/handover",)
"""Reports whose period ends now unless it is stated: each answer is another one."""
ELSEWHERE = ("/v1/action-plan", "/api/stream", "/api/base-map.pmtiles", "/v1/export", "/v1/ogc", "/v1/field")
"""Tested in files of their own: a stream has no end, an export needs an open room, few sectors have a base map, a field
unit has no login, this sector no plan."""
ADDRESSED = ("/api/tiles/", "/api/alerts/{identity}", "/v1/incidents/{identity}")
"""Routes with a path parameter that ``address`` fills in."""


def supervised(path: str) -> bool:
    """Whether a supervisor may read it; an administrator may read the others."""
    right = {(row.method, row.path): row.right for row in ROWS}["GET", path]
    return right in ("open", "own") or "supervisor" in HOLDERS[right]


def answers_here(path: str, operation: dict[str, Any]) -> bool:
    """Whether this server can answer without more than ``QUERIES`` and ``address`` know."""
    needed = {one["name"] for one in operation.get("parameters", ()) if one.get("required") and one["in"] != "path"}
    other = "/actions/" in path or "{picture}" in path  # a second parameter; this server has no pictures
    addressed = "{" not in path or (path.startswith(ADDRESSED) and not other)
    return addressed and needed <= set(QUERIES.get(path, ())) and not path.startswith(ELSEWHERE)


def address(path: str, client: httpx.Client) -> str:
    if path.endswith(".mvt"):
        return "/api/tiles/ground/10/270/398.mvt"
    if "/tiles/" in path:
        return "/api/tiles/hillshade/10/270/398.png"
    if path.startswith("/api/alerts/{"):
        return path.replace("{identity}", client.get("/api/alerts").json()["alerts"][0]["id"])
    if path.startswith("/v1/incidents/{"):
        return path.replace("{identity}", client.get("/v1/incidents").json()["incidents"][0]["id"])
    return path


def test_real_answers_have_the_fields_of_their_schema_and_no_others(site: SimpleNamespace) -> None:
    """A picture of fusion with alerts and incidents, the ground of a sector, the setup of a planner."""
    seen = 0
    with site.client("supervisor") as client, site.client("admin") as admin, site.client("auditor") as auditor:
        assert client.get("/api/alerts").json()["alerts"], "the rehearsed minute raises an alert"
        for route in site.app.routes:
            if not isinstance(route, APIRoute) or not route.include_in_schema or route.methods != {"GET"}:
                continue
            if not answers_here(route.path, site.app.openapi()["paths"][route.path]["get"]):
                continue
            one = admin if route.path == "/v1/people" else client
            one = auditor if route.path.startswith("/v1/audit") else one
            answer = one.get(address(route.path, client), params=QUERIES.get(route.path))
            kinds = site.app.openapi()["paths"][route.path]["get"]["responses"]
            if answer.status_code == 503:  # the picture is of a rehearsed night
                assert route.path in ("/api/health", "/readyz")
                continue
            assert answer.status_code == 200, (route.path, answer.text)
            assert answer.headers["content-type"].partition(";")[0] in kinds["200"]["content"], route.path
            if answer.headers["content-type"].partition(";")[0].endswith("json"):
                model = route.response_model
                assert model is not None, route.path
                TypeAdapter(model).validate_json(answer.content, extra="forbid")
                seen += 1
    assert seen >= 18


def test_a_place_without_an_answer_is_a_problem_whatever_goes_wrong(site: SimpleNamespace) -> None:
    """Errors that no route raises itself: no address, no method, no login, a body that is no JSON or too large."""
    with site.client("supervisor") as client, site.client(None) as stranger:
        cases = {
            404: client.get("/v1/nothing"),
            405: client.request("PATCH", "/api/tracks"),
            401: stranger.get("/api/tracks"),
            403: stranger.post("/api/alerts/A1/clear"),
            413: client.post("/api/plan/coverage", content=b"x" * 70_000),
            421: client.get("/healthz", headers={"Host": "evil.example"}),
            422: client.post("/api/plan/coverage", content=b"{", headers={"Content-Type": "application/json"}),
        }
        chunked = client.post("/api/plan/coverage", content=(b"x" * 10_000 for _ in range(9)))
    for status, answer in [*cases.items(), (413, chunked)]:
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
        body = answer.json()
        assert (body["status"], body["detail"]) == (status, body["error"])
        assert body["detail"].strip().endswith(".")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unexpected_error_is_a_problem_that_gives_nothing_away(
    described: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    from ops.services.api.observability.faults import PartFaults

    app = FastAPI()
    app.add_middleware(PartFaults)

    def fail() -> None:
        raise RuntimeError("the password is 1234")

    app.add_api_route("/fails", fail, methods=["GET"])
    app.state.hub = SimpleNamespace(stop=lambda: None)
    with serving(app) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/fails", timeout=PATIENT_S)
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "1234" not in answer.text
    assert "the password is 1234" in caplog.text


# --- entity tags


def test_what_has_not_changed_is_not_sent_again(site: SimpleNamespace) -> None:
    tagged = 0
    with site.client("supervisor") as client:
        for method, path, operation in operations(site.app.openapi()):
            if method != "get" or "304" not in operation["responses"] or not supervised(path):
                continue
            if "{" in path or path in UNTIL_NOW or not answers_here(path, operation):
                continue
            query = QUERIES.get(path)
            first = client.get(path, params=query)
            tag = first.headers["etag"]
            again = client.get(path, params=query, headers={"If-None-Match": f'"other", {tag}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
            assert client.get(path, params=query, headers={"If-None-Match": '"other"'}).content == first.content
            tagged += 1
        assert "etag" not in client.get("/api/nothing").headers
        assert not any("etag" in client.get(path).headers for path in ALWAYS_NEW)
    assert tagged >= 15


def test_an_answer_that_was_not_sent_again_is_recorded_all_the_same(site: SimpleNamespace) -> None:
    with site.client("viewer") as client:
        tag = client.get("/api/tracks").headers["etag"]
        before = len(list(site.log.entries()))
        assert client.get("/api/tracks", headers={"If-None-Match": tag}).status_code == 304
        assert len(list(site.log.entries())) == before + 1


# --- the page of the API


def test_the_page_of_the_api_shows_everything_and_loads_nothing_from_elsewhere(site: SimpleNamespace) -> None:
    with site.client("viewer") as client, site.client(None) as stranger:
        answer = client.get("/api/docs")
        assert stranger.get("/api/docs").status_code == 401
        assert (answer.status_code, answer.headers["content-security-policy"]) == (200, POLICY)
        assert client.get("/api/docs", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        style = client.get("/api/docs.css")
        assert style.headers["content-type"].startswith("text/css")
    document = site.app.openapi()
    for method, path, _ in operations(document):
        assert f'id="{method}{path}"' in answer.text
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in answer.text
    anchors = set(re.findall(r'id="([^"]+)"', answer.text))
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= anchors
    assert not re.search(r"<script|style=|https?://|//[a-z]", answer.text.replace("<!doctype html>", ""))
    assert "url(" not in style.text


def test_hostile_text_in_a_description_stays_text() -> None:
    hostile = "</p><script>alert(1)</script>"
    page = rendered(
        {
            "info": {"title": hostile, "description": hostile},
            "tags": [{"name": "open", "description": hostile}],
            "paths": {f"/{hostile}": {"get": {"description": hostile, "responses": {"200": {"description": hostile}}}}},
            "components": {"schemas": {hostile: {"description": hostile, "type": "object"}}},
        }
    )
    assert "<script" not in page


def test_models_of_answers_are_records_and_no_bare_dicts(described: SimpleNamespace) -> None:
    for route in described.app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema and route.response_model not in (None, str):
            model = route.response_model
            inner = getattr(model, "__args__", (model,))[0]
            assert issubclass(inner, BaseModel) or dataclasses.is_dataclass(inner), route.path
