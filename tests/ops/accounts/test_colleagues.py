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


def anyone(_: str) -> bool:
    return True


def test_only_people_who_may_act_in_the_sector_are_colleagues(colleagues: Colleagues) -> None:
    assert colleagues.names(anyone) == ["M. Keller", "Sofia"]
    for text in ("V. Viewer", "elsewhere", "D. Demoted", "locked", "nobody", ""):
        assert colleagues.named(text, anyone) is None


@pytest.mark.parametrize("text", ["M. Keller", "m. keller", "  M.  KELLER ", "keller", "Keller", "Ｍ. Keller"])
def test_a_name_is_found_however_it_is_typed(colleagues: Colleagues, text: str) -> None:
    assert colleagues.named(text, anyone) == "M. Keller"


def test_a_person_who_does_not_receive_the_incident_is_no_colleague_for_it(colleagues: Colleagues) -> None:
    sofia = colleagues.store.account("sofia")
    assert sofia is not None
    colleagues.store.change(sofia.id, releasability="national")
    assert colleagues.names("national".__eq__) == ["Sofia"]
    assert colleagues.named("keller", "national".__eq__) is None


def test_a_name_goes_before_the_login_of_another(colleagues: Colleagues) -> None:
    Accounts(colleagues.store).add("sofia.b", "Keller", {"*": "operator"})
    assert colleagues.named("Keller", anyone) == "Keller"
    assert colleagues.named("m. keller", anyone) == "M. Keller"
