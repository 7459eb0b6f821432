"""Pictures for people who do not decide on them: the object is made unrecognisable, with all of its box and more.

The rest of the picture is shown coarsely: other people and plates may stand beside the object, and no box says where.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MARGIN: Final = 0.25
"""The blurred area exceeds the box by this fraction of its sides: detectors cut off heads and plates."""
LARGEST: Final = 1280
"""Longest side of a blurred picture, in pixels."""
BLOCKS: Final = 4
"""The blurred area is replaced by the means of so many blocks along its longer side."""
REST: Final = 96
"""Details that are left of the rest, along the longer side: a face of a person as tall as the picture has about ten."""


def blurred(data: bytes, box: tuple[float, float, float, float] | None) -> bytes:
    """Return the picture as JPEG in which the object cannot be recognised, without any metadata.

    Parameters
    ----------
    data : bytes
        A picture that was checked.
    box : tuple of float, optional
        (left, top, width, height) of the object as fractions; without it, the whole picture is blurred.
    """
    from PIL import Image  # here, so that the server starts without it

    with Image.open(io.BytesIO(data)) as opened:
        opened.draft("RGB", (LARGEST, LARGEST))  # a JPEG is decoded at a fraction of its size
        picture = (_scaled(opened) if opened.mode.startswith("I") else opened).convert("RGB")
    picture.thumbnail((LARGEST, LARGEST))
    width, height = picture.size
    left, top, right, bottom = _area(box, width, height)
    part = picture.crop((left, top, right, bottom))
    means = part.resize(_coarse(part.size, BLOCKS), Image.Resampling.BOX)
    clean = Image.new("RGB", picture.size)
    if max(picture.size) > REST:
        rest = picture.resize(_coarse(picture.size, REST), Image.Resampling.BOX)
        picture = rest.resize(picture.size, Image.Resampling.BILINEAR)
    clean.paste(picture)
    clean.paste(means.resize(part.size, Image.Resampling.NEAREST), (left, top))
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _coarse(size: tuple[int, int], most: int) -> tuple[int, int]:
    """Width and height of a picture with at most so many pixels along its longer side, at least one each."""
    longer = max(size)
    return max(1, round(most * size[0] / longer)), max(1, round(most * size[1] / longer))


def _area(box: tuple[float, float, float, float] | None, width: int, height: int) -> tuple[int, int, int, int]:
    """Pixels (left, top, right, bottom) of the box with its margin, at least one pixel."""
    if box is None:
        return 0, 0, width, height
    left, top, wide, high = box
    x0, x1 = (left - MARGIN * wide) * width, (left + (1 + MARGIN) * wide) * width
    y0, y1 = (top - MARGIN * high) * height, (top + (1 + MARGIN) * high) * height
    first_x, first_y = min(max(int(x0), 0), width - 1), min(max(int(y0), 0), height - 1)
    return first_x, first_y, max(min(-int(-x1 // 1), width), first_x + 1), max(min(-int(-y1 // 1), height), first_y + 1)


def _scaled(picture: Picture) -> Picture:
    """A picture of 16 bits, as of a thermal camera, from its darkest to its brightest value in 8 bits."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture.convert("I"), float)
    scaled = (values - values.min()) * (255.0 / max(np.ptp(values), 1.0))
    return Image.fromarray(scaled.astype(np.uint8))
