"""The OpenAPI document of the application: FastAPI's own, with what holds for every route.

Every operation states its right (``ops.accounts.rights``), how a program or a browser proves who it is, that every
error is a problem, and, where the answer carries an entity tag, the status 304.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI

from ops.accounts.rights import MEANINGS, Right, rights_at
from ops.services.api.observability.tags import ALWAYS_NEW, TAGGED
from ops.services.api.problems import MEDIA_TYPE, Problem

DESCRIPTION: Final = (
    "Every error is a problem (RFC 9457, application/problem+json) with one sentence in detail. Times are UTC (RFC"
    " 3339); positions are longitude and latitude, WGS 84. A change needs the server's own Origin, the header"
    " X-Watchline-Token where one is set, or a program's token. Reads of personal data are logged with the purpose in"
    " the header Purpose, or the default of the role."
)
_METHODS: Final = ("get", "post", "put", "patch", "delete")
PROBLEM: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
_OWN: Final = ("HTTPValidationError", "ValidationError")
"""FastAPI's schemas of an error, which this application does not send."""


def describe(app: FastAPI, rights: Callable[[str], Mapping[str, Right]] = rights_at) -> None:
    """Let ``app.openapi()`` return the document with these additions. ``rights``: the server's table of rights."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(plain(), rights)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: dict[str, Any], rights: Callable[[str], Mapping[str, Right]] = rights_at) -> dict[str, Any]:
    """Return the document with errors, rights and entity tags of every operation."""
    document["info"]["description"] = DESCRIPTION
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OWN:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A program's token (watchline user token)."},
        "session": {
            "type": "apiKey", "in": "cookie", "name": "watchline-session-PORT",
            "description": "A browser's login; with TLS the name begins with __Host-.",
        },
    }  # fmt: skip
    document["tags"] = [{"name": right, "description": meaning} for right, meaning in MEANINGS.items()]
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                _complete(item[method], path, method.upper(), schemas, rights(path).get(method.upper()))
    return document


def _complete(operation: dict[str, Any], path: str, method: str, schemas: dict[str, Any], right: Right | None) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    for status, response in responses.items():
        if response["description"] == "Successful Response":
            response["description"] = "Success."
        declared = response.get("content", {}).get("application/json")
        if status.startswith(("4", "5")) and declared is not None:
            name = declared["schema"].get("$ref", "").rpartition("/")[2]
            if "instance" in schemas.get(name, {}).get("properties", {}):  # a problem with more fields
                response["content"] = {MEDIA_TYPE: declared}
            else:
                response["content"][MEDIA_TYPE] = PROBLEM
    if method == "GET" and path not in ALWAYS_NEW and set(responses.get("200", {}).get("content", {})) & set(TAGGED):
        responses["200"].setdefault("headers", {})["ETag"] = {"schema": {"type": "string"}}
        responses["304"] = {"description": "The answer is the one whose ETag the header If-None-Match names."}
    responses["default"] = {
        "description": "An error.",
        "content": {MEDIA_TYPE: PROBLEM},
    }
    if right is not None:
        operation["tags"] = [right]
        operation["security"] = [] if right == "open" else [{"token": []}, {"session": []}]
