"""Safe opening of raster files: bounded caches and timeouts, no code execution, no indirect network access."""

from __future__ import annotations

import re
import threading
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import rasterio
import rasterio.errors
from rasterio._err import CPLE_BaseError
from rasterio._path import _parse_path, _vsi_path
from rasterio.drivers import raster_driver_extensions
from rasterio.io import DatasetReader

from geo.errors import TerrainError

CACHE_MB = 64
"""GDAL's cache of raster blocks in one process, unless already set."""
OPTIONS: Final[dict[str, Any]] = {
    "GDAL_CACHEMAX": CACHE_MB,
    "VSI_CACHE_SIZE": 16 * 2**20,
    "CPL_VSIL_CURL_CACHE_SIZE": 16 * 2**20,
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_HTTP_CONNECTTIMEOUT": 10,
    "GDAL_HTTP_TIMEOUT": 60,
    "GDAL_HTTP_MAX_RETRY": 2,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
}
REMOTE_OPTIONS: Final[dict[str, Any]] = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}  # no search for sidecar files
NO_REQUESTS: Final[dict[str, Any]] = {"CPL_VSIL_CURL_ALLOWED_FILENAME": "none"}  # no address is opened as a file
FORMATS: Final = (
    "GTiff", "VRT", "HFA", "AIG", "EHdr", "ENVI", "AAIGrid", "GRASSASCIIGrid", "XYZ", "ZMap", "RST", "SAGA", "RRASTER",
    "GSAG", "GSBG", "GS7BG", "NWT_GRD", "SRTMHGT", "DTED", "USGSDEM", "ACE2", "JDEM", "SIGDEM", "BT", "HF2", "Terragen",
    "JP2OpenJPEG", "PNG", "JPEG", "netCDF", "GPKG",
)  # fmt: skip
"""Drivers that are used: those of files in which elevation, land cover and canopy are distributed and that hold their
own cells. GDAL has some 140 more and chooses by content: the small file of many of them names data elsewhere, which it
then fetches (MRF, KML, WMS, STAC), whatever the file is called. Virtual rasters are inspected (``refuse_hostile``)."""
LARGEST_VIRTUAL_BYTES = 32 * 2**20
DEEPEST_VIRTUAL = 8
LARGEST_ARCHIVE_RATIO = 200  # a member of an archive may unpack to this many times its size ...
ARCHIVE_FREE_BYTES = 256 * 2**20  # ... and to this much in any case
ARCHIVED: Final = re.compile(r"^(?:/vsi(?:zip|tar|gzip|7z|rar)|(?:zip|tar|gzip)(?:\+file)?:)")
NETWORK: Final = re.compile(r"/vsi(?!zip|tar|gzip|7z|rar|mem)\w|://")
"""What makes GDAL ask a network, wherever it stands in a name: ``/vsizip//vsicurl/http…``, ``GTIFF_RAW:/vsicurl/…``."""
REMOTE = re.compile(r"^(?:/vsi(?!zip|tar|gzip|7z|rar|mem)\w+/|[a-zA-Z][\w+.-]*://)")
# rasters without a position are refused with an error message instead
warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning, module=re.escape(__name__))

READING_FAULTS = (rasterio.errors.RasterioError, CPLE_BaseError, MemoryError, UnicodeDecodeError)
# all observed with broken headers
OPENING_FAULTS = (*READING_FAULTS, ValueError, LookupError, ArithmeticError, SystemError)


def is_remote(name: str) -> bool:
    """Whether a path is read over a network: an address with ://, or one of GDAL's network /vsi file systems."""
    return REMOTE.match(name) is not None and not name.startswith(("file://", "zip://", "tar://", "gzip://"))


def vsi_name(name: str) -> str:
    """The path in GDAL's form, so that a virtual raster can refer to it; local files as absolute paths."""
    if REMOTE.match(name) or name.startswith("/vsi"):
        return str(_vsi_path(_parse_path(name)))
    return str(Path(name).absolute()) if Path(name).exists() else name


@contextmanager
def opened(name: str, where: str) -> Iterator[Any]:
    """Open a raster for reading with ``rasterio``; any fault of the file, also later, is a TerrainError.

    ``where`` names it in errors. GDAL's messages become the reason in the sentence and are not printed.
    """
    with rasterio.Env(**OPTIONS | _network_options(name)):
        try:
            raster = DatasetReader(_parse_path(name), driver=_drivers_for(name), sharing=False)
        except OPENING_FAULTS as error:
            raise _other_format(name, where) or _unreadable(error, name, where) from error
        try:
            with raster:
                yield raster
        except READING_FAULTS as error:
            raise _unreadable(error, name, where) from error


def _unreadable(error: BaseException, name: str, where: str) -> TerrainError:
    """The error with GDAL's message, without the path, which the sentence already names."""
    message = re.sub(r"\s+", " ", str(error.__cause__ or error).replace(name, "")).strip(":, '\"").rstrip(".")
    reason = f" ({message[:200]})" if message else ""
    return TerrainError(f"the raster cannot be read{reason}", where=where, expected="intact data that GDAL opens")


