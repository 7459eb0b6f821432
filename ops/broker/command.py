"""``watchline broker``: configure Mosquitto for a sector, verify its ACL, and revoke stolen keys."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from geo.message import Message
from ingest.errors import BrokerError
from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ingest.security.key_register import TlsFiles
from ops.broker.certificates import Authority
from ops.broker.identities import IdentityFolder, layout_ids
from ops.broker.mosquitto_config import BrokerFolder, BrokerOptions, running_process
from ops.broker.probe import Probe
from ops.broker.rights_check import Matrix, check_broker
from ops.runtime.output import say, show, write_private
from ops.runtime.tables import show_table, table_of
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.settings import load_settings

KICKS = 3
"""Attempts to end a revoked client's session: a busy broker may leave one without answer."""
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
    folder = BrokerFolder(request.out)
    units: Sequence[str] = load_settings(request.settings).units
    if request.settings is None and (request.out / "installation.json").exists():
        units = [name for name, part in folder.installation().clients.items() if part == "unit"]
    options = BrokerOptions(
        sector=sector.name,
        sensors=layout_ids(layout_path(sector, request.layout)),
        units=units,
        hosts=request.hosts,
        listen=host,
        port=port,
        days=request.days,
        user=request.user,
        renew=request.renew,
    )
    made = folder.write(options)
    installation = folder.installation()
    for line in _report(request.out, sector.name, len(made)):
        show(screen, line)
    return {
        "sector": sector.name,
        "made": made,
        "clients": dict(installation.clients),
        "configuration": str(folder.configuration),
        "hosts": list(installation.hosts),
        "listen": f"{installation.listen}:{installation.port}",
    }


def _address(host: str, port: int) -> str:
    """HOST:PORT, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _report(out: Path, sector: str, made: int) -> list[Message]:
    """Return what was written, what will keep clients from connecting, and where to copy the parts."""
    folder = BrokerFolder(out)
    installation, ends = folder.installation(), folder.authority_ends()
    address = _address(installation.listen, installation.port)
    lines = [
        Message(
            "console-broker-written",
            {"sector": sector, "certificates": made, "clients": len(installation.clients)},
        ),
        Message("console-broker-listens", {"address": address, "hosts": tuple(installation.hosts)}),
    ]
    if not installation.hosts_given and installation.listen not in ("127.0.0.1", "::1", "localhost"):
        lines.append(Message("console-broker-no-host"))
    if ends - datetime.now(UTC) < timedelta(days=installation.days):
        lines.append(Message("console-broker-authority-ends", {"day": f"{ends:%Y-%m-%d}"}))
    user = installation.user
    reached = _address(installation.hosts[0] if installation.hosts else installation.listen, installation.port)
    return [
        *lines,
        Message("console-broker-copy", {"folder": str(out / "broker"), "file": folder.configuration.name}),
        Message("console-broker-owner-unknown") if user is None else Message("console-broker-owner", {"user": user}),
        Message("console-broker-identities", {"folder": str(out / "identities")}),
        Message("console-broker-authority", {"folder": str(out / "authority")}),
        Message("console-broker-next", {"address": reached, "folder": str(out)}),
    ]


def check(address: str, config: Path, screen: Console) -> tuple[dict[str, Any], bool]:
    """Test the live broker's ACL; return the figures and whether the broker behaves as required."""
    host, port = host_and_port(address, "HOST:PORT")
    with screen.status("") as status:
        progress = partial(say, "console-broker-checking")
        matrix = check_broker(host, port, config, progress=lambda step: status.update(progress(step=step)))
    _show(matrix, screen)
    deviations = [finding.as_dict() for finding in matrix.findings if not finding.ok]
    figures = {"broker": address, "sector": matrix.sector, "checked": len(matrix.findings), "deviations": deviations}
    return {**figures, "ok": not deviations}, not deviations


