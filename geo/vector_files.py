"""Check of vector files before GDAL opens them: local files only, and none that makes GDAL fetch data elsewhere.

GDAL chooses the driver by content, so a file with the name of a map may be a request to a server (OGR VRT, WFS, CSW) or
a pipeline over other sources (GDALG). pyogrio cannot leave such drivers out, so such files are refused before GDAL
opens them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from geo.errors import BadInput

HEAD_BYTES: Final = 64 * 1024
"""Drivers recognise their files by less than this."""
ARCHIVE: Final = re.compile(r"^(?:/vsi(?:zip|tar|gzip|7z|rar)/|(?:zip|tar|gzip)://)(?!.*(?:/vsi|://))")
REQUESTS: Final = re.compile(rb"OGRVRTDataSource|OGRWFSDataSource|OGRCSWDataSource|WFS_Capabilities|gdal_streamed_alg")
"""What marks a file that refers to data elsewhere."""
XML_ROOTS: Final = frozenset({"FeatureCollection", "kml", "gpx"})
LAYER_MARK: Final = "|layername="
"""Separates a file from one of its layers, as in QGIS."""
EXPECTED: Final = "a shp, GeoJSON or GPKG file"


def file_and_layer(path: str | Path) -> tuple[Path, str | None]:
    """Split ``FILE|layername=LAYER`` into the file and the name of the layer, None where none is named."""
    file, mark, layer = str(path).rpartition(LAYER_MARK)
    return (Path(file), layer) if mark else (Path(path), None)


NO_REQUESTS: Final = {"GML_DOWNLOAD_SCHEMA": "NO", "CPL_VSIL_CURL_ALLOWED_FILENAME": "none"}
"""GDAL's own switches, for what no check of a file's head finds: the answer of a WFS, saved as a file, names its schema
on the server, which the GML driver fetches by default; and no address is opened as a file."""


def refuse_requests(name: str) -> None:
    """Raise BadInput for an address, for anything that is not a file, and for a file that refers to data elsewhere.

    The GDAL that reads vector files (that of pyogrio, not of rasterio) is set to fetch nothing.
    """
    import pyogrio  # here, because it loads pandas

    pyogrio.set_gdal_config_options(NO_REQUESTS)
    path = Path(name)
    if not path.exists():
        if re.match(r"^[A-Za-z][\w+.-]+:|^/vsi|^<|^\s*\{", name) and not ARCHIVE.match(name):
            raise BadInput("no file on this disk", where=name[:200], expected=EXPECTED)
        if not ARCHIVE.match(name):
            raise BadInput("the file cannot be read", where=name, expected=EXPECTED)
        return _refuse_members(re.split(r"(?<=\.zip)[/!]|(?<=\.kmz)[/!]", ARCHIVE.sub("", name))[0], name)
    if path.is_file() and zipfile.is_zipfile(path):
        return _refuse_members(name, name)
    if path.is_file():
        if path.suffix.lower() == ".shp" and not any(path.with_suffix(end).exists() for end in (".shx", ".SHX")):
            raise BadInput(
                f"{path.with_suffix('.shx').name} is not beside it", where=name, expected="all files of the shapefile"
            )
        with path.open("rb") as file:
            return _refuse_head(file.read(HEAD_BYTES), name)
    if not path.is_dir():
        raise BadInput("neither a file nor a folder", where=name, expected=EXPECTED)
    for member in sorted(path.iterdir()):  # a folder of a shapefile or a geodatabase
        if member.is_file():
            with member.open("rb") as file:
                _refuse_marks(file.read(HEAD_BYTES), f"{name}, its part {member.name}")
    return None


def _refuse_members(archive: str, name: str) -> None:
    for member, head in _heads(archive, name):
        _refuse_marks(head, f"{name}, its part {member}")


def _heads(archive: str, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.namelist():
                with opened.open(member) as file:
                    yield member[:80], file.read(HEAD_BYTES)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"the archive cannot be read ({error})", where=name, expected="a zip file") from None


def _refuse_marks(head: bytes, name: str) -> None:
    found = REQUESTS.search(head)
    if found is not None:
        raise BadInput(
            f"the file refers to data elsewhere ({found[0].decode()})", where=name, expected="the shapes themselves"
        )


def _refuse_head(head: bytes, name: str) -> None:
    _refuse_marks(head, name)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        root = re.search(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)", re.sub(rb"<!--.*?-->", b"", text, flags=re.DOTALL))
        if root is None or root[1].decode("ascii", "replace") not in XML_ROOTS:
            kind = "unknown content" if root is None else ascii(root[1].decode("ascii", "replace"))[:60]
            raise BadInput(f"XML of {kind}", where=name, expected="GML, KML or GPX")
