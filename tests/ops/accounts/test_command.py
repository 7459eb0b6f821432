"""``watchline user``: each command, its one sentence for bad input, and that a running server hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.accounts.accounts import Accounts, LoginOrigin, LoginRefused
from ops.accounts.store import FILE, AccountStore

PASSWORD = "a quiet ridge at dawn"


@pytest.fixture
def running(tmp_path: Path):
    """The accounts as a running server has them open."""
    store = AccountStore(tmp_path / FILE)
    yield Accounts(store)
    store.close()


def test_the_life_of_an_account(tmp_path: Path, watchline: Callable[..., Any], running: Accounts) -> None:
    def user(*arguments: str) -> dict[str, Any]:
        ended = watchline("user", *arguments, "--data", tmp_path, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    secret = user("add", "Keller", "--name", "M. Keller", "--role", "operator@north")["secret"]
    entered = running.log_in("keller", secret, LoginOrigin())
    cookie = running.set_password(entered.person, "", PASSWORD, LoginOrigin()).cookie
    assert running.person_of(cookie).role_in("north") == "operator"
    assert running.person_of(cookie).role_in("south") is None

    assert user("roles", "keller", "viewer", "supervisor@north")["roles"] == ["viewer", "supervisor@north"]
    assert running.person_of(cookie).role_in("north") == "supervisor"
    (listed,) = user("list")["accounts"]
    assert listed == {
        "account": "keller",
        "name": "M. Keller",
        "roles": ["viewer", "supervisor@north"],
        "state": "ok",
        "releasability": "",
        "second_factor": False,
        "logins": 1,
    }

    token = user("token", "keller", "--label", "probe", "--days", "1")["token"]
    assert running.person_of(token).session.kind == "program"
    assert len(user("sessions", "keller", "--end")["sessions"]) == 2
    assert running.person_of(cookie) is None
    assert running.person_of(token) is None

    assert user("lock", "keller")["locked"] is True
    with pytest.raises(LoginRefused):
        running.log_in("keller", PASSWORD, LoginOrigin())
    user("unlock", "keller")
    cookie = running.log_in("keller", PASSWORD, LoginOrigin()).cookie
    new = user("reset", "keller")["secret"]
    assert running.person_of(cookie) is None
    with pytest.raises(LoginRefused):
        running.log_in("keller", PASSWORD, LoginOrigin("other"))
    assert running.log_in("keller", new, LoginOrigin()).person.must_set_password
    user("remove", "keller")
    assert user("list")["accounts"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "not a name"], "'not a name' is not a name to log in with"),
        (["add", "keller", "--name", "a\u202eb"], r"'a\\u202eb' is not a person's name"),
        (["add", "keller", "--role", "boss"], "unknown role 'boss'; expected one of viewer, operator"),
        (["add", "keller", "--role", "viewer@north", "--role", "admin@north"], "two roles in sector north"),
        (["add", "admin"], "The account 'admin' exists already"),
        (["lock", "nobody"], "there is no account 'nobody'"),
        (["remove", "admin"], "admin is the last administrator"),
        (["lock", "admin"], "admin is the last administrator"),
        (["roles", "admin", "viewer"], "admin is the last administrator"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    tmp_path: Path, watchline: Callable[..., Any], running: Accounts, arguments: list[str], sentence: str
) -> None:
    running.first_admin()
    before = running.store.accounts()
    ended = watchline("user", *arguments, "--data", tmp_path)
    code = 1 if "exists already" in sentence else 2
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1), ended.err
    assert sentence.replace("\\\\", "\\") in ended.err
    assert running.store.accounts() == before


def test_a_folder_that_does_not_exist_is_not_made(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    ended = watchline("user", "add", "keller", "--data", tmp_path / "none")
    assert (ended.code, "does not exist" in ended.err) == (2, True)
    assert not (tmp_path / "none").exists()


def test_accounts_begin_in_an_empty_folder_or_beside_data_only(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "journal.db").touch()
    (tmp_path / "sector").mkdir()
    (tmp_path / "sector" / "sector.toml").touch()
    ended = watchline("user", "add", "keller", "--data", tmp_path / "sector")
    assert (ended.code, "has no accounts" in ended.err) == (2, True)
    assert [path.name for path in (tmp_path / "sector").iterdir()] == ["sector.toml"]
    for folder in ("new", "begun"):
        assert watchline("user", "add", "keller", "--data", tmp_path / folder).code == 0


def test_a_secret_is_printed_despite_quiet(tmp_path: Path, watchline: Callable[..., Any], running: Accounts) -> None:
    watchline("user", "add", "keller", "--data", tmp_path, "-q")
    said = watchline("user", "reset", "keller", "--data", tmp_path, "-q").err
    assert said.startswith("One-time secret for keller: "), "and nothing else"
    entered = running.log_in("keller", said.split(": ")[1].split()[0], LoginOrigin())
    assert entered.person.must_set_password
