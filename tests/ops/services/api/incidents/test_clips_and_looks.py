"""Clips over the API, whole and in parts, for those who act alone; and the pictures that a look brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import HTTPException

from ops.services.api.incidents.byte_range import ranged
from ops.services.api.incidents.pictures import IncidentPictures
from ops.services.media.book import PictureBook, StoredFile
from ops.services.media.vault import Vault
from sensors.timestamps import utc_datetime
from tests.ops.services.api.incidents.test_pictures import Room, ask, room  # noqa: F401 - fixtures
from tests.ops.services.media.making import AT_NS, SECOND, mp4_file, picture_file, reference

CLIP = mp4_file(bytes(range(256)))


@pytest.fixture
def clip(room: Room) -> int:  # noqa: F811
    """The id of a stored clip of the incident's track."""
    book, vault = PictureBook(room.folder), Vault(room.folder)
    book.take([reference(CLIP, 9, media_type="video/mp4", uri="drop:9.mp4")], 9, AT_NS)
    book.link([("T1", ("cam-1", 1, 9))])
    (found,) = book.due(AT_NS + 10**12, 9)
    name = vault.put(CLIP, found.observed_ns)
    book.stored(found.id, StoredFile(name, len(CLIP), None, None))
    book.close()
    return found.id


def test_a_clip_is_given_whole_and_in_parts_to_those_who_act(
    ask: Callable[[str], httpx.Client],  # noqa: F811
    clip: int,
) -> None:
    operator, address = ask("operator"), f"/v1/incidents/I1/pictures/{clip}"
    (listed,) = (one for one in operator.get("/v1/incidents/I1/pictures").json()["pictures"] if one["id"] == clip)
    assert (listed["type"], listed["state"], listed["problem"], listed["width"]) == ("video/mp4", "stored", "", None)
    whole = operator.get(address)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, CLIP, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    part = operator.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(CLIP)}"


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_nobody_else_gets_a_clip_and_everyone_is_told_why(
    room: Room,  # noqa: F811
    ask: Callable[[str], httpx.Client],  # noqa: F811
    clip: int,
    role: str,
) -> None:
    client = ask(role)
    (listed,) = (one for one in client.get("/v1/incidents/I1/pictures").json()["pictures"] if one["id"] == clip)
    assert (listed["problem"], listed["sharp"]) == ("clip", False)
    assert "cannot be blurred" in listed["sentence"]
    for header in ({}, {"Range": "bytes=0-10"}):
        refused = client.get(f"/v1/incidents/I1/pictures/{clip}", headers=header)
        assert refused.status_code == 403
        assert CLIP[:8] not in refused.content


def test_a_clip_can_be_assessed_as_a_still(ask: Callable[[str], httpx.Client], room: Room, clip: int) -> None:  # noqa: F811
    digest = next(
        one["picture"]
        for one in ask("operator").get("/v1/incidents/I1/pictures").json()["pictures"]
        if one["id"] == clip
    )
    stated = {"picture": digest, "shown": "vehicle"}
    body = {"id": "act-clip-1", "action": "assess", "expected_revision": 0, "assessment": stated}
    answer = ask("operator").post("/v1/incidents/I1/actions", json=body)
    assert answer.status_code == 202, answer.text
    assert [one.assessment.shown for one in room.replies] == ["vehicle"]


@pytest.mark.parametrize(
    ("asked", "status", "content", "stated"),
    [
        (None, 200, b"0123456789", None),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=3-", 206, b"3456789", "bytes 3-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("items=0-1", 200, b"0123456789", None),
        ("bytes=a-b", 200, b"0123456789", None),
    ],
)
def test_ranges_as_in_rfc_9110(asked: str | None, status: int, content: bytes, stated: str | None) -> None:
    answer = ranged(b"0123456789", "video/mp4", asked)
    assert (answer.status_code, bytes(answer.body), answer.headers.get("content-range")) == (status, content, stated)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=5-4", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_size(asked: str) -> None:
    with pytest.raises(HTTPException, match="10 bytes") as refused:
        ranged(b"0123456789", "video/mp4", asked)
    assert (refused.value.status_code, refused.value.headers) == (416, {"Content-Range": "bytes */10"})


def test_the_pictures_of_a_look_are_those_in_its_direction_until_it_was_done(tmp_path: Path) -> None:
    book = PictureBook(tmp_path)
    stated = ((10, 90.0), (14, None), (20, 93.0), (21, 200.0), (31, None), (33, 90.0), (5, 90.0))
    # the one at 14 s may show what the camera watched before it turned
    book.take(
        [
            reference(picture_file(shade=s), s, azimuth_deg=azimuth, observed_ns=AT_NS + s * SECOND)
            for s, azimuth in stated
        ],
        1,
        AT_NS,
    )
    book.close()
    times = {
        name: utc_datetime(AT_NS + s * SECOND).isoformat().replace("+00:00", "Z")
        for name, s in (("at", 10), ("changed_at", 30))
    }
    look = {"camera": "cam-1", "azimuth_deg": 88.6, "state": "done", **times}
    nothing: Any = None
    found = IncidentPictures(tmp_path, nothing).of({"tracks": [], "alerts": [], "looks": [look]})
    assert [one.seq for one in found] == [31, 20, 10]
    for state in ("accepted", "failed"):
        unfinished = {"tracks": [], "alerts": [], "looks": [look | {"state": state}]}
        assert IncidentPictures(tmp_path, nothing).of(unfinished) == []
