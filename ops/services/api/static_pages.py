"""The built front end: its page and assets, exactly the files of the build, each at its own address.

Only files that are in the folder at start-up are served, so no path leads out of it. Names of assets contain a hash of
their content, so browsers may cache them indefinitely; the page itself is requested again each time.
"""

from __future__ import annotations

import gzip
import html
import mimetypes
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from ops.drawing.typeface.page_font import BUILT
from ops.services.api.compression import accepts_gzip
from ops.services.api.guard import PAGE_POLICY
from ops.services.api.observability.tags import matches

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASKED_ANEW: Final = "no-cache"
_LARGEST_BYTES: Final = 20_000_000
_TYPES: Final = {  # required by browsers, whatever types this machine's configuration defines
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_COMPRESSED: Final = ("application/json", "application/manifest+json", "image/svg+xml")
"""Compressed types besides texts; these files hold nothing that is secret. Each is compressed at its first request."""
NATIONAL: Final = "nation.html"
OF_NATIONAL: Final = (NATIONAL, "assets/", "third-party-licences.md")
"""Beginnings of the names of the national page's files: the other pages are not there."""
_ADDRESSES: Final = {"index.html": "/", "nation.html": "/", "field.html": "/field"}
"""Addresses of pages that are not those of their files."""
_OWN_HEADERS: Final = {
    "field.html": {"Permissions-Policy": "camera=(), geolocation=(self), microphone=()"},
    "field/sw.js": {"Service-Worker-Allowed": "/field"},
}
"""Headers of single files: the field page alone may ask for the position, and its service worker answers for it."""
_ROUTES: Final = ("sector", "tracks", "alerts", "sensors", "counts", "border", "layout", "segments", "layers", "health")


def add_pages(app: FastAPI, *, title: str, folder: Path = BUILT, home: str = "index.html") -> None:
    """Serve the front end in ``folder``; if it was not built, serve a plain page that explains how to build it.

    ``home``: the page at ``/``. The national page is served as that only, by a server that has no other page.
    """
    index = folder / home
    if not index.is_file():
        app.add_route("/", lambda _: _not_built(title), methods=["GET"], include_in_schema=False)
        return
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        shown = not name.startswith(".") and not name.endswith(".map")
        here = name.startswith(OF_NATIONAL) if home == NATIONAL else name != NATIONAL
        if file.is_file() and shown and here and file.stat().st_size <= _LARGEST_BYTES:
            keep = FOR_EVER if name.startswith("assets/") else ASKED_ANEW
            _add_file(app, name, file, keep)


def _add_file(app: FastAPI, name: str, file: Path, keep: str) -> None:
    body = file.read_bytes()
    etag = f'W/"{blake2b(body, digest_size=16).hexdigest()}"'  # weak: the same for both encodings
    packed = lru_cache(maxsize=1)(lambda: gzip.compress(body, mtime=0))
    media_type = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = media_type.partition(";")[0] in _COMPRESSED or media_type.startswith("text/")
    headers = {"ETag": etag, "Cache-Control": keep, "Content-Security-Policy": PAGE_POLICY}
    headers |= {"Vary": "Accept-Encoding"} if is_text else {}
    headers |= _OWN_HEADERS.get(name, {})

    def answer(request: Request) -> Response:
        if matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        if is_text and accepts_gzip(request.scope):
            return Response(packed(), media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(body, media_type=media_type, headers=headers)

    app.add_route(_ADDRESSES.get(name, f"/{name}"), answer, methods=["GET"], include_in_schema=False)


def _not_built(title: str) -> HTMLResponse:
    name = html.escape(f"Watchline: {title}")
    items = "".join(f'<li><a href="/api/{route}">/api/{route}</a></li>' for route in _ROUTES)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title><h1>{name}</h1>'
        "<p>The map is not built in this installation: run <code>python deploy/build_web.py</code> in the source"
        f" folder, or install the wheel. The picture is served as JSON meanwhile:</p><ul>{items}</ul>"
        '<p><a href="/metrics">/metrics</a>, <a href="/api/openapi.json">/api/openapi.json</a></p></html>'
    )
