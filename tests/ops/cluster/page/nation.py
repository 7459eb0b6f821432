"""A nation of small stores, as its sectors would have written them, and its page on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from ops.accounts.accounts import Accounts
from ops.accounts.store import FILE, AccountStore
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.cluster.page.app import NationSettings, create_nation_app
from ops.cluster.page.picture_watch import PictureWatch
from ops.drawing.typeface.page_font import BUILT
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.store.writer import Store
from tests.patience import PATIENT_S

S = 10**9
NAMES = ["west", "mid", "east"]
NOW_NS = 1_790_000_000 * S
COVERAGE = {"segments": 60, "planned": 52, "now": 40, "unknown": 2, "required": 0.9}
SETTINGS = ReleasabilitySettings(levels=("national",), sensors={})


def incident(identity: str, minutes_ago: int, priority: str = "high", **more: Any) -> dict[str, Any]:
    """An incident as fusion stores it."""
    opened = datetime.fromtimestamp(NOW_NS / S - 60 * minutes_ago, UTC)
    return {
        "id": identity, "name": f"Name {identity}", "kind": "movement", "revision": 0, "state": "open",
        "priority": priority, "opened_at": opened, "attention": True, "lead": None, "tracks": [],
    } | more  # fmt: skip


@dataclass
class Sectors:
    """Stores of sectors below ``folder``; a store is made with its first picture."""

    folder: Path
    stack: ExitStack
    now_ns: int = NOW_NS
    stores: dict[str, Store] = field(default_factory=dict)

    def show(
        self,
        name: str,
        *incidents: dict[str, Any],
        working: int = 3,
        lost: int = 1,
        coverage: dict[str, Any] | None = COVERAGE,
        age_s: float = 0.0,
        log: bool = True,
        **more: Any,
    ) -> None:
        """Write a picture of a sector; ``log``: with the audit log that its operations centre would have begun."""
        if name not in self.stores:
            self.stores[name] = Store(self.folder / name / "store.db")
            self.stack.callback(self.stores[name].close)
            if log:
                AuditLog(self.folder / name / FOLDER).close()
        states = ["ok"] * working + ["offline"] * lost
        store = self.stores[name]
        store.commit(
            store.cursor + 1,
            stamp_ns=self.now_ns - round(age_s * S),
            tracks_live=b"[]",
            sensors=[{"sensor": f"S{number}", "state": state} for number, state in enumerate(states)],
            forces={"units": [], "sections": [{"met": True}, {"met": False}, {"met": None}], "coverage": coverage},
            incident_revisions=list(incidents),
            **more,
        )


def areas(names: list[str]) -> dict[str, Any]:
    """Outlines of sectors side by side along a border that winds a little."""
    features = []
    for number, name in enumerate(names):
        west = -84.0 + 0.5 * number
        line = [[west + 0.05 * step, 46.0 + 0.03 * ((number + step) % 5)] for step in range(11)]
        ring = [[west, 45.9], [west + 0.5, 45.9], [west + 0.5, 46.3], [west, 46.3], [west, 45.9]]
        features.append(
            {
                "type": "Feature",
                "id": name,
                "properties": {"title": f"Sector {name.title()}", "line": line},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return {"type": "FeatureCollection", "features": features}


@dataclass
class NationServer:
    """The page's server: its address, application and accounts."""

    address: str
    app: Any
    accounts: Accounts
    watch: PictureWatch

    def token_of(self, login: str, roles: dict[str, Any], limit: str = "*") -> str:
        """A token of a new person."""
        self.accounts.add(login, login.title(), roles)
        account = self.accounts.store.account(login)
        assert account is not None
        self.accounts.store.change(account.id, releasability=limit)
        account = self.accounts.store.account(login)
        assert account is not None
        return self.accounts.token(account, "test", 1)

    def client(self, login: str, roles: dict[str, Any], limit: str = "*") -> httpx.Client:
        """A client with the rights of a new person."""
        headers = {"Authorization": f"Bearer {self.token_of(login, roles, limit)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENT_S)


@contextmanager
def nation_server(
    sectors: Sectors,
    names: list[str],
    *,
    settings: ReleasabilitySettings = SETTINGS,
    pages: Path = BUILT,
    look_every_s: float = 0.1,
    local: bool = False,
    **more: Any,
) -> Iterator[NationServer]:
    """Serve the page of these sectors; ``local``: without accounts."""
    with ExitStack() as stack:
        store = AccountStore(sectors.folder / FILE)
        stack.callback(store.close)
        watch = PictureWatch(sectors.folder, names, settings, now_ns=lambda: sectors.now_ns)
        stack.callback(watch.close)
        accounts = Accounts(store)
        app = create_nation_app(
            watch,
            NationSettings("north", "Northern border", areas(names), GuardSettings(bearer=not local), pages,
                           look_every_s=look_every_s),
            now_ns=lambda: sectors.now_ns,
            accounts=None if local else accounts,
            **more,
        )  # fmt: skip
        port = stack.enter_context(serving(app))
        yield NationServer(f"http://127.0.0.1:{port}", app, accounts, watch)


@contextmanager
def stream(client: httpx.Client) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """The events of a stream."""
    with client.stream("GET", "/v1/nation/stream") as answer:
        assert answer.status_code == 200

        def events() -> Iterator[tuple[str, dict[str, Any]]]:
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])

        yield events()


def until_incidents(events: Iterator[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The incidents of the next changes that have any."""
    return next(body["incidents"] for name, body in events if name == "changes" and body["incidents"])
