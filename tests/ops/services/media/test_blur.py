"""Blurred pictures: nothing of the object is left, no face and no plate beside it, and nothing else of the file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ops.services.media.blur import BLOCKS, LARGEST, REST, blurred


def grey(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("L"), float)


def test_nothing_else_of_the_file_is_passed_on() -> None:
    with Image.open(io.BytesIO(blurred(noisy(), (0.4, 0.4, 0.2, 0.2)))) as picture:
        assert (picture.format, dict(picture.getexif())) == ("JPEG", {})
        assert "comment" not in picture.info
    assert b"51.1 N" in noisy()


def noisy(size: tuple[int, int] = (160, 120)) -> bytes:
    """Noise with a comment and a position, as cameras write them."""
    values = np.random.default_rng(7).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "camera of sector 4"
    out = io.BytesIO()
    Image.fromarray(values).save(out, "JPEG", quality=95, exif=exif, comment=b"51.1 N")
    return out.getvalue()


def test_within_the_box_at_most_the_means_of_a_few_blocks_are_left() -> None:
    before, after = grey(noisy()), grey(blurred(noisy(), (0.25, 0.25, 0.5, 0.5)))
    inside = after[34:86, 46:114]  # the box is rows 30 to 90, columns 40 to 120
    assert len({tuple(np.round(row / 8)) for row in inside}) <= BLOCKS + 4  # JPEG blurs the edges of blocks
    assert inside.std() < 0.2 * before[34:86, 46:114].std()


def test_the_edges_of_the_box_are_blurred_too() -> None:
    """A margin of a quarter: a head above the box of a detector is not left out."""
    after = grey(blurred(noisy(), (0.25, 0.25, 0.5, 0.5)))
    assert after[18:30, 46:114].std() < 0.3 * grey(noisy())[18:30, 46:114].std()


def scene() -> bytes:
    """A bright half and a dark one, and a plate in stripes of a pixel in the dark one, far from the box."""
    values = np.full((480, 640), 40, np.uint8)
    values[:, :320] = 200
    values[400:440, 500:600:2] = 255
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


def test_a_thermal_picture_of_16_bits_is_not_white() -> None:
    values = np.tile(np.linspace(7000, 9000, 640), (480, 1)).astype(np.uint16)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    after = grey(blurred(out.getvalue(), (0.4, 0.4, 0.1, 0.1)))
    assert after[10, 5] < 30.0
    assert after[10, -5] > 225.0
    assert np.all(np.diff(after[10, ::40]) > 0.0), "a gradient stays one"


def test_a_plate_beside_the_box_cannot_be_read_and_the_scene_is_still_there() -> None:
    after = grey(blurred(scene(), (0.1, 0.1, 0.1, 0.1)))
    across = after[420, 510:590]
    assert np.abs(np.diff(across)).max() < 8.0  # 215 in the picture
    assert abs(across.mean() - 147.5) < 10.0
    assert abs(after[300:, :300].mean() - 200.0) < 3.0
    assert abs(after[:380, 340:].mean() - 40.0) < 3.0


def test_no_more_than_a_few_details_are_left_beside_the_box() -> None:
    """As many samples as details hold all that is left."""
    size = (960, 720)
    after = Image.open(io.BytesIO(blurred(noisy(size), (0.9, 0.9, 0.05, 0.05)))).convert("L")
    coarse = after.resize((REST, REST * size[1] // size[0]), Image.Resampling.BOX)
    again = np.asarray(coarse.resize(size, Image.Resampling.BILINEAR), float)
    assert np.asarray(after, float)[:500, :700].std() < 0.2 * grey(noisy(size))[:500, :700].std()
    assert np.abs(again - np.asarray(after, float))[:500, :700].mean() < 5.0


@pytest.mark.parametrize("box", [None, (0.0, 0.0, 1.0, 1.0)])
def test_without_a_box_nothing_can_be_recognised(box: tuple[float, float, float, float] | None) -> None:
    assert grey(blurred(noisy(), box)).std() < 0.2 * grey(noisy()).std()


@pytest.mark.parametrize("box", [(0.999, 0.999, 0.001, 0.001), (0.0, 0.0, 1e-6, 1e-6), (0.0, 0.5, 1.0, 1e-9)])
def test_a_box_of_less_than_a_pixel_at_the_edge_is_no_fault(box: tuple[float, float, float, float]) -> None:
    assert grey(blurred(noisy((5, 3)), box)).shape == (3, 5)


def test_a_large_picture_is_passed_on_smaller() -> None:
    assert max(grey(blurred(noisy((2600, 1300)), (0.4, 0.4, 0.2, 0.2))).shape) <= LARGEST
