"""Clips: first bytes and boxes decide, nothing is decoded, and whatever was cut off is refused."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.services.media.check import Expected, Unusable, checked
from ops.services.media.clips import clip_problem
from tests.ops.services.media.making import mp4_file, picture_file, webm_file

MP4, WEBM = mp4_file(), webm_file()


def test_a_clip_of_its_type_is_taken_without_pixels() -> None:
    for data, kind in ((MP4, "video/mp4"), (WEBM, "video/webm")):
        assert clip_problem(data, kind) == ""
        assert checked(data, Expected(sha256(data).hexdigest(), kind, len(data)), max_pixels=1) is None
        assert checked(data, Expected("", kind, 0), max_pixels=1) is None


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (WEBM, "video/mp4", "type"),
        (MP4, "video/webm", "type"),
        (picture_file(), "video/mp4", "type"),
        (b"<html>", "video/mp4", "type"),
        (b"", "video/mp4", "type"),
        (b"", "video/webm", "type"),
        (webm_file(b"matroska"), "video/webm", "type"),
        (MP4[:-1], "video/mp4", "broken"),
        (MP4[:24], "video/mp4", "broken"),
        (MP4 + b"\0\0\0\x04", "video/mp4", "broken"),
        (WEBM[:-6], "video/webm", "broken"),
        (b"\x1a\x45\xdf\xa3\x00", "video/webm", "broken"),
    ],
)
def test_what_is_not_a_whole_clip_is_refused_by_name(data: bytes, kind: str, code: str) -> None:
    assert clip_problem(data, kind) == code
    with pytest.raises(Unusable) as refused:
        checked(data, Expected("", kind, 0), max_pixels=1)
    assert refused.value.code == code


def test_large_sizes_and_a_last_box_without_a_size_are_understood() -> None:
    """ISO/IEC 14496-12, 4.2: size 1 means 64 bits behind the type, size 0 means to the end of the file."""
    whole = mp4_file()
    at = whole.index(b"mdat") - 4
    body = whole[at + 8 :]
    large = whole[:at] + b"\0\0\0\1mdat" + (16 + len(body)).to_bytes(8) + body
    to_end = whole[:at] + b"\0\0\0\0mdat" + body
    assert clip_problem(large, "video/mp4") == clip_problem(to_end, "video/mp4") == ""
    assert clip_problem(large[:-1], "video/mp4") == "broken"


@given(st.binary(max_size=200), st.sampled_from(["video/mp4", "video/webm"]), st.booleans())
def test_any_bytes_end_with_an_answer(data: bytes, kind: str, begins_well: bool) -> None:
    head = MP4[:12] if kind == "video/mp4" else WEBM[:5]
    assert clip_problem(head + data if begins_well else data, kind) in ("", "type", "broken")
