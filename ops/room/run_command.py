"""``watchline run``: run a sector with its real sensors until Ctrl-C."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rich.console import Console

from geo.errors import WatchlineError
from ingest.mqtt.broker_url import BrokerUrl
from ops.room.room import Room, RoomOptions, SapientEndpoints
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.settings import load_settings
from ops.sector.zone_table import TOLD_OF

LOOK_EVERY_S = 1.0


def run_sector(
    sector_name: str,
    layout: str | None,
    data: Path,
    *,
    broker: BrokerUrl | None,
    port: int | None,
    settings: Path | None,
    identity: Path | None,
    sapient: SapientEndpoints | None,
    screen: Console,
) -> None:
    """Open the room on ``data`` and supervise its processes; one that ends is restarted, with a message."""
    sector = load_sector(sector_name)
    load_settings(settings)
    if sector.zone is not None:
        screen.print(TOLD_OF, highlight=False, soft_wrap=True)
    options = RoomOptions(
        sector=str(sector.path),
        sector_id=sector.name,
        layout=str(layout_path(sector, layout)),
        folder=data,
        broker=broker,
        settings=settings,
        port=port,
        identity=identity,
        signatures=sector.signatures,
        sapient=sapient,
    )
    with Room(options) as room:
        room.listen()
        if broker is None:
            _write_secret(data / "broker.url", room.url.text)
            screen.print(f"Embedded broker; senders on this machine find its address in {data / 'broker.url'}")
        if sapient is not None:
            _print_endpoints(sapient, screen)
        address = room.serve()
        room.show_map(True)  # an operations room always shows its map
        sentence = f"Sector {sector.name} is running; the live map: {address}  (Ctrl-C stops it)"
        try:
            screen.print(sentence, highlight=False, soft_wrap=True)
            while True:
                time.sleep(LOOK_EVERY_S)
                for sentence in room.restart_ended():
                    screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
        except KeyboardInterrupt:
            screen.print("Stopping: ingest first, then fusion takes in what is left.")
        if room.sapient is not None:
            room.sapient.stop(timeout_s=10.0)
        room.ingest.stop(timeout_s=10.0)
        room.fusion.stop(timeout_s=30.0)


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
        screen.print(f"SAPIENT: calling the middleware at {endpoints.dial}", highlight=False)
    if endpoints.listen is not None:
        screen.print(f"SAPIENT: listening at {endpoints.listen}", highlight=False)
        if not endpoints.listen.startswith(("127.", "localhost:", "[::1]")):
            screen.print("SAPIENT's TCP has neither passwords nor encryption: whoever reaches that port is believed.")


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only this user can read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
    except OSError as error:
        raise WatchlineError(f"{path}: the broker's address cannot be written ({error.strerror}).") from None
