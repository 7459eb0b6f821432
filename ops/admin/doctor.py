"""``watchline doctor``: checks that everything needed is installed and reachable, and gives a remedy if not."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sqlite3
import ssl
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import WatchlineError
from geo.message import Message, Parameter, cut_list
from ops.runtime.output import column, say, say_in_english
from ops.runtime.tables import show_table

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ingest.mqtt.broker_url import BrokerUrl
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
BROKER_CERTIFICATE: Final = "broker/server.pem"
NAMED: Final = 20
"""Maximum number of names that a finding lists."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. ``needed``: Watchline does not run without it; otherwise it is optional."""

    name: str
    ok: bool
    found: Message
    needed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON, in English."""
        return {"name": self.name, "ok": self.ok, "found": say_in_english(self.found), "needed": self.needed}


def examine(broker: str | None, identity: Path | None = None) -> list[Check]:
    """Run all checks.

    With ``broker``, also log in there and subscribe; with ``identity``, log in as that folder's ingest, and check its
    keys and certificates too, and whether the broker uses the newest.
    """
    looks: list[Callable[[], Check]] = [_python, _packages, _kernels, _sample, _sqlite, _disk, _embedded]
    findings = [_guarded(look.__name__.strip("_"), look) for look in looks]
    findings += [
        _program("mosquitto"),
        _program("chromium"),
        _optional("asterix", "libasterix", "asterix"),
        _optional("stanag_4607", "stanag4607", "gmti"),
    ]
    if identity is not None:
        findings.append(_guarded("identity", lambda: _identity(identity)))
    if broker is not None:
        findings.append(_guarded("broker", lambda: _broker(broker, identity)))
        if identity is not None and findings[-1].ok:
            findings += _broker_certificate(broker, identity)
    return findings


def show(findings: list[Check], screen: Console) -> None:
    """Show a table with a word and a sign for each result, not colour alone."""
    table = Table()
    for heading in ("", column("item"), column("found")):
        table.add_column(heading)
    for finding in findings:
        result = "ok" if finding.ok else "missing" if finding.needed else "absent"
        table.add_row(
            say("console-doctor-result", result=result),
            say("console-doctor-item", item=finding.name),
            say(finding.found),
            style={"ok": None, "missing": "bold", "absent": "dim"}[result],
        )
    show_table(screen, table)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (WatchlineError, ImportError, OSError, sqlite3.Error) as error:
        return Check(name, False, Message("console-doctor-error", {"error": str(error)}))


def _python() -> Check:
    system = f"{platform.system()} {platform.machine()}"
    found = {"version": platform.python_version(), "system": system, "cores": os.cpu_count()}
    return Check("python", sys.version_info >= PYTHON, Message("console-doctor-python", found))


def _packages() -> Check:
    installed, missing = [], []
    for package in PACKAGES:
        try:
            installed.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    found = Message("console-doctor-packages-missing", {"packages": tuple(missing)})
    return Check(
        "packages",
        not missing,
        found if missing else Message("console-doctor-packages", {"packages": tuple(installed)}),
    )


def _kernels() -> Check:
    from ops.runtime.compile_kernels import are_compiled

    compiled = are_compiled()
    found = Message(f"console-doctor-{'kernels' if compiled else 'no-kernels'}")
    return Check("kernels", compiled, found, needed=False)


def _sample() -> Check:
    from ops.sector.samples import jacksboro_cog
    from ops.sector.sector_file import cache_folder, load_sector

    sector = load_sector("cumberland")
    found = {"sector": sector.name, "terrain": str(jacksboro_cog(cache_folder()))}
    return Check("sample", True, Message("console-doctor-sample", found))


def _sqlite() -> Check:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "probe.db")
        mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        database.close()
    found = {"version": sqlite3.sqlite_version, "mode": mode}
    return Check("sqlite", mode == "wal", Message("console-doctor-sqlite", found))


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    found = {"free": int(free / 1e9), "needed": int(FREE_BYTES / 1e9)}
    return Check("disk", free > FREE_BYTES, Message("console-doctor-disk", found))


def _embedded() -> Check:
    from ops.broker.broker import EmbeddedBroker

    with EmbeddedBroker() as broker:
        found = {"version": version("iotcore"), "host": broker.url.host}
        return Check("embedded", True, Message("console-doctor-embedded", found))


def _program(name: str) -> Check:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return Check(name, False, Message("console-doctor-no-program", {"name": name}), needed=False)
    return Check(name, True, Message("console-doctor-program", {"path": program}), needed=False)


def _optional(standard: str, package: str, extra: str) -> Check:
    """Check the package of an optional wire standard.

    The remedy names the checkout or a wheel file: a package index may have a foreign package of our name.
    """
    try:
        found = Message("console-doctor-optional", {"package": package, "version": version(package)})
    except PackageNotFoundError:
        missing = Message("console-doctor-no-optional", {"standard": standard, "extra": extra})
        return Check(standard, False, missing, needed=False)
    return Check(standard, True, found, needed=False)


def _identity(folder: Path) -> Check:
    """Check keys and certificates: Watchline's own must be present; expired and soon-expiring ones are listed."""
    from ingest.security.key_bundle import AUTHORITY, CERTIFICATE
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
    of_broker = [name for name in (BROKER_CERTIFICATE, f"broker/{AUTHORITY}") if (folder / name).exists()]
    ends |= {name: _end_of(folder / name) for name in of_broker}
    used = {*valid, INGEST_UNITS, *of_broker}  # these have a certificate and no key
    over = [name for name, end in ends.items() if end <= now and name in used]
    soon = [name for name, end in ends.items() if now < end <= now + SOON and name in used]
    found: dict[str, Parameter] = {"names": len(valid), "revoked": len(revoked - valid), "days": SOON.days}
    found["valid"] = "no" if over or soon else "yes"
    for kind, names in (("missing", missing), ("expired", over), ("soon", soon)):
        found |= {kind: cut_list(sorted(names), NAMED), f"{kind}_count": len(names)}
    return Check("identity", not missing and not over, Message("console-doctor-identity", found))


