"""``watchline run``: run a sector with its real sensors until Ctrl-C."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ops.broker.identities import IdentityFolder
from ops.room.purge_command import show_purge
from ops.room.retention import DailyRetention
from ops.room.room import BROKER_URL, DEMO_MARK, Room, RoomOptions, SapientEndpoints
from ops.runtime.output import even_if_quiet, show
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.settings import load_settings
from ops.sector.zone_table import ZONE_NOTICE
from ops.services.api.login.opening import first_secret
from ops.services.api.serving.endpoint import Endpoint

if TYPE_CHECKING:
    from ops.services.api.serving.tls import Tls

LOOK_EVERY_S = 1.0


def run_sector(
    sector_name: str,
    layout: str | None,
    data: Path,
    *,
    broker: BrokerUrl | None,
    endpoint: Endpoint,
    settings: Path | None,
    identity: Path | None,
    sapient: SapientEndpoints | None,
    store: str | None = None,
    layers: bool = False,
    screen: Console,
) -> None:
    """Open the room on ``data`` and supervise its processes; one that ends is restarted, with a message."""
    from ops.runtime.compile_kernels import compile_missing

    if identity is not None and not IdentityFolder(identity).register_path.exists():
        raise BadInput(
            f"{str(identity)!r} holds no key register",
            where="--identity",
            expected="the folder written by `broker config`, or none for keys made in --data",
        )
    if layers and store is None:
        raise BadInput("needs a store in PostgreSQL", where="--map-layers", expected="--store beside it")
    if (data / DEMO_MARK).exists():
        expected = "another folder: `demo` erases this one, and `serve` shows it without a login"
        raise BadInput(f"{str(data)!r} holds a demonstration", where="--data", expected=expected)
    sector = load_sector(sector_name)
    chosen = load_settings(settings)
    if sector.zone is not None:
        show(screen, ZONE_NOTICE)
    options = RoomOptions(
        sector=str(sector.path),
        sector_id=sector.name,
        layout=str(layout_path(sector, layout)),
        folder=data,
        broker=broker,
        settings=settings,
        endpoint=endpoint,
        identity=identity,
        signatures=sector.signatures,
        sapient=sapient,
        encrypted=True,
        store=store,
        layers=layers,
    )
    retention = DailyRetention(data, chosen, store=store)
    compile_missing(screen)  # a wrong sector, layout or settings file is named before
    with Room(options) as room:
        room.listen()
        if broker is None:
            show(screen, "console-run-embedded", file=str(data / BROKER_URL))
        if sapient is not None:
            _print_endpoints(sapient, screen)
        address = room.serve()
        show_first_steps(data, room.tls, screen)
        room.show_map(True)  # an operations room always shows its map
        try:
            show(screen, "console-run-started", sector=sector.name, address=address)
            while True:
                time.sleep(LOOK_EVERY_S)
                for message in room.restart_ended():
                    show(screen, message)
                _erase_what_is_due(retention, screen)
        except KeyboardInterrupt:
            show(screen, "console-run-stopping")
        if room.sapient is not None:
            room.sapient.stop(timeout_s=10.0)
        room.ingest.stop(timeout_s=10.0)
        room.fusion.stop(timeout_s=30.0)


def _erase_what_is_due(retention: DailyRetention, screen: Console) -> None:
    """Carry out the retention, once a day; a failure is printed and does not stop the room."""
    try:
        done = retention.look(datetime.now(UTC).date())
    except WatchlineError as error:
        show(screen, "retention-failed", reason=str(error))
        return
    if done is not None and (done.days or done.exports or done.audit_entries or done.kept):
        show_purge(done, screen)


def show_first_steps(folder: Path, tls: Tls | None, screen: Console) -> None:
    """Print the fingerprint of the certificate and, until an administrator has a password, a one-time secret.

    The secret is printed even with ``--quiet``: without it no login is possible.
    """
    if tls is not None:
        show(screen, "accounts-tls-fingerprint", fingerprint=tls.fingerprint())
    secret = first_secret(folder)
    if secret is not None:
        with even_if_quiet(screen):
            show(screen, "accounts-first-admin", secret=secret)


def sapient_endpoints(dial: str | None, listen: str | None) -> SapientEndpoints | None:
    """Return the endpoints named by the options; None without any. AddressFault for an invalid address."""
    if dial is None and listen is None:
        return None
    from ops.services.sapient.connection import Address

    for option, text in (("--sapient", dial), ("--sapient-listen", listen)):
        if text is not None:
            Address.parse(text, where=option)
    return SapientEndpoints(dial, listen)


def _print_endpoints(endpoints: SapientEndpoints, screen: Console) -> None:
    """Print the SAPIENT endpoints, and a warning where other machines can reach them."""
    if endpoints.dial is not None:
        show(screen, "console-sapient-dial", address=endpoints.dial)
    if endpoints.listen is not None:
        show(screen, "console-sapient-listen", address=endpoints.listen)
        if not endpoints.listen.startswith(("127.", "localhost:", "[::1]")):
            show(screen, "console-sapient-open")
