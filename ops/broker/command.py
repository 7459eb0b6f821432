"""``watchline broker``: configure Mosquitto for a sector, verify its ACL, and revoke stolen keys."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from ingest.errors import BrokerError
from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ingest.security.key_register import TlsFiles
from ops.broker.certificates import Authority
from ops.broker.identities import IdentityFolder, layout_ids
from ops.broker.mosquitto_config import BrokerFolder, BrokerOptions, running_process
from ops.broker.probe import Probe
from ops.broker.rights_check import Matrix, check_broker
from ops.runtime.output import write_private
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.settings import load_settings

KICK_DAYS = 1 / 288
"""Validity in days (five minutes) of the certificate with which a revoked client's session is ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of ``broker config``; None is what the folder was written with before, else the default."""

    sector: str
    out: Path
    layout: str | None = None
    settings: Path | None = None
    hosts: Sequence[str] | None = None
    listen: str | None = None
    days: float | None = None
    user: str | None = None
    renew: Sequence[str] = ()


def configure(request: Request, screen: Console) -> dict[str, Any]:
    """Write the folder. BadInput (IdentityError) names an invalid client name."""
    sector = load_sector(request.sector)
    host, port = (None, None) if request.listen is None else host_and_port(request.listen, "--listen")
    options = BrokerOptions(
        sector=sector.name,
        sensors=layout_ids(layout_path(sector, request.layout)),
        units=load_settings(request.settings).units,
        hosts=request.hosts,
        listen=host,
        port=port,
        days=request.days,
        user=request.user,
        renew=request.renew,
    )
    folder = BrokerFolder(request.out)
    made = folder.write(options)
    installation = folder.installation()
    screen.print(
        f"Sector {sector.name}: {len(made)} new certificates, {len(installation.clients)} clients.\n"
        f"  the broker listens at {installation.listen}:{installation.port}, and is reached as"
        f" {', '.join(installation.hosts)}\n"
        f"{_warnings(folder)}"
        f"  {request.out / 'broker'} goes to the broker's machine; in that folder: mosquitto -c"
        f" {folder.configuration.name}\n"
        f"{_owner(installation.user)}"
        f"  {request.out / 'identities'} has one folder to carry to each sensor and unit\n"
        f"  {request.out / 'authority'} stays here; whoever has its key can become anybody\n"
        f"Then: watchline broker check HOST:PORT --config {request.out}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return {
        "sector": sector.name,
        "made": made,
        "clients": dict(installation.clients),
        "configuration": str(folder.configuration),
        "hosts": list(installation.hosts),
        "listen": f"{installation.listen}:{installation.port}",
    }


def _warnings(folder: BrokerFolder) -> str:
    """Return what will keep clients from connecting: a broker without a name of its own, an authority that ends."""
    installation, lines = folder.installation(), []
    if not installation.hosts_given and installation.listen not in ("127.0.0.1", "::1", "localhost"):
        lines.append("  WARNING: clients that reach it by another name or address refuse it; give --host NAME")
    ends = folder.authority_ends()
    if ends - datetime.now(UTC) < timedelta(days=installation.days):
        lines.append(
            f"  WARNING: the authority ends on {ends:%Y-%m-%d}, and all certificates with it; write a new folder"
        )
    return "".join(f"{line}\n" for line in lines)


def _owner(user: str | None) -> str:
    """Return the account that must own the broker's folder: its keys are private, and Mosquitto gives up root."""
    if user is not None:
        return f"    there it must belong to {user}, whom Mosquitto becomes when started as root\n"
    return "    there it must belong to whoever runs Mosquitto; started as root it becomes mosquitto, or --user\n"


def check(address: str, config: Path, screen: Console) -> tuple[dict[str, Any], bool]:
    """Test the live broker's ACL; return the figures and whether the broker behaves as required."""
    host, port = host_and_port(address, "HOST:PORT")
    with screen.status("Checking ...") as status:
        matrix = check_broker(host, port, config, progress=lambda step: status.update(f"Checking: {step} ..."))
    _show(matrix, screen)
    deviations = [finding.as_dict() for finding in matrix.findings if not finding.ok]
    figures = {"broker": address, "sector": matrix.sector, "checked": len(matrix.findings), "deviations": deviations}
    return {**figures, "ok": not deviations}, not deviations


def revoke(name: str, config: Path, address: str | None, screen: Console) -> dict[str, Any]:
    """Revoke all rights of a name, at the broker (where it can be reached) and in the register that ingest uses."""
    if not (config / "installation.json").exists():  # keys of an embedded broker: there are no certificates
        records = IdentityFolder(config).revoke(name)
        screen.print(f"{name}: {len(records)} keys revoked; ingest refuses them within a second.", markup=False)
        return {"name": name, "keys": len(records), "certificates": 0, "reloaded": False, "disconnected": False}
    folder = BrokerFolder(config)
    certificates = folder.revoke(name)
    process = running_process(folder)
    if process is not None:
        os.kill(process, signal.SIGHUP)
    kicked = address is not None and _kick(folder, name, *host_and_port(address, "--broker"))
    reload = "Mosquitto reads its files again" if process else f"copy {config / 'broker'} to the broker and SIGHUP it"
    screen.print(f"{name}: {certificates} certificates and its keys revoked; {reload}.", markup=False)
    return {
        "name": name,
        "keys": 1,
        "certificates": certificates,
        "reloaded": process is not None,
        "disconnected": kicked,
    }


def host_and_port(text: str, where: str) -> tuple[str, int]:
    """Split ``host:port``; BadInput for any other form."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadInput(f"{ascii(text)[:80]} is no address", where=where, expected="HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _kick(folder: BrokerFolder, name: str, host: str, port: int) -> bool:
    """End the session of a revoked name: connect under that name with a five-minute certificate, and leave no session.

    The name has no rights by then, so neither this connection nor the client's last will can publish anything.
    """
    authority = Authority(folder.path.absolute() / "authority", name="")
    pair = authority.client(name, KICK_DAYS)
    place = folder.path.absolute() / "authority" / "kick"
    write_private(place / CERTIFICATE_KEY, pair.key)
    write_private(place / CERTIFICATE, pair.certificate)
    tls = TlsFiles(folder.path / "broker" / AUTHORITY, place / CERTIFICATE, place / CERTIFICATE_KEY)
    try:
        Probe(host, port, name, tls=tls).connect().close()
    except BrokerError:
        return False
    finally:
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
        folder.revoke(name)
    return True


def _show(matrix: Matrix, screen: Console) -> None:
    """Show a table of party by action, with the number of correct results; then list every deviation."""
    table = Table(title=f"Rights at {matrix.host}:{matrix.port}, as they should be / tried", title_justify="left",
                  box=None, header_style="dim")  # fmt: skip
    kinds = list(dict.fromkeys(finding.what for finding in matrix.findings))
    table.add_column("who")
    for kind in kinds:
        table.add_column(kind, justify="right")
    good = Counter((finding.who, finding.what) for finding in matrix.findings if finding.ok)
    tried = Counter((finding.who, finding.what) for finding in matrix.findings)
    for party in dict.fromkeys(finding.who for finding in matrix.findings):
        cells = [f"{good[party, kind]} / {tried[party, kind]}" if tried[party, kind] else "–" for kind in kinds]
        table.add_row(party, *cells)
    screen.print(table)
    for finding in matrix.findings:
        if not finding.ok:
            verb = "may not" if finding.happened else "should be able to"
            screen.print(
                f"DEVIATION: {finding.who} {verb} {finding.what}: {finding.where}", markup=False, highlight=False
            )
