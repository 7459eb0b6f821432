"""Compression: of what holds no secret only, with entity tags that hold for both encodings, and never of a stream."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from ops.accounts.accounts import form_token
from ops.accounts.rights import ROWS
from ops.services.api.compression import COMPRESSED, COMPRESSED_BELOW, accepts_gzip, is_compressed

PICTURE = [{"track": f"T{number}", "status": "confirmed", "lon": -84.2, "lat": 36.6} for number in range(100)]
SAMPLES = {"identity": "A1", "action": "a1", "feature": "T1", "layer": "hillshade", "z": "9", "x": "1", "y": "1",
           "session": "s", "name": "n", "token": "t", "file": "a.js", "unit": "u", "picture": "1"}  # fmt: skip
WITH_TOKEN = {"/login", "/account", "/v1/me", "/handover"}
STREAM = "/api/stream"
FILES = {"/", "/plan.html", "/field", "/field/{file}", "/third-party-licences.md", "/assets/{file}"}
"""Files of the build, the same for everyone (``static_pages``)."""


@pytest.fixture(scope="module")
def busy(world: Any) -> Any:
    """A server whose picture is large enough to be compressed."""
    world.store.commit(2, stamp_ns=2, tracks_live=PICTURE)
    return world


def raw(client: httpx.Client, path: str, accepted: str = "gzip", **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it was sent."""
    with client.stream("GET", path, headers={"Accept-Encoding": accepted, **headers}) as answer:
        return answer, b"".join(answer.iter_raw())


def test_no_compressed_answer_holds_a_secret_and_none_is_compressed_that_is_not_listed(busy: Any) -> None:
    """Every address of the table of rights, asked by each of the roles that may read it, with a text of an attacker."""
    compressed, with_token = set(), set()
    for role in ("supervisor", "planner", "admin", "auditor"):
        with busy.logged_in_as(role) as client:
            secrets = [value.encode() for value in client.cookies.values() if len(value) > 20]
            secrets += [form_token(value.decode()).encode() for value in secrets]
            for row in ROWS:
                if row.method != "GET" or row.path == STREAM:
                    continue
                answer, body = raw(client, row.path.format(**SAMPLES) + "?next=guess&incidents=guess&at=2026-03-01")
                is_packed = "content-encoding" in answer.headers
                text = gzip.decompress(body) if is_packed else body
                if any(secret in text for secret in secrets):
                    assert not is_packed, row.path
                    with_token.add(row.path)
                if is_packed:
                    assert is_compressed(row.path) or row.path in FILES, row.path
                    compressed.add(row.path)
    with busy.client() as client:
        answer, body = raw(client, "/login?next=guess")
    assert busy.token_of(body.decode())
    assert "content-encoding" not in answer.headers
    assert with_token | {"/login"} >= WITH_TOKEN
    assert compressed >= {"/api/tracks", "/api/openapi.json", "/api/docs"}


def test_every_listed_address_is_a_route() -> None:
    paths = {row.path for row in ROWS}
    assert paths >= COMPRESSED
    for below in COMPRESSED_BELOW:
        assert any(path.startswith(below) for path in paths)
    for path in (*WITH_TOKEN, STREAM, "/v1/sessions", "/v1/audit/entries", "/after-action", "/v1/export", "/"):
        assert not is_compressed(path)


def test_an_answer_is_the_same_in_both_encodings_and_so_is_its_tag(busy: Any) -> None:
    with busy.logged_in("keller") as client:
        packed, body = raw(client, "/api/tracks")
        plain, text = raw(client, "/api/tracks", "identity")
        assert (packed.headers["content-encoding"], gzip.decompress(body)) == ("gzip", text)
        assert int(packed.headers["content-length"]) == len(body) < len(text) / 4
        assert "content-encoding" not in plain.headers
        assert [track["track"] for track in json.loads(text)["tracks"]] == [one["track"] for one in PICTURE]
        assert packed.headers["etag"] == plain.headers["etag"]
        assert packed.headers["etag"].startswith("W/")
        for accepted in ("gzip", "identity"):
            again, nothing = raw(client, "/api/tracks", accepted, **{"If-None-Match": packed.headers["etag"]})
            assert (again.status_code, nothing, again.headers["etag"]) == (304, b"", packed.headers["etag"])
            assert again.headers["vary"] == "Accept-Encoding"
        assert (packed.headers["vary"], plain.headers["vary"]) == ("Accept-Encoding", "Accept-Encoding")


def test_an_address_whose_answer_also_depends_on_others_states_them_all(busy: Any) -> None:
    with busy.logged_in("keller") as client:
        varies = raw(client, "/v1/ogc/openapi")[0].headers["vary"]
    assert {name.strip() for name in varies.split(",")} == {
        "Accept", "Accept-Language", "Cookie", "Authorization", "Accept-Encoding",
    }  # fmt: skip


def test_short_answers_and_refusals_are_sent_as_they_are(busy: Any) -> None:
    with busy.logged_in("keller") as client:
        for path, status in (("/api/sensors", 200), ("/api/alerts?status=open", 422)):
            answer, body = raw(client, path)
            assert (answer.status_code, "content-encoding" in answer.headers) == (status, False)
            assert json.loads(body)


def test_a_stream_arrives_at_once_and_as_it_is(busy: Any) -> None:
    with busy.logged_in("keller") as client, client.stream("GET", STREAM, headers={"Accept-Encoding": "gzip"}) as sent:
        assert "content-encoding" not in sent.headers
        assert next(sent.iter_raw()).startswith(b"retry: ")


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*", True),
        ("identity", False),
        ("xgzip", False),
        ("gzip;q=none", False),
        ("", False),
    ],
)
def test_gzip_is_sent_only_to_who_takes_it(header: str | None, accepted: bool) -> None:
    headers = [] if header is None else [(b"accept-encoding", header.encode())]
    assert accepts_gzip({"type": "http", "headers": headers}) is accepted


def test_a_large_answer_can_be_read_by_zlib(busy: Any) -> None:
    """The past and pictures of thousands of tracks are compressed in a thread."""
    busy.store.commit(3, stamp_ns=3, tracks_live=PICTURE * 40)
    with busy.logged_in("keller") as client:
        _, body = raw(client, "/api/tracks")
    unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert len(json.loads(unpacked.decompress(body))["tracks"]) == 4_000
    assert (unpacked.eof, unpacked.unused_data) == (True, b"")
