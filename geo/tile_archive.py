"""Base maps as PMTiles archives (version 3): what an archive holds, and whether a browser can show it.

The archive is one file. Its header, root directory and metadata are read here, and every section must be within the
file, so that a truncated download is found; the tiles themselves are read by the browser, piece by piece.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from gzip import BadGzipFile
from hashlib import blake2b
from html import unescape
from pathlib import Path
from typing import Any, Final, Literal

from pmtiles.tile import Compression, SpecVersionUnsupported, TileType, deserialize_directory, deserialize_header

from geo.errors import BadInput
from geo.names import readable

SUFFIX: Final = ".pmtiles"
HEADER_BYTES: Final = 127
MOST_BYTES: Final = 32 * 1024 * 1024
"""Largest root directory or metadata that is read, compressed or not."""
MOST_CREDIT: Final = 200
EXPECTED: Final = "a PMTiles archive of version 3 with vector tiles (MVT) or pictures"
VECTOR: Final = TileType.MVT
PICTURES: Final = (TileType.PNG, TileType.JPEG, TileType.WEBP, TileType.AVIF)
SECTIONS: Final = ("root", "metadata", "leaf_directory", "tile_data")


@dataclass(frozen=True, slots=True)
class TileArchive:
    """A base map that can be shown.

    Parameters
    ----------
    path : Path
        The file.
    kind : "vector" or "raster"
        Vector tiles, or pictures.
    bounds : tuple of float, deg
        West, south, east, north.
    min_zoom, max_zoom : int
        Zooms of its tiles.
    layers : tuple of str
        Names of the layers of vector tiles.
    attribution : str
        Credit line in its metadata, without markup; empty: none.
    revision : str
        Changes with the file.
    """

    path: Path
    kind: Literal["vector", "raster"]
    bounds: tuple[float, float, float, float]
    min_zoom: int
    max_zoom: int
    layers: tuple[str, ...]
    attribution: str
    revision: str

    @classmethod
    def open(cls, path: Path) -> TileArchive:
        """Open an archive; BadInput, naming the file, for one that cannot be shown."""
        try:
            return cls._read(path)
        except BadInput:
            raise
        except (
            ValueError,
            IndexError,
            KeyError,
            EOFError,
            OverflowError,
            MemoryError,
            BadGzipFile,
            zlib.error,
        ) as error:
            raise _refused(path, "is damaged: its header, directory or metadata cannot be read") from error
        except SpecVersionUnsupported:
            raise _refused(path, "is not a PMTiles archive of version 3") from None
        except OSError as error:
            raise _refused(path, f"cannot be read ({error.strerror})") from None

    @classmethod
    def _read(cls, path: Path) -> TileArchive:
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
            if len(head) < HEADER_BYTES or not head.startswith(b"PMTiles"):
                raise _refused(path, "is not a PMTiles archive")
            header: Any = deserialize_header(head)
            for section in SECTIONS:
                if header[f"{section}_offset"] + header[f"{section}_length"] > status.st_size:
                    raise _refused(path, "is truncated: parts of it are beyond the end of the file")
            if header["tile_compression"] not in (Compression.NONE, Compression.GZIP):
                raise _refused(path, f"has tiles compressed with {header['tile_compression'].name.lower()}", "gzip")
            if header["tile_type"] is not VECTOR and header["tile_type"] not in PICTURES:
                raise _refused(path, f"has tiles of the kind {header['tile_type'].name.lower()}")
            root, metadata = (_section(file, header, name) for name in ("root", "metadata"))
        if not deserialize_directory(root):
            raise _refused(path, "has no tile")
        told = json.loads(_inflated(metadata, header["internal_compression"]) or b"{}")
        layers = told.get("vector_layers", []) if isinstance(told, dict) else []
        bounds = tuple(header[name] / 1e7 for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"))
        west, south, east, north = bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise _refused(path, "states bounds that are not on Earth")
        digest = blake2b(head + root + metadata, digest_size=8)
        digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
        return cls(
            path,
            "vector" if header["tile_type"] is VECTOR else "raster",
            (west, south, east, north),
            header["min_zoom"],
            header["max_zoom"],
            tuple(str(one["id"]) for one in layers if isinstance(one, dict) and "id" in one),
            plain_credit(told.get("attribution") if isinstance(told, dict) else None),
            digest.hexdigest(),
        )


def plain_credit(markup: object) -> str:
    """Return the text of a credit line that may have HTML in it; empty for what is not a text."""
    if not isinstance(markup, str):
        return ""
    return readable(" ".join(unescape(re.sub(r"<[^>]*>", "", markup)).split()))[:MOST_CREDIT]


def _section(file: Any, header: Any, name: str) -> bytes:
    length = header[f"{name}_length"]
    if length > MOST_BYTES:
        raise ValueError(f"a {name} of {length} bytes")
    file.seek(header[f"{name}_offset"])
    return bytes(file.read(length))


def _inflated(body: bytes, compression: Compression) -> bytes:
    if compression is not Compression.GZIP:
        return body
    inflating = zlib.decompressobj(wbits=31)
    found = inflating.decompress(body, MOST_BYTES)
    if inflating.unconsumed_tail:
        raise ValueError("metadata without end")
    return found


def _refused(path: Path, what: str, expected: str = EXPECTED) -> BadInput:
    return BadInput(f"{path.name} {what}", where=str(path), expected=expected)