def _tls_of(identity: Path | None) -> TlsFiles | None:
    """Return the TLS files of the probe with ingest's rights, because ingest's certificate would end its session."""
    from ingest.security.key_bundle import open_bundle
    from ops.broker.identities import INGEST, IdentityFolder
    from ops.broker.mosquitto_config import PROBES

    if identity is None:
        return None
    probe = identity / "probes" / PROBES["ingest"].name
    return open_bundle(probe).tls if probe.is_dir() else IdentityFolder(identity).identity(INGEST).tls


def _broker_certificate(text: str, identity: Path) -> list[Check]:
    """Check which certificate the live broker presents: after a renewal, it must be copied and Mosquitto restarted."""
    from ingest.mqtt.broker_url import BrokerUrl

    url, tls = BrokerUrl.parse(text), _tls_of(identity)
    if not url.tls or tls is None:
        return []
    return [_guarded("broker_certificate", lambda: _presented(url, tls, identity))]


def _presented(url: BrokerUrl, tls: TlsFiles, identity: Path) -> Check:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(tls.authority)
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    with (
        socket.create_connection((url.host, url.port), BROKER_WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=url.host) as connection,
    ):
        pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")
    newest, live = identity / BROKER_CERTIFICATE, _parsed(pem.encode(), url.shown)
    differs = newest.exists() and _parsed(newest.read_bytes(), str(newest)) != live
    soon = live.not_valid_after_utc <= datetime.now(UTC) + SOON
    found: dict[str, Parameter] = {
        "state": "different" if differs else "soon" if soon else "valid",
        "day": f"{live.not_valid_after_utc:%Y-%m-%d}",
        "folder": str(newest.parent),
    }
    return Check("broker_certificate", not differs, Message("console-doctor-broker-certificate", found))


def _end_of(certificate: Path) -> datetime:
    return _parsed(certificate.read_bytes(), str(certificate)).not_valid_after_utc


def _parsed(pem: bytes, where: str) -> Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise WatchlineError(
            f"{where}: not a certificate; expected a PEM file, as written by `broker config`."
        ) from None


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
    return Check("broker", True, Message("console-doctor-broker", {"broker": url.shown}))
