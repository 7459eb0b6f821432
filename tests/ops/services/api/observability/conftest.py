"""A server over a real picture: fusion has taken a rehearsed minute, and map and planner answer from the sector."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from geo.errors import WatchlineError
from ops.accounts.accounts import Accounts
from ops.accounts.person import ROLES
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.journal.reader import JournalReader
from ops.runtime.clock import ScenarioClock
from ops.sector.geojson import border_view
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.plan_routes import PlanRoutes
from ops.services.fusion.process import Fusion
from ops.services.map.client import Answer
from ops.services.map.process import MapService
from ops.services.planner.worker import Planner
from ops.store.writer import Store

SECTOR = "hills"


class PlannerHere(PlanRoutes):
    """The planner's routes with the planner in this process, and without background jobs."""

    def __init__(self, sector: Path, log: Path) -> None:
        super().__init__(str(sector), log)
        self._planner = Planner(load_sector(str(sector)))
        self._jobs.close()  # it refuses every job

    def _ask(self, order: Any) -> Any:
        try:
            return getattr(self._planner, order["do"])(order, print)
        except (WatchlineError, KeyError, TypeError, ValueError) as error:
            raise HTTPException(422, str(error)) from None


@pytest.fixture(scope="session")
def fused(hill_journal: Path, hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that fusion has written."""
    store = Store(tmp_path_factory.mktemp("fused") / "store.db")
    with JournalReader(hill_journal) as journal:
        fusion = Fusion(journal, store, hill_ground, Settings(), ScenarioClock.live())
        while fusion.step(50):
            pass
        fusion.finish()
    yield store
    store.close()


@pytest.fixture(scope="session")
def described(
    fused: Store, hill_sector: Any, hill_ground: OpenSector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """The application with accounts and every route: ``app``, and ``tokens`` of a program for each role. ``service``
    answers for the map."""
    folder = tmp_path_factory.mktemp("described")
    service = MapService(hill_ground)
    accounts = Accounts(AccountStore(folder / "accounts.db"))
    tokens = {}
    for role in ROLES:
        accounts.add(role, f"The {role}", {"*": role})
        account = accounts.store.account(role)
        assert account is not None
        tokens[role] = accounts.token(account, "test", 1)
    log, plan, actions = AuditLog(folder / "audit"), PlannerHere(hill_sector.sector, folder / "plan.log"), []

    def ask(question: str, **arguments: Any) -> Answer:
        arguments.pop("lookers", None)
        return service.answer(question, arguments)

    app = create_app(
        fused.path,
        ApiSettings(SECTOR, border=border_view(hill_ground), guard=GuardSettings(bearer=True)),
        act=actions.append,
        now_ns=time.time_ns,
        access_log=log,
        ground=ask,
        plan=plan,
        accounts=accounts,
    )
    yield SimpleNamespace(
        app=app, tokens=tokens, accounts=accounts, actions=actions, store=fused, log=log, service=service
    )
    plan.close()
    log.close()
    accounts.store.close()
