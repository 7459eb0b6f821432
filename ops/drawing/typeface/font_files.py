"""The font of the front end as files that figures and PDF can read: one file for each set of characters and weight.

The package of the font has one compressed file for all weights of a set of characters. Programs that draw outside a
browser need a plain file of one weight, so these are made once and kept in the cache folder.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from geo.errors import WatchlineError
from ops.drawing.typeface.page_font import BUILT, linked_files
from ops.runtime.files.cache import is_own
from ops.runtime.output import atomic_write
from ops.sector.sector_file import cache_folder

log = logging.getLogger(__name__)

FAMILY: Final = "IBM Plex Sans"
WEIGHTS: Final = {False: 400, True: 600}
"""Weight of plain and of bold text, as the pages have them."""
FALLBACK: Final = "DejaVu Sans"
"""Comes with matplotlib; has the signs and scripts that the font of the front end lacks."""
_MADE_AS: Final = 1
"""Raise it when files must be made again, because they are made in another way."""
_MAKING: Final = threading.Lock()
"""Held while files are looked up: threads of one process write under one temporary name."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One set of characters in one weight; each set has a family name of its own."""

    family: str
    bold: bool
    path: Path


def font_files(folder: Path = BUILT) -> tuple[FontFile, ...]:
    """Return the files by family, plain before bold, and last those of the fallback.

    Without a built front end there is only the fallback.
    """
    with _MAKING:
        found = _found(folder)
        if not all(file.path.exists() for file in found):  # the cache may be emptied at any time
            _found.cache_clear()
            found = _found(folder)
        return found


@lru_cache(maxsize=4)
def _found(folder: Path) -> tuple[FontFile, ...]:
    return (*_of_the_front_end(folder), *_fallback())


def families(files: tuple[FontFile, ...]) -> list[str]:
    """Return the names of the families, the most important first."""
    return list(dict.fromkeys(file.family for file in files))


def _of_the_front_end(folder: Path) -> Iterator[FontFile]:
    kept = _kept()
    for number, source in enumerate(linked_files(folder), start=1):
        family = FAMILY if number == 1 else f"{FAMILY} {number}"
        packed = source.read_bytes()
        for bold, weight in WEIGHTS.items():
            key = _digest(f"{_MADE_AS} {family} {weight} ".encode() + packed)
            path = _kept_under(kept, key) or _keep(kept, key, _one_weight(packed, family, bold=bold))
            yield FontFile(family, bold, path)


def _kept_under(kept: Path, key: str) -> Path | None:
    """Return the file of a key; None if there is none, or not what was written: its name has its digest."""
    for path in kept.glob(f"{key}-*.ttf"):
        with suppress(OSError):
            if path.stem == f"{key}-{_digest(path.read_bytes())}":
                return path
    return None


def _keep(kept: Path, key: str, made: bytes) -> Path:
    """Write a file, into the temporary folder where there is no space in ``kept``."""
    name = f"{key}-{_digest(made)}.ttf"
    try:
        return _written(kept / name, made)
    except OSError as error:
        log.info("A font is not kept in %s: %s", kept, error)
        return _written(Path(_temporary().name) / name, made)


def _written(path: Path, content: bytes) -> Path:
    with atomic_write(path, concurrent=True) as partial:
        partial.write_bytes(content)
    return path


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _kept() -> Path:
    """Return the folder of the files; a temporary one if that of the cache cannot be used, or others may write it."""
    folder = cache_folder() / "fonts"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_own(folder):
            with tempfile.TemporaryFile(dir=folder):
                return folder
    except OSError as error:
        log.info("Fonts are not kept in %s: %s", folder, error)
    return Path(_temporary().name)


@lru_cache(maxsize=1)
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="watchline-fonts-")


def _one_weight(packed: bytes, family: str, *, bold: bool) -> bytes:
    """Return a font of one weight as TrueType, named ``family``; the same font gives the same bytes."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font: Any = TTFont(BytesIO(packed), recalcTimestamp=False)
    instantiateVariableFont(font, {"wght": WEIGHTS[bold]}, inplace=True)
    font.flavor = None
    _name(font, family, bold=bold)
    made = BytesIO()
    font.save(made)
    return made.getvalue()


def _name(font: Any, family: str, *, bold: bool) -> None:
    """Name a font, so that programs that choose by name and weight find it."""
    style = "Bold" if bold else "Regular"
    names = font["name"]
    for number, text in {
        1: family,
        2: style,
        3: f"{family} {style}",
        4: f"{family} {style}",
        6: f"{family.replace(' ', '')}-{style}",
    }.items():
        names.removeNames(nameID=number)
        names.setName(text, number, 3, 1, 0x409)
    for number in (16, 17, 21, 22, 25):
        names.removeNames(nameID=number)
    font["OS/2"].usWeightClass = 700 if bold else 400
    font["OS/2"].fsSelection = 0x20 if bold else 0x40
    font["head"].macStyle = int(bold)


def _fallback() -> Iterator[FontFile]:
    """Find the fonts that matplotlib brings, without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise WatchlineError("The fonts of figures and PDF are missing: matplotlib is not installed.")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    yield FontFile(FALLBACK, False, folder / "DejaVuSans.ttf")
    yield FontFile(FALLBACK, True, folder / "DejaVuSans-Bold.ttf")
