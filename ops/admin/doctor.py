"""``watchline doctor``: checks what is installed and reachable, and gives a remedy for whatever is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import WatchlineError

if TYPE_CHECKING:
    from ingest.security.key_register import TlsFiles

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
SOON: Final = timedelta(days=30)
"""A certificate or key that expires within this time is listed."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. ``needed``: Watchline does not run without it; otherwise it is optional."""

    name: str
    ok: bool
    says: str
    needed: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(broker: str | None, identity: Path | None = None) -> list[Check]:
    """Run all checks.

    With ``broker``, also log in there and subscribe; with ``identity``, log in as that folder's ingest, and check its
    keys and certificates too.
    """
    looks: list[Callable[[], Check]] = [_python, _packages, _kernels, _sample, _sqlite, _disk, _embedded]
    findings = [_guarded(look.__name__.strip("_"), look) for look in looks]
    findings += [
        _program("mosquitto", "the production broker; tests need it", "apt-get install mosquitto"),
        _program("chromium", "tests of the report need it", "apt-get install chromium"),
        _optional("asterix", "libasterix", "reads ASTERIX of EUROCONTROL", "asterix"),
        _optional("stanag 4607", "stanag4607", "reads GMTI of STANAG 4607", "gmti"),
    ]
    if identity is not None:
        findings.append(_guarded("identity", lambda: _identity(identity)))
    if broker is not None:
        findings.append(_guarded("broker", lambda: _broker(broker, identity)))
    return findings


def show(findings: list[Check], screen: Console) -> None:
    """Show a table with a word and a sign for each result, not colour alone."""
    table = Table(box=None, header_style="dim")
    for name in ("", "what", "found"):
        table.add_column(name)
    for finding in findings:
        sign = "ok" if finding.ok else "MISSING" if finding.needed else "absent"
        table.add_row(
            sign, finding.name, finding.says, style=None if finding.ok else "bold" if finding.needed else "dim"
        )
    screen.print(table)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (WatchlineError, ImportError, OSError, sqlite3.Error) as error:
        return Check(name, False, f"{error}")


def _python() -> Check:
    version_text = (
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    return Check("python", sys.version_info >= PYTHON, version_text)


def _packages() -> Check:
    installed, missing = [], []
    for package in PACKAGES:
        try:
            installed.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    return Check("packages", not missing, f"missing: {', '.join(missing)}" if missing else ", ".join(installed))


def _kernels() -> Check:
    import geo

    cached = any(Path(geo.__file__).parent.rglob("*.nbi"))
    says = (
        "compiled"
        if cached
        else "not compiled yet; the first start takes half a minute (python -m ops.runtime.compile_kernels)"
    )
    return Check("kernels", cached, says, needed=False)


def _sample() -> Check:
    from ops.sector.samples import jacksboro_cog
    from ops.sector.sector_file import cache_folder, load_sector

    sector = load_sector("cumberland")
    return Check("sample sector", True, f"{sector.name}; terrain {jacksboro_cog(cache_folder())}")


def _sqlite() -> Check:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "probe.db")
        mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        database.close()
    return Check("sqlite", mode == "wal", f"SQLite {sqlite3.sqlite_version}, journal mode {mode}")


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    return Check("disk", free > FREE_BYTES, f"{free / 1e9:.0f} GB free here (at least {FREE_BYTES / 1e9:.0f})")


def _embedded() -> Check:
    from ops.broker.broker import EmbeddedBroker

    with EmbeddedBroker() as broker:
        return Check("embedded broker", True, f"iotcore {version('iotcore')} started on {broker.url.host} and stopped")


def _program(name: str, purpose: str, remedy: str) -> Check:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return Check(name, program is not None, program or f"not installed ({purpose}): {remedy}", needed=False)


def _optional(name: str, package: str, purpose: str, extra: str) -> Check:
    try:
        return Check(name, True, f"{package} {version(package)}", needed=False)
    except PackageNotFoundError:
        return Check(name, False, f"not installed ({purpose}): pip install 'watchline[{extra}]'", needed=False)


def _identity(folder: Path) -> Check:
    """Check keys and certificates: Watchline's own must be present; expired and soon-expiring ones are listed."""
    from ingest.security.key_bundle import CERTIFICATE
    from ingest.security.key_register import RegisterFile
    from ops.broker.identities import INGEST_UNITS, RESERVED, IdentityFolder

    keys = IdentityFolder(folder)
    register, now = RegisterFile(keys.register_path).register, datetime.now(UTC)
    missing = [name for name in RESERVED if keys.identity(name).signer is None]
    revoked = {record.name for record in register.records if record.revoked_at is not None}
    valid = {record.name for record in register.records if record.revoked_at is None}
    ends = {
        record.name: record.valid_until for record in register.records if record.valid_until and record.name in valid
    }
    for certificate in sorted(folder.glob(f"identities/*/{CERTIFICATE}")):
        end = _end_of(certificate)
        ends[certificate.parent.name] = min(end, ends.get(certificate.parent.name) or end)
    used = {*valid, INGEST_UNITS}  # this one has a certificate and no key
    over = [name for name, end in ends.items() if end <= now and name in used]
    soon = [name for name, end in ends.items() if now < end <= now + SOON and name in used]
    lists = (("no key of", missing), ("ended", over), (f"end within {SOON.days} days", soon))
    parts = [f"{len(valid)} names with a key, {len(revoked - valid)} revoked"]
    parts += [f"{words}: {', '.join(sorted(names)[:20])}" for words, names in lists if names]
    return Check("identity", not missing and not over, "; ".join(parts))


def _tls_of(identity: Path | None) -> TlsFiles | None:
    """Return the TLS files of the probe with ingest's rights, because ingest's certificate would end its session."""
    from ingest.security.key_bundle import open_bundle
    from ops.broker.identities import INGEST, IdentityFolder
    from ops.broker.mosquitto_config import PROBES

    if identity is None:
        return None
    probe = identity / "probes" / PROBES["ingest"].name
    return open_bundle(probe).tls if probe.is_dir() else IdentityFolder(identity).identity(INGEST).tls


def _end_of(certificate: Path) -> datetime:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except ValueError:
        raise WatchlineError(f"{certificate} is no certificate; expected PEM, as `broker config` writes.") from None


def _broker(text: str, identity: Path | None) -> Check:
    from ingest.mqtt.broker_url import BrokerUrl
    from ingest.mqtt.connection import ConnectionSettings
    from ingest.mqtt.subscriber import Subscriber
    from ingest.topics import sensor_filter

    url = BrokerUrl.parse(text)
    subscriber = Subscriber(
        url,
        client_id=f"watchline-doctor-{os.getpid()}",
        filters=[sensor_filter("doctor", "status")],
        now_ns=lambda: 0,
        connection=ConnectionSettings(session_expiry_s=0, tls=_tls_of(identity)),
    )
    subscriber.start(timeout_s=BROKER_WITHIN_S)
    subscriber.stop()
    return Check("broker", True, f"{url.shown} lets us in and takes a subscription")
