"""``watchline cluster serve``: the national page of a cluster that runs, or of its data folder."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from geo.errors import BadInput
from ingest.mqtt.broker_url import BrokerUrl
from ops.cluster.nation_file import load_nation
from ops.cluster.page.app import NationSettings, create_nation_app
from ops.cluster.page.areas import areas_of
from ops.cluster.page.centres import CentreOptions, Centres
from ops.cluster.page.picture_watch import PictureWatch
from ops.postgres.address import StoreAddress
from ops.postgres.note import remember
from ops.room.room import BROKER_URL, DEMO_MARK
from ops.room.run_command import show_first_steps
from ops.runtime.output import show
from ops.sector.settings import account_settings, load_settings
from ops.services.api.login.opening import open_logins
from ops.services.api.serving.endpoint import Endpoint
from ops.services.api.serving.server import serving

LOOK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class NationPageOptions:
    """Arguments of ``cluster serve``: the nation file and the data folder of ``cluster run``, where it listens, how
    many sectors may be open at once, and as for ``cluster run`` settings, broker, keys and store."""

    nation: Path
    data: Path
    endpoint: Endpoint
    centres: int
    settings: Path | None = None
    broker: BrokerUrl | None = None
    identity: Path | None = None
    store: str | None = field(default=None, repr=False)


def serve_nation(options: NationPageOptions, *, screen: Console) -> None:
    """Serve the national page until Ctrl-C. Raises BadInput.

    It reads what the cluster writes and needs none of its processes: where nothing runs, every sector is shown as
    silent. People log in with accounts of the data folder; a role in a sector, or in every sector, counts for it.
    """
    chosen, nation = load_settings(options.settings), load_nation(options.nation)
    for sector in nation.sectors:
        if (options.data / sector.name / DEMO_MARK).exists():
            raise BadInput("holds a demonstration", where=str(options.data / sector.name), expected="another folder")
    options.endpoint.check()
    if options.store is not None:
        remember(StoreAddress(options.store))
    with ExitStack() as stack:
        show(screen, "cluster-page-opening", count=len(nation.sectors))
        areas = areas_of(nation)
        tls = options.endpoint.prepared_tls(options.data / "tls", account_settings(chosen).hosts)
        logins = open_logins(options.data, options.settings, tls, local=False)
        stack.callback(logins.close)
        watch = PictureWatch(
            options.data, [sector.name for sector in nation.sectors], chosen.releasability, now_ns=time.time_ns
        )
        stack.callback(watch.close)
        listening = options.endpoint.listen()
        address = options.endpoint.address(listening)
        broker = partial(_broker_of, options)
        centres = Centres(
            {sector.name: sector for sector in nation.sectors},
            CentreOptions(
                options.data.absolute(), broker, options.endpoint.host, int(listening.getsockname()[1]),
                options.centres, tls, None if options.settings is None else options.settings.absolute(),
                options.identity, options.store,
            ),
        )  # fmt: skip
        stack.callback(centres.close)
        app = create_nation_app(
            watch,
            NationSettings(nation.name, nation.title, areas, logins.guard),
            now_ns=time.time_ns,
            centres=centres,
            accounts=logins.accounts,
            provider=logins.provider,
        )
        stack.enter_context(serving(app, listening, tls))
        try:
            show(screen, "cluster-page-started", nation=nation.title or nation.name, address=address)
            if broker() is None:
                show(screen, "cluster-page-no-broker", file=str(options.data / BROKER_URL))
            show_first_steps(options.data, tls, screen)
            while not threading.Event().wait(LOOK_EVERY_S):
                centres.look()
        except KeyboardInterrupt:
            show(screen, "console-stopped")


def _broker_of(options: NationPageOptions) -> str | None:
    """Return the address of the cluster's broker; that of an embedded one is in a file, from the cluster's first start.

    None where there is none, or while the file cannot be read.
    """
    if options.broker is not None:
        return options.broker.text
    with suppress(OSError, UnicodeDecodeError):
        return (options.data / BROKER_URL).read_text(encoding="utf-8").strip() or None
    return None
