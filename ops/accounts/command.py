"""``watchline user``: accounts of a data folder, also while its room runs.

Each command is one transaction, or a few, on ``accounts.db``; a running server reads the change at its next request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.topics import identifier
from ops.accounts.accounts import Accounts
from ops.accounts.person import EVERY_SECTOR, Role, checked_login, checked_name, checked_roles, shown
from ops.accounts.store import FILE, Account, AccountStore
from ops.accounts.stores.place import accounts_exist
from ops.releasability.decision import EVERYTHING, UNMARKED
from ops.runtime.output import even_if_quiet, say, show
from ops.runtime.tables import show_table, table_of

Roles = Sequence[str]


BEGUN: Final = ("journal.db", "adapters.json", "field.db", "eurosur.db", "exchange", "audit")
"""What other commands make in a data folder that has no accounts yet."""


@contextmanager
def open_accounts(data: Path, *, create: bool = False) -> Iterator[Accounts]:
    """The accounts of a data folder; ``create``: one that is empty or begun may have none yet. Raises BadInput."""
    if not data.is_dir():
        raise BadInput("no such folder", where=f"--data {data}", expected="the data folder of `run`")
    if not accounts_exist(data / FILE) and not (create and _is_for_data(data)):
        raise BadInput(f"{str(data)!r} has no accounts", where="--data", expected="the data folder of `watchline run`")
    store = AccountStore(data / FILE)
    try:
        yield Accounts(store)
    finally:
        store.close()


def _is_for_data(folder: Path) -> bool:
    """Whether a folder is empty, or holds data of Watchline."""
    return not any(folder.iterdir()) or any((folder / name).exists() for name in BEGUN)


def add(data: Path, login: str, name: str | None, roles: Roles, screen: Console) -> dict[str, Any]:
    """Add an account and print its one-time secret."""
    account, rights = checked_login(login), checked_roles(list(roles), where="--role")
    others_see = checked_name(name or login)
    with open_accounts(data, create=True) as accounts:
        secret = accounts.add(account, others_see, rights)
    return _with_secret("accounts-added", account, secret, screen)


def reset(data: Path, login: str, screen: Console) -> dict[str, Any]:
    """Take away password, second factor and logins, and print a one-time secret."""
    with open_accounts(data) as accounts:
        account = _local(_known(accounts, login))
        secret = accounts.reset(account)
    return _with_secret("accounts-reset", account.login, secret, screen)


def listed(data: Path, screen: Console) -> list[dict[str, Any]]:
    """Print every account with its roles, and whether it can be used."""
    with open_accounts(data) as accounts:
        people = [(account, len(accounts.store.sessions_of(account.id))) for account in accounts.store.accounts()]
    if not people:
        show(screen, "accounts-none")
        return []
    table = table_of("account", "name", "roles", "state", "second_factor", "logins", right=("logins",))
    for account, logins in people:
        cells = [account.login, account.name, ", ".join(_texts(account.roles))]
        cells += [say("accounts-state", state=_state(account)), say("accounts-yes-no", value=account.totp is not None)]
        table.add_row(*cells, str(logins))
    show_table(screen, table)
    return [
        {
            "account": account.login,
            "name": account.name,
            "roles": _texts(account.roles),
            "releasability": account.releasability,
            "state": _state(account),
            "second_factor": account.totp is not None,
            "logins": logins,
        }
        for account, logins in people
    ]


def set_roles(data: Path, login: str, roles: Roles, screen: Console) -> dict[str, Any]:
    """Replace a person's roles; none at all takes every right away."""
    wanted = checked_roles(list(roles), where="ROLE[@SECTOR]")
    with open_accounts(data) as accounts:
        account = _local(_known(accounts, login))
        accounts.set_roles(account, wanted)
    show(screen, "accounts-roles-set", login=account.login, roles=_texts(wanted))
    return {"account": account.login, "roles": _texts(wanted)}


def set_releasability(data: Path, login: str, marking: str, screen: Console) -> dict[str, Any]:
    """Set the most restrictive marking that a person receives; empty for records without a marking only."""
    if marking not in (UNMARKED, EVERYTHING):
        identifier(marking, "MARKING")
    with open_accounts(data) as accounts:
        account = _known(accounts, login)
        accounts.store.change(account.id, releasability=marking)
    show(screen, "accounts-releasability-set", login=account.login, marking=marking or "–")
    return {"account": account.login, "releasability": marking}


def lock(data: Path, login: str, screen: Console, *, locked: bool) -> dict[str, Any]:
    """Lock an account and end its logins, or unlock it and forget its failed logins."""
    with open_accounts(data) as accounts:
        account = _known(accounts, login)
        accounts.lock(account, locked=locked)
    show(screen, "accounts-locked" if locked else "accounts-unlocked", login=account.login)
    return {"account": account.login, "locked": locked}


def remove(data: Path, login: str, screen: Console) -> dict[str, Any]:
    """Remove an account; its logins end."""
    with open_accounts(data) as accounts:
        account = _known(accounts, login)
        accounts.remove(account)
    show(screen, "accounts-removed", login=account.login)
    return {"account": account.login, "removed": True}


def sessions(data: Path, login: str, screen: Console, *, end: bool) -> list[dict[str, Any]]:
    """Print the logins of a person, or end them all."""
    with open_accounts(data) as accounts:
        account = _known(accounts, login)
        found = accounts.store.sessions_of(account.id)
        if end:
            accounts.store.end_sessions(account.id)
    if end:
        show(screen, "accounts-sessions-ended", login=account.login, count=len(found))
    else:
        table = table_of("kind", "began", "last_used", "ends", "address", "label")
        for one in found:
            times = [_time(moment) for moment in (one.began_s, one.seen_s, one.ends_s)]
            table.add_row(one.kind, *times, one.address, one.label)
        show_table(screen, table)
    return [
        {
            "kind": one.kind,
            "began": _time(one.began_s),
            "last_used": _time(one.seen_s),
            "ends": _time(one.ends_s),
            "address": one.address,
            "label": one.label,
        }
        for one in found
    ]


def token(data: Path, login: str, label: str, days: float, screen: Console) -> dict[str, Any]:
    """Print a token with which a program reads, and acts, as this person."""
    with open_accounts(data) as accounts:
        account = _known(accounts, login)
        made = accounts.token(account, label, days)
    with even_if_quiet(screen):
        show(screen, "accounts-token", login=account.login, token=made)
    return {"account": account.login, "token": made}


def _with_secret(message: str, login: str, secret: str, screen: Console) -> dict[str, Any]:
    show(screen, message, login=login)
    with even_if_quiet(screen):
        show(screen, "accounts-secret", login=login, secret=secret)
    return {"account": login, "secret": secret}


def _known(accounts: Accounts, login: str) -> Account:
    account = accounts.store.account(login.strip().lower())
    if account is None:
        raise BadInput(f"there is no account {shown(login)}", where="NAME", expected="one of `watchline user list`")
    return account


def _local(account: Account) -> Account:
    if account.issuer is not None:
        expected = "an account with a password; roles of this one come from the identity provider at each login"
        raise BadInput(f"{account.login} belongs to the identity provider", where="NAME", expected=expected)
    return account


def _state(account: Account) -> str:
    if account.locked:
        return "locked"
    return "ok" if account.password or account.issuer else "no-password"


def _texts(roles: dict[str, Role] | Any) -> list[str]:
    return [role if sector == EVERY_SECTOR else f"{role}@{sector}" for sector, role in sorted(roles.items())]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
