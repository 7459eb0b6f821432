"""``watchline serve``: a read-only live map of an existing store."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.room.room import DEMO_MARK, DEMO_OPERATOR, START_TIMEOUT_S
from ops.room.run_command import show_first_steps
from ops.runtime.output import show
from ops.sector.sector_file import layout_path, load_sector
from ops.sector.settings import account_settings, load_settings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.login.opening import open_logins
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.serving.endpoint import Endpoint
from ops.services.api.serving.server import serving
from ops.services.map.supervisor import MapProcess
from ops.store.connections import store_exists
from ops.store.reader import Reader


def serve_store(
    store: Path,
    sector_name: str,
    layout: str | None,
    *,
    endpoint: Endpoint,
    settings: Path | None,
    screen: Console,
) -> None:
    """Serve ``store`` with the terrain, border and layout of a sector until Ctrl-C. Raises BadInput or StoreError.

    ``store`` may also be the folder with ``store.db``.

    The times shown are the store's; when it is no longer written, the page shows that the picture is stale. People log
    in with the accounts beside the store; a demonstration has none.
    """
    chosen = load_settings(settings)
    sector = load_sector(sector_name)
    equipment = layout_path(sector, layout)
    store = store / "store.db" if store.is_dir() else store
    if not store_exists(store):
        raise BadInput("no such file", where=str(store), expected="a store.db written by `demo` or `run`")
    with closing(Reader(store)) as reader:
        reader.progress()  # raises StoreError where it is not a store
    folder = store.parent
    demo = (folder / DEMO_MARK).exists()
    endpoint = replace(endpoint, accounts=not demo)
    endpoint.check()
    with ExitStack() as stack:
        map_process = stack.enter_context(
            MapProcess(sector=str(sector.path), layout=str(equipment), log=folder / "logs" / "serve-map.log")
        )
        border = json.loads(map_process.first_answer("segments", timeout_s=START_TIMEOUT_S).body)
        tls = endpoint.prepared_tls(folder / "tls", account_settings(chosen).hosts)
        logins = open_logins(folder, settings, tls, local=demo)
        stack.callback(logins.close)
        api = ApiSettings(
            sector=sector.name,
            title=sector.title,
            time_zone=sector.time_zone,
            border=border,
            demo=demo,
            operator=DEMO_OPERATOR if demo else "",
            guard=logins.guard,
            releasability=chosen.releasability,
            reports=chosen.reports,
        )
        access_log = AuditLog(folder / FOLDER)
        stack.callback(access_log.close)
        plan = PlanRoutes(str(sector.path), folder / "logs" / "serve-plan.log")
        stack.callback(plan.close)
        app = create_app(
            store,
            api,
            act=_refuse,
            now_ns=time.time_ns,
            access_log=access_log,
            ground=map_process,
            plan=plan,
            accounts=logins.accounts,
            provider=logins.provider,
        )
        listening = endpoint.listen()
        address = endpoint.address(listening)
        stack.enter_context(serving(app, listening, tls))
        try:
            show(screen, "console-serve-started", store=str(store), address=address)
            if demo:
                show(screen, "accounts-demo", name=DEMO_OPERATOR)
            else:
                show_first_steps(folder, tls, screen)
            threading.Event().wait()
        except KeyboardInterrupt:
            show(screen, "console-stopped")


def _refuse(_: OperatorAction) -> None:
    raise WatchlineError("this server is read-only; send actions to the server that runs the sector")
