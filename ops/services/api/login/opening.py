"""Opens the accounts of a data folder for a server, with its settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.accounts.accounts import Accounts
from ops.accounts.oidc import SECRET_VARIABLE, Provider
from ops.accounts.store import FILE, AccountStore
from ops.sector.settings import account_settings, load_settings, provider_settings
from ops.services.api.serving.tls import Tls

if TYPE_CHECKING:
    from ops.services.api.guard import GuardSettings


@dataclass(frozen=True, slots=True)
class Logins:
    """The parts of a server for logins; ``accounts`` None: there is one local person."""

    accounts: Accounts | None
    provider: Provider | None
    guard: GuardSettings
    close: Callable[[], None]


def open_logins(folder: Path, settings_file: Path | None, tls: Tls | None, *, local: bool) -> Logins:
    """Open ``accounts.db`` in ``folder``, or nothing for a server with one local person."""
    from ops.services.api.guard import GuardSettings  # loads fastapi, without which `run` shows the first secret

    settings = load_settings(settings_file)
    own = account_settings(settings)
    names = [] if tls is None else tls.names()
    guard = GuardSettings(bearer=not local, hosts=tuple(dict.fromkeys(host.lower() for host in (*names, *own.hosts))))
    if local:
        return Logins(None, None, guard, lambda: None)
    store = AccountStore(folder / FILE)
    stated = provider_settings(settings)
    provider = None if stated is None else Provider(stated, secret=os.environ.get(SECRET_VARIABLE) or None)
    return Logins(Accounts(store, own), provider, guard, store.close)


def first_secret(folder: Path) -> str | None:
    """The one-time secret of the first administrator (``Accounts.first_admin``), or None."""
    store = AccountStore(folder / FILE)
    try:
        return Accounts(store).first_admin()
    finally:
        store.close()
