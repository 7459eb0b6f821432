"""A server with accounts and field units, over a store with incidents; broker, ingest and fusion are stood in for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest

from geo.frame import LocalFrame
from geo.message import Message
from ingest.unit_messages import Position, Reply, encode_unit
from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.field.certificates import UnitCertificates
from ops.field.devices import DeviceStore
from ops.field.refusals import RefusalBook
from ops.incidents.book import ActionOutcome
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.api.serving.tls import own_certificate
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, alert, at, incident
from tests.patience import PATIENT_S

FRAME = LocalFrame.around(-84.2, 36.6)
PASSWORD = "a quiet ridge at dawn"
SECTOR = "hills"


class Journal:
    """Stands in for broker, ingest and fusion: keeps what was sent as the bytes that ingest would read."""

    def __init__(self, store: Store) -> None:
        self.store, self.replies, self.positions = store, list[Reply](), list[Position]()
        self.calls: list[tuple[str, str]] = []
        self.broken = False
        self.cursor = 10

    def send_reply(self, reply: Any) -> tuple[int, int]:
        self._check(reply)
        self.replies.append(reply)
        return 1, len(self.replies)

    def send_position(self, position: Position) -> tuple[int, int]:
        self._check(position)
        self.positions.append(position)
        return 1, len(self.positions)

    def send_call(self, unit: str, observed_at: Any, note: str) -> tuple[int, int]:
        self.calls.append((unit, note))
        return 1, len(self.calls)

    def _check(self, message: Any) -> None:
        if self.broken:
            raise OSError("disk full")
        encode_unit(msgspec.structs.replace(message, boot=1, seq=1))

    def answer(self, reply: Reply, message: Message | None = None) -> None:
        """Fusion applies a reply, or refuses it for a reason."""
        result = "done" if message is None else "refused"
        outcome = ActionOutcome(
            reply.action_id, reply.incident, reply.action, reply.by, at(9), result, 1, message, reply.unit
        )
        self.cursor += 1
        self.store.commit(self.cursor, stamp_ns=START_NS, outcomes=[outcome_dict(outcome)])


class Room(SimpleNamespace):
    """A server and what its test needs."""

    accounts: Accounts
    devices: DeviceStore
    journal: Journal
    address: str
    clock: list[int]

    def client(self) -> httpx.Client:
        """A browser: it keeps cookies and sends its origin."""
        return httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=PATIENT_S)

    def token(self, role: str) -> dict[str, str]:
        """Header of a program with this role."""
        login = f"the-{role}"
        if self.accounts.store.account(login) is None:
            entered = self.accounts.log_in(login, self.accounts.add(login, login, {"*": role}), LoginOrigin("test"))
            self.accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
        account = self.accounts.store.account(login)
        return {"Authorization": f"Bearer {self.accounts.token(account, 'test', 1)}"}

    @contextmanager
    def phone(self, unit: str = "patrol-1", name: str = "Phone 1") -> Iterator[httpx.Client]:
        """A browser with a device that is enrolled for a unit."""
        with self.client() as client:
            code = self.devices.new_code(unit).code
            answer = client.post("/v1/field/enrol", json={"code": code, "device": name})
            assert answer.status_code == 200, answer.text
            yield client


def one(identity: str, **more: Any) -> dict[str, Any]:
    lead = more.pop("lead", alert())
    return incident_dict(incident(id=identity, lead=lead.id, alerts=(lead.id,), **more), FRAME, section="West")


def unit_now(name: str, **more: Any) -> dict[str, Any]:
    """A unit in the picture of own forces."""
    return {
        "unit": name, "lon": -84.21, "lat": 36.58, "position_sd_m": 8.0, "observed_ns": START_NS,
        "received_ns": START_NS, "clock_ahead_s": 0.0, "duty": "patrol", "moves": "", "base": "", "note": "",
        "distress_ns": None, "segment": 3, "offset_m": 100.0, "section": "West",
    } | more  # fmt: skip


@contextmanager
def _open(folder: Path, *, broker: Path | None = None, **settings: Any) -> Iterator[Room]:
    """Serve a store with incidents to people with accounts and to field units.

    With ``broker``, a folder of `broker config`, over TLS, and units may log in by their certificates.
    """
    store = Store(folder / "store.db")
    soon, later = alert("crossing", "T1", time_to_border_s=60.0), alert("approaching", "T2", time_to_border_s=600.0)
    store.commit(
        1,
        stamp_ns=START_NS,
        forces={"units": [unit_now("patrol-1"), unit_now("patrol-2", lon=-84.3)], "bases": [], "sections": []},
        alerts=[alert_dict(each, FRAME) for each in (soon, later)],
        incident_revisions=[
            one("I1", lead=later, priority="medium"),
            one("I2", lead=soon, priority="high", name="Kilo 3"),
            one("I3", kind="distress", priority="distress", name="Mike 1"),
            one("I4", kind="equipment", priority="high", name="Lima 2"),
            one("I5", lead=later, priority="low", unit="patrol-1", state="assigned", owner="Ana", name="Echo 4"),
            one("I6", state="closed", disposition="lost", closed_by="person", attention=False),
        ],
    )
    accounts = Accounts(AccountStore(folder / "accounts.db"), AccountSettings())
    log, devices, journal, clock = (
        AuditLog(folder / "audit"),
        DeviceStore(folder / "field.db"),
        Journal(store),
        [START_NS],
    )
    certificates, tls, book = None, None, RefusalBook(folder)
    if broker is not None:
        certificates = UnitCertificates(broker, {"patrol-1", "patrol-2"}, devices)
        tls = replace(own_certificate(folder / "tls", [], datetime.now(UTC)), clients=certificates.authority)
    app = create_app(
        store.path,
        ApiSettings(SECTOR, border={"type": "LineString"}, guard=GuardSettings(bearer=True), **settings),
        act=lambda _: None,
        now_ns=lambda: clock[0],
        access_log=log,
        accounts=accounts,
        devices=devices,
        units=journal,
        refusals=book,
        certificates=certificates,
    )
    try:
        with serving(app, tls=tls) as port:
            yield Room(
                app=app, accounts=accounts, devices=devices, journal=journal, store=store, log=log, clock=clock,
                book=book,
                address=f"http{'' if tls is None else 's'}://127.0.0.1:{port}", folder=folder,
            )  # fmt: skip
    finally:
        log.close()
        store.close()
        devices.close()
        book.close()
        accounts.store.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with _open(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def open_room() -> Callable[..., Any]:
    """Opens a server in a folder, with settings of the API."""
    return _open