def _other_format(name: str, where: str) -> TerrainError | None:
    """The error for a file whose name states a format that is not read; None for any other."""
    format_ = raster_driver_extensions().get(name.rpartition(".")[2].lower())
    if format_ is None or format_ in FORMATS:
        return None
    return TerrainError(
        f"the raster cannot be read (the format {format_} is not supported)",
        where=where,
        expected="a GeoTIFF, such as gdal_translate writes, or another format of docs/files.md",
    )


def _network_options(name: str) -> dict[str, Any]:
    """The options for a raster, with which one on this disk makes no request.

    Those of the main thread hold for all threads, which may be reading remote rasters, so there it rests on the drivers
    alone.
    """
    if is_remote(name):
        return REMOTE_OPTIONS
    mixed = NETWORK.search(name) is not None  # the text of a virtual raster with remote tiles
    return {} if mixed or threading.current_thread() is threading.main_thread() else NO_REQUESTS


@lru_cache(maxsize=1)
def _drivers() -> tuple[str, ...]:
    with rasterio.Env() as env:
        return tuple(name for name in FORMATS if name in env.drivers())


def _drivers_for(name: str) -> list[str]:
    """The drivers for a raster; without virtual rasters in an archive or a network, where they cannot be inspected."""
    inspected = not (is_remote(name) or ARCHIVED.match(name))
    return [driver for driver in _drivers() if inspected or driver != "VRT"]


def refuse_hostile(name: str) -> list[str]:
    """Inspect a path before GDAL does; return the files that it refers to if it is a virtual raster.

    Raises TerrainError for virtual rasters that refer to themselves, to a network, or are too large or too deeply
    nested, for archives whose members unpack to many times their size, and for anything that is not a file, such as a
    pipe.
    """
    if name.lstrip().startswith("<"):
        raise TerrainError("text of a virtual raster", where=name[:40], expected="the path of a raster")
    if name.lower().startswith("vrt:"):
        raise TerrainError("a virtual raster in a name may point anywhere", where=name, expected="the path of a raster")
    if is_remote(name):
        if name.split("?")[0].lower().endswith(".vrt"):
            raise TerrainError(
                "a virtual raster on a network may point anywhere", where=name, expected="the rasters it points at"
            )
        return []
    _refuse_pipe(Path(name), name)
    archive = re.match(r"^(?:/vsizip/|(?:zip|zip\+file)://)(.*?\.(?:zip|kmz))(?:[/!]|$)", name, re.IGNORECASE)
    if archive:
        _refuse_bomb(Path(archive[1]), name)
    elif zipfile.is_zipfile(name):
        _refuse_bomb(Path(name), name)
    return _followed(Path(name), name, ())


def _refuse_pipe(path: Path, name: str) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise TerrainError(f"{path.name!r} is not a file", where=name, expected="a file, not a device or a pipe")


def _refuse_bomb(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return  # GDAL's error message is more precise
    for member in members:
        allowed = max(ARCHIVE_FREE_BYTES, LARGEST_ARCHIVE_RATIO * member.compress_size)
        if member.file_size > allowed:
            raise TerrainError(
                f"{member.filename[:80]!r} unpacks from {member.compress_size} to {member.file_size} bytes",
                where=name,
                expected=f"at most {LARGEST_ARCHIVE_RATIO} times its size",
            )


def _followed(path: Path, name: str, above: tuple[Path, ...]) -> list[str]:
    """The files that a local virtual raster refers to, through others of its kind; none for any other file."""
    if not _is_virtual(path):
        return []
    here = path.resolve()
    if here in above:
        raise TerrainError(
            "the virtual raster refers to itself", where=name, expected="rasters with cells of their own"
        )
    if len(above) >= DEEPEST_VIRTUAL:
        raise TerrainError(
            "virtual rasters refer to virtual rasters", where=name, expected=f"at most {DEEPEST_VIRTUAL} deep"
        )
    files: list[str] = []
    for reference in _references(path, name):
        if reference.lstrip().startswith("<"):
            raise TerrainError("the virtual raster holds another as text", where=name, expected="names of files")
        if NETWORK.search(reference):
            raise TerrainError(
                f"the virtual raster points at {reference[:200]!r} on a network",
                where=name,
                expected="rasters on this disk, or the addresses themselves as tiles",
            )
        inner = Path(reference)
        inner = inner if inner.is_absolute() else path.parent / inner
        _refuse_pipe(inner, name)
        files += _followed(inner, name, (*above, here)) or [str(inner) if inner.exists() else reference]
    return files


def _is_virtual(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return b"<VRTDataset" in file.read(1024)
    except (OSError, ValueError):
        return False


def _references(path: Path, name: str) -> Iterator[str]:
    if path.stat().st_size > LARGEST_VIRTUAL_BYTES:
        raise TerrainError(
            f"a virtual raster of {path.stat().st_size} bytes",
            where=name,
            expected=f"at most {LARGEST_VIRTUAL_BYTES}, or the tiles themselves",
        )
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise TerrainError("the virtual raster declares entities", where=name, expected="plain XML")
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities, and of bounded size
    except ElementTree.ParseError as error:
        raise TerrainError(f"the virtual raster is not XML ({error})", where=name, expected="a VRTDataset") from error
    for element in root.iter():
        if element.tag in ("SourceFilename", "SourceDataset", "OverviewFile") and element.text:
            yield element.text
