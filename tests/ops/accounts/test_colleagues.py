"""To whom an incident can be handed over: people of the sector whose role lets them act, however a name is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.accounts.accounts import Accounts
from ops.accounts.colleagues import Colleagues
from ops.accounts.store import AccountStore


@pytest.fixture
def colleagues(tmp_path: Path) -> Iterator[Colleagues]:
    store = AccountStore(tmp_path / "accounts.db")
    accounts = Accounts(store)
    for login, name, roles in (
        ("keller", "M. Keller", {"hills": "operator"}),
        ("sofia", "Sofia", {"*": "supervisor"}),
        ("viewer", "V. Viewer", {"*": "viewer"}),
        ("elsewhere", "E. Elsewhere", {"coast": "operator"}),
        ("demoted", "D. Demoted", {"*": "operator", "hills": "viewer"}),
        ("locked", "L. Locked", {"*": "operator"}),
    ):
        accounts.add(login, name, roles)
    locked = store.account("locked")
    assert locked is not None
    store.change(locked.id, locked=True)
    yield Colleagues(store, "hills")
    store.close()


def test_only_people_who_may_act_in_the_sector_are_colleagues(colleagues: Colleagues) -> None:
    assert colleagues.names() == ["M. Keller", "Sofia"]
    for text in ("V. Viewer", "elsewhere", "D. Demoted", "locked", "nobody", ""):
        assert colleagues.named(text) is None


@pytest.mark.parametrize("text", ["M. Keller", "m. keller", "  M.  KELLER ", "keller", "Keller", "Ｍ. Keller"])
def test_a_name_is_found_however_it_is_typed(colleagues: Colleagues, text: str) -> None:
    assert colleagues.named(text) == "M. Keller"
