"""The people to whom an incident of a sector can be handed over."""

from __future__ import annotations

from dataclasses import dataclass

from ops.accounts.person import EVERY_SECTOR, name_key
from ops.accounts.rights import HOLDERS
from ops.accounts.store import Account, AccountStore


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Everyone whose role lets them act on incidents of ``sector``, as the accounts are at the moment of asking."""

    store: AccountStore
    sector: str

    def names(self) -> list[str]:
        """Return the names in alphabetical order."""
        return sorted((one.name for one in self._accounts()), key=str.casefold)

    def named(self, text: str) -> str | None:
        """Return the name of the person whose name, however written, or login is ``text``; None if there is none."""
        key, login = name_key(text), text.strip().lower()
        return next((one.name for one in self._accounts() if one.name_key == key or one.login == login), None)

    def _accounts(self) -> list[Account]:
        may = HOLDERS["act"]
        return [
            one
            for one in self.store.accounts()
            if not one.locked and (one.roles.get(self.sector) or one.roles.get(EVERY_SECTOR)) in may
        ]
