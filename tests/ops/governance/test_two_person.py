"""Who counts as another person under the two-person rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.person import Person, Session
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.governance.approvals import Approvals
from ops.governance.two_person import LASTS_S, Approval, Party, SamePersons

NOW_S = 1_772_400_000.0
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


def test_a_request_waits_for_an_hour_also_when_the_clock_is_set_back() -> None:
    asker = party("reyes", "A. Reyes")
    one = Approval("1", "erase", "x", {}, "why", asker, NOW_S, NOW_S + LASTS_S)
    for later_s, state in ((0.0, "waiting"), (LASTS_S, "waiting"), (LASTS_S + 1.0, "expired"), (-30.0, "waiting"),
                           (-3600.0, "expired")):  # fmt: skip
        assert one.state_at(NOW_S + later_s) == state
    assert replace(one, state="confirmed").state_at(NOW_S - 3600.0) == "confirmed"


def test_the_same_for_another_reason_is_another_request(tmp_path: Path) -> None:
    store = Approvals(tmp_path, sector="hills", now_s=lambda: NOW_S)
    session = Session("s", "browser", 0.0, float("inf"))
    person, asker = Person("1", "A. Reyes", "reyes", session, {"*": "supervisor"}), party("reyes", "A. Reyes")
    first = store.ask("erase", "x", {"settings": "1"}, "why", person, asker)
    other = store.ask("erase", "x", {"settings": "1"}, "another reason", person, asker)
    assert (first.reason, other.reason) == ("why", "another reason")
    assert other.id != first.id


def test_the_same_can_be_asked_again_after_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = [NOW_S]
    store = Approvals(tmp_path, sector="hills", now_s=lambda: clock[0])
    session = Session("s", "browser", 0.0, float("inf"))
    person, asker = Person("1", "A. Reyes", "reyes", session, {"*": "supervisor"}), party("reyes", "A. Reyes")
    first = store.ask("erase", "x", {"settings": "1"}, "why", person, asker)
    assert store.ask("erase", "x", {"settings": "1"}, "why", person, asker) == first
    clock[0] -= 7200.0
    again = store.ask("erase", "x", {"settings": "1"}, "why", person, asker)
    assert again.id != first.id
    assert again.state_at(clock[0]) == "waiting"
