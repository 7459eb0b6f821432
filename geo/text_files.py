"""Text files that people write: UTF-8, with or without a byte order mark, JSON, and the coordinates of GeoJSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

EXPECTED_SYSTEM: Final = "longitude and latitude in WGS 84, without the member crs or with CRS84 or EPSG:4326"
_WGS84: Final = re.compile(
    r"(?:(?:urn:(?:x-)?ogc:def:crs:)?(?:OGC:(?:[\d.]*:)?CRS84h?|EPSG:(?:[\d.]*:)?(?:4326|4979))|CRS84h?"
    r"|https?://www\.opengis\.net/def/crs/(?:OGC/[\d.]+/CRS84h?|EPSG/[\d.]+/(?:4326|4979))"
    r"|https?://www\.opengis\.net/gml/srs/epsg\.xml#4326)",
    re.IGNORECASE,
)


class NotReadable(ValueError):
    """A file that is not the text or JSON that was expected; the message completes a sentence: ``is empty``."""


def refuse_special(path: Path) -> None:
    """Raise NotReadable for a pipe, a device or a socket: reading one may never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise NotReadable("is neither a file nor a folder")


def read_text(path: Path) -> str:
    """Return the text of a file. NotReadable for another encoding than UTF-8 and as ``refuse_special``; OSError for a
    file that cannot be read.

    A byte order mark at its start, as some editors write it, is not part of the text.
    """
    refuse_special(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotReadable("is not UTF-8 text") from None


def read_json(path: Path) -> Any:
    """Return the JSON document of a file. NotReadable with line and column; OSError as ``read_text``."""
    text = read_text(path)
    if not text.strip():
        raise NotReadable("is empty")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotReadable(f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except (ValueError, RecursionError):
        raise NotReadable("is not JSON that can be read: too large a number or too deeply nested") from None


def other_system(document: object) -> str | None:
    """Return what is wrong with the coordinate system that a GeoJSON document states.

    A GIS writes the member ``crs`` (GeoJSON 2008, section 3) for a layer in another system than WGS 84; RFC 7946 has no
    such member.

    Parameters
    ----------
    document : object
        A parsed document.

    Returns
    -------
    str or None
        Completes a sentence: ``has the coordinate system 'urn:ogc:def:crs:EPSG::4301'``. None for longitude and
        latitude in WGS 84 and where no system is stated.

    Examples
    --------
    >>> other_system({"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}})
    >>> other_system({"crs": {"type": "name", "properties": {"name": "EPSG:4301"}}})
    "has the coordinate system 'EPSG:4301'"
    """
    crs = document.get("crs") if isinstance(document, dict) else None
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name", properties.get("code")) if isinstance(properties, dict) else None
    if isinstance(crs, dict) and crs.get("type") == "EPSG":
        name = f"EPSG:{name}"
    if isinstance(name, str) and _WGS84.fullmatch(name.strip()):
        return None
    return f"has the coordinate system {ascii(crs if name is None else name)[:60]}"
