"""``watchline doctor``: what is installed, reachable and missing, each with what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import WatchlineError

PYTHON: Final = (3, 11)
FREE_BYTES: Final = 2_000_000_000
PACKAGES: Final = (
    "numpy",
    "numba",
    "xarray",
    "dask",
    "geopandas",
    "shapely",
    "rasterio",
    "pyproj",
    "folium",
    "paho-mqtt",
    "sapient-msg",
    "pyais",
    "defusedxml",
)
BROKER_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``needed``: without it Watchline does not run; otherwise something optional is missing."""

    name: str
    ok: bool
    says: str
    needed: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(broker: str | None) -> list[Finding]:
    """Look at everything. With ``broker``, also log in there and receive one message of our own."""
    looks: list[Callable[[], Finding]] = [_python, _packages, _kernels, _sample, _sqlite, _disk, _embedded]
    findings = [_guarded(look.__name__.strip("_"), look) for look in looks]
    findings += [
        _program("mosquitto", "the production broker; tests need it", "apt-get install mosquitto"),
        _program("chromium", "tests of the report need it", "apt-get install chromium"),
        _optional("asterix", "libasterix", "reads ASTERIX of EUROCONTROL", "asterix"),
        _optional("stanag 4607", "stanag4607", "reads GMTI of STANAG 4607", "gmti"),
    ]
    if broker is not None:
        findings.append(_guarded("broker", lambda: _broker(broker)))
    return findings


def show(findings: list[Finding], screen: Console) -> None:
    """A table for people: a word and a sign, not colour alone."""
    table = Table(box=None, header_style="dim")
    for name in ("", "what", "found"):
        table.add_column(name)
    for finding in findings:
        sign = "ok" if finding.ok else "MISSING" if finding.needed else "absent"
        table.add_row(
            sign, finding.name, finding.says, style=None if finding.ok else "bold" if finding.needed else "dim"
        )
    screen.print(table)


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except (WatchlineError, ImportError, OSError, sqlite3.Error) as error:
        return Finding(name, False, f"{error}")


def _python() -> Finding:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return Finding("python", sys.version_info >= PYTHON, found)


def _packages() -> Finding:
    found, missing = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    return Finding("packages", not missing, f"missing: {', '.join(missing)}" if missing else ", ".join(found))


def _kernels() -> Finding:
    from geo import visibility

    cached = any(Path(visibility.__file__).parent.glob("__pycache__/*.nbi"))
    says = "compiled" if cached else "not compiled yet; the first start takes half a minute (python -m ops.kernels)"
    return Finding("kernels", cached, says, needed=False)


def _sample() -> Finding:
    from ops.config import cache_folder, load_sector
    from ops.samples import jacksboro_cog

    sector = load_sector("cumberland")
    return Finding("sample sector", True, f"{sector.name}; terrain {jacksboro_cog(cache_folder())}")


def _sqlite() -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "probe.db")
        mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        database.close()
    return Finding("sqlite", mode == "wal", f"SQLite {sqlite3.sqlite_version}, journal mode {mode}")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    return Finding("disk", free > FREE_BYTES, f"{free / 1e9:.0f} GB free here (at least {FREE_BYTES / 1e9:.0f})")


def _embedded() -> Finding:
    from ops.broker import EmbeddedBroker

    with EmbeddedBroker() as broker:
        return Finding(
            "embedded broker", True, f"iotcore {version('iotcore')} started on {broker.url.host} and stopped"
        )


def _program(name: str, purpose: str, remedy: str) -> Finding:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return Finding(name, found is not None, found or f"not installed ({purpose}): {remedy}", needed=False)


def _optional(name: str, package: str, purpose: str, extra: str) -> Finding:
    try:
        return Finding(name, True, f"{package} {version(package)}", needed=False)
    except PackageNotFoundError:
        return Finding(name, False, f"not installed ({purpose}): pip install 'watchline[{extra}]'", needed=False)


def _broker(text: str) -> Finding:
    from ingest.address import BrokerUrl
    from ingest.subscriber import Subscriber
    from ingest.topics import sensor_filter

    url = BrokerUrl.parse(text)
    subscriber = Subscriber(
        url, client_id=f"watchline-doctor-{os.getpid()}", filters=[sensor_filter("doctor", "status")], now_ns=lambda: 0
    )
    subscriber.start(timeout_s=BROKER_WITHIN_S)
    subscriber.stop()
    return Finding("broker", True, f"{url.shown} lets us in and takes a subscription")
