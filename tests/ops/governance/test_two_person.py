"""Who counts as another person under the two-person rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.governance.two_person import Party, SamePersons

ORIGIN = LoginOrigin("127.0.0.1")


def party(login: str, name: str) -> Party:
    return Party(login, name, login, "supervisor")


@pytest.mark.parametrize("name", ["Ana Reyes", "ana  reyes", "Maria del Carmen Concepción Echeverría y Montoya"])
def test_a_person_with_an_account_here_and_one_by_a_provider_is_one(tmp_path: Path, name: str) -> None:
    """The provider's name for her is added to her name, which the account here has already."""
    accounts = Accounts(AccountStore(tmp_path / "accounts.db"), AccountSettings())
    try:
        accounts.add("reyes", name, {"*": "supervisor"})
        roles = {"*": "supervisor"}
        entered = accounts.log_in_subject("https://id", "7", login="a.reyes", name=name, roles=roles, origin=ORIGIN)  # type: ignore[arg-type]
        made = [Party(one.id, one.name, one.login, "supervisor") for one in accounts.store.accounts()]
        assert len({one.name for one in made}) == len(made) == 2
        assert entered.person.name.endswith("(a.reyes)")
        assert SamePersons().are_one(*made)
        assert SamePersons().are_one(*reversed(made))
        assert not SamePersons().are_one(made[0], party("berg", "B. Berg"))
    finally:
        accounts.store.close()


def test_people_here_whose_names_differ_by_an_addition_are_two() -> None:
    assert not SamePersons().are_one(party("reyes", "Ana Reyes"), party("reyes2", "Ana Reyes (north)"))


def test_accounts_of_one_person_are_found_whatever_the_case_and_over_groups() -> None:
    same = SamePersons((("Reyes", "reyes.admin"), ("reyes.admin ", "oidc:7"), ("berg", "berg.admin")))
    assert same.are_one(party("reyes", "A"), party("reyes.admin", "B"))
    assert same.are_one(party("oidc:7", "A"), party("reyes", "B"))
    assert not same.are_one(party("berg", "A"), party("reyes", "B"))
    assert not same.are_one(party("keller", "A"), party("sato", "B"))
