"""The built front end is served as it was built, and nothing else of the disk is."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ops.drawing.typeface.page_font import BUILT, linked_rules
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.login.pages import POLICY as LOGIN_POLICY
from ops.services.api.serving.server import serving
from tests.patience import PATIENT_S

SECRET = "not to be served"


@dataclass
class Site:
    folder: Path
    port: int
    client: httpx.Client

    def raw(self, path: str) -> bytes:
        """The whole answer to a path sent as it is, which HTTP clients would tidy up first."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENT_S) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    folder = root / "dist"
    (folder / "assets").mkdir(parents=True)
    (root / "secret.txt").write_text(SECRET)
    (folder / "index.html").write_text('<!doctype html><title>Map</title><script src="/assets/a-1f.js"></script>')
    (folder / "assets" / "a-1f.js").write_text("console.log(1)")
    (folder / "assets" / "a-1f.js.map").write_text(SECRET)
    (folder / "assets" / "a-2e.css").write_text("body{}")
    (folder / "assets" / "w-3d.mjs").write_text("1")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "field").mkdir()
    (folder / "field.html").write_text("<!doctype html><title>Field</title>")
    (folder / "field" / "sw.js").write_text("1")
    (folder / "field" / "manifest.webmanifest").write_text("{}")
    app = create_app(root / "s.db", ApiSettings("<hills>", pages=folder), act=print, now_ns=lambda: 0)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        yield Site(folder, port, client)


def test_assets_are_kept_for_ever_and_the_page_is_asked_for_anew(site: Site):
    page, script = site.client.get("/"), site.client.get("/assets/a-1f.js")
    assert page.text.startswith("<!doctype html>")
    assert page.headers["cache-control"] == "no-cache"
    assert script.text == "console.log(1)"
    assert "immutable" in script.headers["cache-control"]
    for answer in (page, script):
        again = site.client.get(answer.request.url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/a-1f.js", "text/javascript; charset=utf-8"),
        ("/assets/w-3d.mjs", "text/javascript; charset=utf-8"),
        ("/assets/a-2e.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/field", "text/html; charset=utf-8"),
        ("/field/sw.js", "text/javascript; charset=utf-8"),
        ("/field/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_every_file_has_its_type_and_a_policy_that_lets_nothing_in_from_elsewhere(site: Site, name, media_type):
    answer = site.client.get(name)
    assert answer.headers["content-type"] == media_type
    policy = {
        words[0]: words[1:] for words in (part.split() for part in answer.headers["content-security-policy"].split(";"))
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["font-src"] == ["'self'"]
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    assert set(policy["img-src"]) == {"'self'", "data:", "blob:"}
    allowed = {word for words in policy.values() for word in words}
    assert allowed == {"'none'", "'self'", "data:", "blob:"}
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_field_page_alone_may_ask_for_the_position_and_its_worker_answers_for_it(site: Site):
    page, worker, other = (site.client.get(path) for path in ("/field", "/field/sw.js", "/"))
    assert "geolocation=(self)" in page.headers["permissions-policy"]
    assert "geolocation=()" in other.headers["permissions-policy"]
    assert worker.headers["service-worker-allowed"] == "/field"
    assert page.headers["cache-control"] == worker.headers["cache-control"] == "no-cache"
    assert site.client.get("/field.html").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret.txt", "/../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//etc/passwd", "//etc/passwd", "/assets/a-1f.js/../../../secret.txt", "/assets/a-1f.js.map",
        "/assets/", "/assets", "/index.html%00", "/.built-from", "/assets/..\\..\\secret.txt", "/%00",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(site: Site, path: str):
    head, _, body = site.raw(path).partition(b"\r\n\r\n")
    assert head.split()[1] in (b"400", b"404")
    assert SECRET.encode() not in body
    assert b"root:" not in body


def test_a_file_that_is_put_there_later_is_not_served(site: Site):
    (site.folder / "later.js").write_text(SECRET)
    assert site.client.get("/later.js").status_code == 404


def test_without_a_build_the_page_says_how_to_get_one(tmp_path: Path):
    settings = ApiSettings("<i>x</i>", pages=tmp_path / "dist")
    app = create_app(tmp_path / "s.db", settings, act=print, now_ns=lambda: 0)
    with serving(app) as port:
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=PATIENT_S)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "The map is not built" in page.text
    assert "deploy/build_web.py" in page.text
    assert "<i>" not in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_texts_of_the_page_are_sent_compressed_under_the_same_tag(site: Site):
    for name in ("/", "/assets/a-1f.js", "/icon.svg"):
        plain = site.client.get(name, headers={"Accept-Encoding": "identity"})
        with site.client.stream("GET", name, headers={"Accept-Encoding": "gzip"}) as packed:
            body = b"".join(packed.iter_raw())
        assert (packed.headers["content-encoding"], gzip.decompress(body)) == ("gzip", plain.content)
        assert "content-encoding" not in plain.headers
        for answer in (packed, plain):
            assert answer.headers["vary"] == "Accept-Encoding"
            again = site.client.get(name, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.headers["vary"]) == (304, "Accept-Encoding")
        assert packed.headers["etag"] == plain.headers["etag"]
        assert packed.headers["etag"].startswith("W/")


def test_the_servers_own_pages_get_the_font_of_the_front_end(site: Site, tmp_path: Path):
    assert linked_rules(tmp_path) == ""  # not built
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "font-1f.css").write_text("@font-face{}")
    assert linked_rules(tmp_path) == "@font-face{}\n"
    assert site.client.get("/login.css").text.startswith(linked_rules(BUILT))
    assert "font-src 'self'" in LOGIN_POLICY
