"""The people to whom an incident of a sector can be handed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ops.accounts.person import EVERY_SECTOR, name_key
from ops.accounts.rights import HOLDERS
from ops.accounts.store import Account, AccountStore


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Everyone whose role lets them act on incidents of ``sector``, as the accounts are at the moment of asking.

    ``receives`` in the methods: whether a person with a limit of releasability may have the incident; a person who may
    not cannot act on it.
    """

    store: AccountStore
    sector: str

    def names(self, receives: Callable[[str], bool]) -> list[str]:
        """Return the names in alphabetical order."""
        return sorted((one.name for one in self._accounts(receives)), key=str.casefold)

    def named(self, text: str, receives: Callable[[str], bool]) -> str | None:
        """Return the name of the person whose name, however written, or else login is ``text``; None without one."""
        people = self._accounts(receives)
        names, logins = ({getattr(one, by): one.name for one in people} for by in ("name_key", "login"))
        return names.get(name_key(text)) or logins.get(text.strip().lower())

    def _accounts(self, receives: Callable[[str], bool]) -> list[Account]:
        may = HOLDERS["act"]
        return [
            one
            for one in self.store.accounts()
            if not one.locked
            and (one.roles.get(self.sector) or one.roles.get(EVERY_SECTOR)) in may
            and receives(one.releasability)
        ]
