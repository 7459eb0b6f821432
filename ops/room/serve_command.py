"""``watchline serve``: a read-only live map of an existing store."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ops.room.room import DEFAULT_PORT, DEMO_MARK
from ops.sector.sector_file import layout_path, load_sector
from ops.services.api.access_log import AccessLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.local_port import listen
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.server import serving
from ops.services.map.supervisor import MapProcess
from ops.store.reader import Reader


def serve_store(store: Path, sector_name: str, layout: str | None, *, port: int | None, screen: Console) -> None:
    """Serve ``store`` with the terrain, border and layout of a sector until Ctrl-C. Raises BadInput or StoreError.

    The times shown are the store's; when it is no longer written, the page shows that the picture is stale.
    """
    if not store.is_file():
        raise BadInput("there is no such file", where=str(store), expected="a store.db that demo or run has written")
    sector = load_sector(sector_name)
    equipment = layout_path(sector, layout)
    reader = Reader(store)
    reader.progress()  # raises StoreError where it is not a store
    with ExitStack() as stack:
        stack.callback(reader.close)
        folder = store.parent
        map_process = stack.enter_context(
            MapProcess(sector=str(sector.path), layout=str(equipment), log=folder / "logs" / "serve-map.log")
        )
        border = json.loads(map_process("segments").body)
        settings = ApiSettings(sector=sector.name, border=border, demo=(folder / DEMO_MARK).exists())
        access_log = AccessLog(folder / "access.db")
        stack.callback(access_log.close)
        plan = PlanRoutes(str(sector.path), folder / "logs" / "serve-plan.log")
        stack.callback(plan.close)
        app = create_app(
            reader,
            settings,
            act=_refuse,
            now_ns=time.time_ns,
            access_log=access_log,
            ground=map_process,
            plan=plan,
        )
        chosen = stack.enter_context(serving(app, listen(DEFAULT_PORT if port is None else port)))
        sentence = f"The live map of {store}: http://127.0.0.1:{chosen}/  (Ctrl-C stops it)"
        try:
            screen.print(sentence, highlight=False, markup=False, soft_wrap=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            screen.print("Stopped.")


def _refuse(_: OperatorAction) -> None:
    raise WatchlineError("this server only shows a store; actions go to the one that runs the sector")
