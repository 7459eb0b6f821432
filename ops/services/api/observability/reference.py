"""The page of the API: every operation with its parameters and schemas, from the OpenAPI document, as plain HTML.

It needs neither scripts nor anything from another server, so it works offline and under the strictest policy.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from ops.drawing.colours import with_colours

FOLDER: Final = Path(__file__).parent
PATH: Final = "/api/docs"
STYLE: Final = "/api/docs.css"
POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'self'"
_METHODS: Final = ("get", "post", "put", "patch", "delete")


class ReferenceRoutes:
    """The page and its style sheet."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._page: tuple[int, str] | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for path, handler in ((PATH, self.page), (STYLE, self.style)):
            app.add_api_route(path, handler, methods=["GET"], include_in_schema=False, response_class=Response)

    def page(self, request: Request) -> Response:
        """The page of the API."""
        document = self._app.openapi()
        if self._page is None or self._page[0] != id(document):
            self._page = id(document), rendered(document)
        return _unless_known(request, HTMLResponse(self._page[1], headers={"Content-Security-Policy": POLICY}))

    def style(self, request: Request) -> Response:
        """Its style sheet."""
        body = with_colours((FOLDER / "reference.css").read_text(encoding="utf-8"))
        return _unless_known(request, Response(body, media_type="text/css; charset=utf-8"))


def _unless_known(request: Request, answer: Response) -> Response:
    tag = f'"{blake2b(bytes(answer.body), digest_size=12).hexdigest()}"'
    answer.headers.update({"ETag": tag, "Cache-Control": "no-cache"})
    if request.headers.get("if-none-match") != tag:
        return answer
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    return Response(status_code=304, headers=headers)


def rendered(document: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    operations: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in sorted(document["paths"].items()):
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = operation.get("tags", ["open"])[0]
                operations[tag].append(
                    {"method": method.upper(), "path": path, "anchor": f"{method}{path}", **operation}
                )
    page: str = _template().render(
        info=document["info"],
        tags=[tag for tag in document["tags"] if operations[tag["name"]]],
        operations=operations,
        schemas=sorted(document["components"]["schemas"].items()),
        style=STYLE,
    )
    return page


def type_of(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a type as pieces of text, each with the name of the schema to which it leads, or an empty text."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [(name, name)]
    for key, between in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if key in schema:
            return _joined([type_of(part) for part in schema[key]], between)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return [(", ".join(f"“{value}”" for value in values), "")]
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return [("(", ""), *_joined([type_of(part) for part in schema["prefixItems"]], ", "), (")", "")]
        return [("list of ", ""), *type_of(schema.get("items") or {})]
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return [("map of ", ""), *type_of(schema["additionalProperties"])]
    return [(f"{schema.get('type', 'any')}{_limits(schema)}", "")]


def _joined(parts: list[list[tuple[str, str]]], between: str) -> list[tuple[str, str]]:
    return [piece for n, part in enumerate(parts) for piece in ([(between, "")] if n else []) + part]


def _limits(schema: dict[str, Any]) -> str:
    words = {
        "minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}",
        "minLength": "at least {} characters", "maxLength": "at most {} characters", "pattern": "pattern {}",
        "format": "{}",
    }  # fmt: skip
    found = [text.format(schema[name]) for name, text in words.items() if name in schema]
    return f" ({', '.join(found)})" if found else ""


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals["type_of"] = type_of
    return environment.get_template("reference.html")
