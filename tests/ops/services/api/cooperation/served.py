"""A server with accounts, agreements with a partner and a key, for the tests of the pages of cooperation."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ops.accounts.accounts import Accounts
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.cooperation.desk import ExchangeFiles
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.store.writer import Store
from tests.ops.exchange.partners import KEYS, agreements_text, public
from tests.ops.services.api.login.conftest import World

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
PEOPLE = (
    ("adler", "A. Adler", "supervisor"), ("keller", "M. Keller", "operator"), ("weiss", "W. Weiss", "analyst"),
    ("vogt", "V. Vogt", "viewer"),
)  # fmt: skip
INCIDENTS = {"incidents": ("kind", "state", "opened_at")}


class Centre(World):
    """A server whose clock is ``now_ns``; ``folder`` is its data folder."""

    folder: Path
    now_ns: int
    log: AuditLog

    def subjects(self, operation: str) -> list[str]:
        """What the audit log has of an operation."""
        return [one.subject for one in self.log.entries() if one.operation == operation]


def write_exchange(
    folder: Path,
    layers: Mapping[str, Collection[str]] = INCIDENTS,
    area: tuple[float, float, float, float] = (-85.0, 36.0, -84.0, 37.0),
    now: datetime = NOW,
) -> ExchangeFiles:
    """An agreements file of the side ``north`` and its key."""
    agreements, identity = folder / "agreements.toml", folder / "exchange-key"
    text = agreements_text(
        key=public("south"), now=now, area=area, layers=layers, agency="Border police <south>", more="drills = true\n"
    )
    agreements.write_text(text)
    identity.mkdir(exist_ok=True)
    pem = KEYS["north"].private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (identity / "signing.key").write_bytes(pem)
    return ExchangeFiles(agreements, identity)


@contextmanager
def centre(
    folder: Path,
    *,
    files: ExchangeFiles | None = None,
    sector_file: Path | None = None,
    store: Store | None = None,
    levels: tuple[str, ...] = (),
    now: datetime = NOW,
    accounts: bool = True,
    pages: Path | None = None,
) -> Iterator[Any]:
    """Serve a data folder with these files of the exchange."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    own = store or Store(data / "store.db")
    made = Centre(folder=data, now_ns=int(now.timestamp()) * 10**9, log=AuditLog(data / "audit"), accounts=None)
    if accounts:
        settings = AccountSettings(session_h=72.0, idle_h=24.0)
        made.accounts = Accounts(AccountStore(data / "accounts.db"), settings)
    app = create_app(
        own.path,
        ApiSettings(
            "hills", title="Hills", guard=GuardSettings(bearer=True), pages=pages or folder / "none",
            releasability=ReleasabilitySettings(levels=levels), exchange=files or ExchangeFiles(),
            sector_file=None if sector_file is None else str(sector_file),
        ),
        act=lambda _: None,
        now_ns=lambda: made.now_ns,
        access_log=made.log,
        accounts=made.accounts,
    )  # fmt: skip
    made.app = app
    for login, name, role in PEOPLE if accounts else ():
        made.add(login, name, role)
    try:
        with serving(app) as port:
            made.address, made.port = f"http://127.0.0.1:{port}", port
            yield made
    finally:
        made.log.close()
        if store is None:
            own.close()
        if accounts:
            made.accounts.store.close()


def texts(page: str) -> str:
    """The text of a page, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def key_of(raw: bytes) -> str:
    """A public key as agreements state it."""
    return b64encode(raw).decode()
