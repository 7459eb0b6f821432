"""What a picture or clip must be: of the stated size, hash and type, whole, and of a bounded number of pixels. Pure."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from PIL import Image, ImageFile

from geo.errors import WatchlineError
from ops.services.media.clips import CLIPS, clip_problem

FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
MAGIC: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
"""The first bytes of a file of each type: JPEG (ISO/IEC 10918-1, B.1.1.3), PNG (W3C PNG, 5.2)."""

_STRICT: Final = threading.Lock()


class Unusable(WatchlineError):
    """A picture that is not stored and not asked for again; ``code`` selects the sentence ``picture-problem``."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Expected:
    """A file as the message of the sensor states it; ``sha256`` empty and ``size`` 0: not stated."""

    sha256: str
    media_type: str
    size: int


def checked(data: bytes, expected: Expected, *, max_pixels: int) -> tuple[int, int] | None:
    """Check a file against what was stated; return its width and height in pixels, None for a clip.

    Parameters
    ----------
    data : bytes
        The file.
    expected : Expected
        Size, hash and type that the message states.
    max_pixels : int
        Largest number of pixels. The head of the file is read before any pixel is decoded. Clips are not decoded.

    Raises
    ------
    Unusable
        For the first rule that the file breaks.
    """
    if expected.size and len(data) != expected.size:
        raise Unusable("size", f"{len(data)}")
    if expected.sha256 and sha256(data).hexdigest() != expected.sha256:
        raise Unusable("hash")
    if expected.media_type in CLIPS:
        problem = clip_problem(data, expected.media_type)
        if problem:
            raise Unusable(problem)
        return None
    if not data.startswith(MAGIC[expected.media_type]):
        raise Unusable("type")
    return _size_of(data, expected.media_type, max_pixels)


def _size_of(data: bytes, media_type: str, max_pixels: int) -> tuple[int, int]:
    """Width and height of a still that can be decoded whole."""
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[media_type]]) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise Unusable("pixels", f"{width} × {height}")
            if getattr(picture, "n_frames", 1) != 1:
                raise Unusable("frames")
            _load(picture)
    except Unusable:
        raise
    except Image.DecompressionBombError:
        raise Unusable("pixels") from None
    except Exception as error:  # noqa: BLE001 - decoders of hostile files raise many kinds
        raise Unusable("broken", type(error).__name__) from None
    return width, height


def _load(picture: Image.Image) -> None:
    """Decode all pixels; a file that ends early is an error, also where another library of this process allows it."""
    if not ImageFile.LOAD_TRUNCATED_IMAGES:
        picture.load()
        return
    with _STRICT:
        allowed, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            picture.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = allowed
