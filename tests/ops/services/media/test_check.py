"""Hostile and damaged files: each is refused by the first rule that it breaks, and none is decoded beyond its limit."""

from __future__ import annotations

import io
import struct
import zlib
from hashlib import sha256

import pytest
from PIL import Image, ImageFile

from ops.services.media.check import Expected, Unusable, checked
from tests.ops.services.media.making import picture_file

JPEG, PNG = picture_file(), picture_file("PNG")


def code_of(data: bytes, media_type: str = "image/jpeg", *, max_pixels: int = 10_000, **stated: object) -> str:
    expected = {"sha256": sha256(data).hexdigest(), "media_type": media_type, "size": len(data)} | stated
    with pytest.raises(Unusable) as refused:
        checked(data, Expected(**expected), max_pixels=max_pixels)  # type: ignore[arg-type]
    return refused.value.code


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, content: bytes = b"") -> bytes:
    """A PNG (W3C, 5.6) that claims a size, whatever it contains."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("data", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
def test_a_picture_as_stated_gives_its_pixels(data: bytes, media_type: str) -> None:
    expected = Expected(sha256(data).hexdigest(), media_type, len(data))
    assert checked(data, expected, max_pixels=64 * 48) == (64, 48)


def test_size_and_hash_are_those_that_were_stated() -> None:
    assert code_of(JPEG, size=len(JPEG) + 1) == "size"
    assert code_of(JPEG, sha256="0" * 64) == "hash"


@pytest.mark.parametrize(
    "data", [PNG, b"GIF89a" + JPEG, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"MZ"]
)
def test_a_file_of_another_type_than_said_is_not_decoded(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("decoded"))
    assert code_of(data) == "type"


def test_a_bomb_is_refused_by_its_head_before_its_pixels_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    assert code_of(png_of(60_000, 60_000), "image/png") == "pixels"
    assert code_of(PNG, "image/png", max_pixels=64 * 48 - 1) == "pixels"


@pytest.mark.parametrize("data", [JPEG[:300], b"\xff\xd8\xff" + bytes(500), JPEG[:2] + b"\xff" + JPEG[30:]])
def test_a_damaged_jpeg_is_refused(data: bytes) -> None:
    assert code_of(data) == "broken"


@pytest.mark.parametrize("data", [png_of(64, 48), png_of(0, 48), PNG[:60], b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_png_is_refused(data: bytes) -> None:
    assert code_of(data, "image/png") == "broken"


def test_truncated_files_are_refused_where_another_library_allows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for data, media_type in ((JPEG[:400], "image/jpeg"), (PNG[:-40], "image/png"), (png_of(64, 48), "image/png")):
        assert code_of(data, media_type) == "broken"
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_film_in_place_of_a_still_is_refused() -> None:
    frames = [Image.new("L", (8, 8), shade) for shade in (10, 200)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert code_of(out.getvalue(), "image/png") == "frames"