def revoke(name: str, config: Path, address: str | None, screen: Console) -> dict[str, Any]:
    """Revoke all rights of a name, at the broker (where it can be reached) and in the register that ingest uses."""
    broker = None if address is None else host_and_port(address, "--broker")
    if not (config / "installation.json").exists() and not IdentityFolder(config).register_path.exists():
        raise BadInput(f"{config} holds no keys", where="--config", expected="a folder written by `broker config`")
    if not (config / "installation.json").exists():  # keys of an embedded broker: there are no certificates
        records = IdentityFolder(config).revoke(name)
        show(screen, "console-revoked-keys", name=name, keys=len(records))
        return {"name": name, "keys": len(records), "certificates": 0, "reloaded": False, "disconnected": False}
    folder = BrokerFolder(config)
    process = running_process(folder)
    try:
        certificates = folder.revoke(name)
    finally:  # also without the authority: the topic rights have ended by then
        if process is not None:
            os.kill(process, signal.SIGHUP)
    kicked = broker is not None and _kick(folder, name, *broker)
    reloaded = process is not None
    folder_to_copy = str(config / "broker")
    show(screen, "console-revoked", name=name, certificates=certificates, reloaded=reloaded, folder=folder_to_copy)
    return {
        "name": name,
        "keys": 1,
        "certificates": certificates,
        "reloaded": reloaded,
        "disconnected": kicked,
    }


def host_and_port(text: str, where: str) -> tuple[str, int]:
    """Split ``host:port``; BadInput for any other form."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadInput(f"{ascii(text)[:80]} is not a valid address", where=where, expected="HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _kick(folder: BrokerFolder, name: str, host: str, port: int) -> bool:
    """End the session of a revoked name: connect under that name with a five-minute certificate, and leave no session.

    The name has no rights by then, so neither this connection nor the client's last will can publish anything.
    """
    authority = Authority(folder.path.absolute() / "authority")
    pair = authority.client(name, KICK_DAYS)
    place = folder.path.absolute() / "authority" / "kick"
    write_private(place / CERTIFICATE_KEY, pair.key, to_owner=True)
    write_private(place / CERTIFICATE, pair.certificate, to_owner=True)
    tls = TlsFiles(folder.path / "broker" / AUTHORITY, place / CERTIFICATE, place / CERTIFICATE_KEY)
    try:
        return any(_connects(host, port, name, tls) for _ in range(KICKS))
    finally:
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
        folder.revoke(name)


def _connects(host: str, port: int, name: str, tls: TlsFiles) -> bool:
    try:
        Probe(host, port, name, tls=tls).connect().close()
    except BrokerError:
        return False
    return True


def _show(matrix: Matrix, screen: Console) -> None:
    """Show a table of client by action, with the number of correct results; then list every deviation."""
    title = say("console-broker-matrix", address=f"{matrix.host}:{matrix.port}")
    table = table_of("actor", title=title)
    kinds = list(dict.fromkeys(finding.what for finding in matrix.findings))
    for kind in kinds:
        table.add_column(_action(kind), justify="right")
    good = Counter((finding.who, finding.what) for finding in matrix.findings if finding.ok)
    tried = Counter((finding.who, finding.what) for finding in matrix.findings)
    for party in dict.fromkeys(finding.who for finding in matrix.findings):
        cells = [f"{good[party, kind]} / {tried[party, kind]}" if tried[party, kind] else "–" for kind in kinds]
        table.add_row(say("console-broker-party", party=party), *cells)
    show_table(screen, table)
    deviations = [finding for finding in matrix.findings if not finding.ok]
    for finding in deviations:
        show(
            screen,
            "console-broker-permitted" if finding.happened else "console-broker-refused",
            party=say("console-broker-party", party=finding.who),
            action=_action(finding.what),
            where=finding.where,
        )
    if not deviations:
        show(screen, "console-broker-correct", count=len(matrix.findings))


def _action(name: str) -> str:
    return say("console-broker-action", action=name.replace(" ", "_"))
