"""Accounts: what lets a person in, what keeps others out, and when a login ends."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pyotp
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.accounts import accounts as module
from ops.accounts import passwords, second_factor
from ops.accounts.accounts import Accounts, LoginOrigin, LoginRefused, form_token, session_key
from ops.accounts.colleagues import Colleagues
from ops.accounts.limits import ACCOUNT, ACCOUNT_AT_ORIGIN, network_of
from ops.accounts.passwords import check_new
from ops.accounts.person import checked_login, checked_name, checked_roles, name_key
from ops.accounts.second_factor import step_of
from ops.accounts.settings import AccountSettings
from ops.accounts.store import Account, AccountStore, AccountStoreError, NameTaken
from ops.accounts.stores.place import keep_accounts_in_store
from ops.postgres.address import STORE_VARIABLE
from tests.patience import PATIENT_S

PASSWORD = "a quiet ridge at dawn"
HERE, THERE = LoginOrigin("192.0.2.1", "Firefox"), LoginOrigin("198.51.100.7", "curl")
FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)


NUMBERS = count(1)


@pytest.fixture(params=["file", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Accounts with a clock that the test moves, and hashes that cost nothing; in a file and in PostgreSQL."""
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres_store")
        monkeypatch.setenv(STORE_VARIABLE, address.text)  # the note has no password
        keep_accounts_in_store(tmp_path, address.text, f"accounts_{next(NUMBERS)}")
    monkeypatch.setattr(passwords, "WAITS_S", PATIENT_S)
    monkeypatch.setattr(passwords, "HASHER", FAST)
    monkeypatch.setattr(passwords, "_UNUSED", FAST.hash("no one"))
    store = AccountStore(tmp_path / "accounts.db")
    clock = SimpleNamespace(s=1_800_000_000.0)
    accounts = Accounts(store, AccountSettings(idle_h=1.0, session_h=12.0), now_s=lambda: clock.s)
    yield SimpleNamespace(store=store, accounts=accounts, clock=clock, path=store.path)
    store.close()


def with_password(world, login: str = "keller", name: str = "M. Keller", role: str = "operator") -> Account:
    secret = world.accounts.add(login, name, {"*": role})
    entered = world.accounts.log_in(login, secret, HERE)
    world.accounts.set_password(entered.person, "", PASSWORD, HERE)
    return world.store.account(login)


def refused(world, login: str, password: str, origin: LoginOrigin = HERE) -> LoginRefused:
    with pytest.raises(LoginRefused) as caught:
        world.accounts.log_in(login, password, origin)
    return caught.value


def test_passwords_are_kept_as_owasp_recommends() -> None:
    """Password Storage Cheat Sheet: argon2id, 19 MiB, 2 iterations, 1 lane."""
    for stored in (passwords.hashed(PASSWORD), passwords._UNUSED):
        parameters = extract_parameters(stored)
        assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
            Type.ID,
            19 * 1024,
            2,
            1,
        )
    assert PASSWORD not in stored


def test_a_wrong_name_and_a_wrong_password_cannot_be_told_apart(world, monkeypatch: pytest.MonkeyPatch) -> None:
    account = with_password(world)
    world.accounts.lock(with_password(world, "locked", "A. Locked"), locked=True)
    world.accounts.add("new", "N. New", {})
    checked: list[tuple[int, int]] = []

    class Counting:
        def verify(self, stored: str, given: bytes) -> bool:
            parameters = extract_parameters(stored)
            checked.append((parameters.memory_cost, parameters.time_cost))
            return FAST.verify(stored, given)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    answers = set()
    for login in (account.login, "nobody", "locked", "new", "", "not a name\x00", "x" * 1000):
        error = refused(world, login, "not the password", LoginOrigin(f"203.0.113.{len(login) % 250}"))
        answers.add((str(error), error.reason, error.wait_s))
    assert answers == {("The name or the password is wrong.", "wrong", 0.0)}
    assert checked == [(8, 1)] * 7  # one hash of the same cost for each


def test_the_right_password_does_not_open_a_locked_account(world) -> None:
    account = with_password(world)
    world.accounts.lock(account, locked=True)
    assert refused(world, "keller", PASSWORD).reason == "wrong"
    world.accounts.lock(account, locked=False)
    assert world.accounts.log_in("KELLER ", PASSWORD, HERE).person.name == "M. Keller"


def test_a_one_time_secret_opens_once_for_a_day_and_only_for_setting_a_password(world) -> None:
    secret = world.accounts.add("keller", "M. Keller", {"*": "operator"})
    entered = world.accounts.log_in("keller", secret.replace("-", " ").lower(), HERE)
    assert entered.person.must_set_password
    assert world.accounts.person_of(entered.cookie).must_set_password
    refused(world, "keller", secret, THERE)
    with pytest.raises(BadInput, match="12 characters"):
        world.accounts.set_password(entered.person, "", "short", HERE)
    done = world.accounts.set_password(entered.person, "", PASSWORD, HERE)
    assert not done.person.must_set_password
    assert world.accounts.person_of(entered.cookie) is None  # the session is another one now

    late = world.accounts.add("lang", "L. Lang", {})
    world.clock.s += module.SECRET_S + 1
    refused(world, "lang", late)


def test_two_browsers_with_the_same_one_time_secret_one_gets_in(world) -> None:
    secret = world.accounts.add("keller", "M. Keller", {})
    outcomes: list[str] = []

    def enter(number: int) -> None:
        try:
            world.accounts.log_in("keller", secret, LoginOrigin(f"192.0.2.{number}"))
            outcomes.append("in")
        except LoginRefused as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] + ["wrong"] * 7


def test_the_first_admin_gets_a_secret_at_each_start_until_a_password_is_set(world) -> None:
    first, second = world.accounts.first_admin(), world.accounts.first_admin()
    assert first != second
    refused(world, "admin", first)
    entered = world.accounts.log_in("admin", second, HERE)
    assert (entered.person.name, entered.person.role_in("any")) == ("Administrator", "admin")
    world.accounts.set_password(entered.person, "", PASSWORD, HERE)
    assert world.accounts.first_admin() is None


def test_the_first_admins_secret_resets_no_account_of_another_role(world) -> None:
    with_password(world, "admin", "A. Dmin", role="viewer")
    assert world.accounts.first_admin() is None
    world.accounts.add("keller", "M. Keller", {"*": "admin"})
    assert world.accounts.first_admin() is None
    assert world.accounts.log_in("admin", PASSWORD, HERE).person.role_in("any") == "viewer"


@pytest.mark.parametrize(
    "password",
    ["", "short", "aaaaaaaaaaaaaaaaaaaa", "abababababababab", "keller is my name", "Watchline 2026!", "x" * 600],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput, match="password"):
        passwords.check_new(password, login="keller", name="Maria Keller")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.text(max_size=200))
def test_no_text_breaks_a_check(stored: str, given_text: str) -> None:
    assert passwords.fits(stored, given_text) is False or stored.startswith("$argon2")
    assert second_factor.step_of(pyotp.random_base32(), given_text + "x", 1e9) is None


def test_a_password_fits_in_every_unicode_form_of_it(world) -> None:
    composed, decomposed = "Überwachung am Grat", "U\u0308berwachung am Grat"
    stored = passwords.hashed(composed)
    assert passwords.fits(stored, decomposed)


# --- sessions


def test_a_session_ends_when_idle_and_in_any_case_after_a_shift(world) -> None:
    with_password(world)
    cookie = world.accounts.log_in("keller", PASSWORD, HERE).cookie
    for _ in range(12):
        world.clock.s += 3590
        person = world.accounts.person_of(cookie)
        assert person is not None
        world.accounts.seen(person.session)
    world.clock.s += 3590  # 12 h after its start
    assert world.accounts.person_of(cookie) is None

    cookie = world.accounts.log_in("keller", PASSWORD, HERE).cookie
    world.clock.s += 3601
    assert world.accounts.person_of(cookie) is None


@pytest.mark.parametrize("world", ["file"], indirect=True)
def test_no_request_waits_for_the_time_of_the_last_one_to_be_written(world) -> None:
    """Another process changes the file, or no longer runs: people stay logged in, and the time is written later."""
    with_password(world)
    cookie = world.accounts.log_in("keller", PASSWORD, HERE).cookie
    world.clock.s += module.TOUCH_EVERY_S
    with closing(sqlite3.connect(world.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        person = world.accounts.person_of(cookie)
        assert world.accounts.still_in(person)
        assert world.accounts.person_of(cookie).session.seen_s == world.clock.s - module.TOUCH_EVERY_S
        other.execute("ROLLBACK")
        assert world.accounts.still_in(person)
        assert world.accounts.person_of(cookie).session.seen_s == world.clock.s


def test_only_a_hash_of_the_session_is_on_disk(world) -> None:
    with_password(world)
    result = world.accounts.log_in("keller", PASSWORD, HERE)
    assert len(result.cookie) == 43  # 256 bits in base64url
    world.store.close()
    for path in filter(Path.is_file, world.path.parent.rglob("*")):
        content = path.read_bytes()
        assert result.cookie.encode() not in content
        assert result.device.encode() not in content
        assert PASSWORD.encode() not in content


def test_the_file_is_private(tmp_path: Path) -> None:
    AccountStore(tmp_path / "accounts.db").close()
    assert (tmp_path / "accounts.db").stat().st_mode & 0o777 == 0o600


def test_what_another_process_changes_holds_at_once(world) -> None:
    account = with_password(world)
    cookie = world.accounts.log_in("keller", PASSWORD, HERE).cookie
    other = AccountStore(world.path)
    person = world.accounts.person_of(cookie)
    assert person.role_in("north") == "operator"
    other.set_roles(account.id, {"north": "viewer"})
    assert world.accounts.person_of(cookie).role_in("north") == "viewer"
    assert world.accounts.person_of(cookie).role_in("south") is None
    assert not world.accounts.still_in(person)  # its stream ends: the rights are others
    Accounts(other).lock(account, locked=True)
    assert world.accounts.person_of(cookie) is None
    Accounts(other).lock(account, locked=False)
    cookie = world.accounts.log_in("keller", PASSWORD, HERE).cookie
    other.remove(account.id)
    assert world.accounts.person_of(cookie) is None
    assert other.accounts() == []
    other.close()


def test_a_new_password_ends_all_sessions_and_gives_a_new_one(world) -> None:
    with_password(world)
    one, two = (world.accounts.log_in("keller", PASSWORD, origin) for origin in (HERE, THERE))
    with pytest.raises(LoginRefused, match="current password"):
        world.accounts.set_password(one.person, "wrong", "another long password", HERE)
    done = world.accounts.set_password(one.person, PASSWORD, "another long password", HERE)
    assert [world.accounts.person_of(each.cookie) is None for each in (one, two, done)] == [True, True, False]


def test_a_person_has_at_most_twenty_sessions(world) -> None:
    with_password(world)
    cookies = []
    for _ in range(module.MOST_SESSIONS + 3):
        world.clock.s += 1
        cookies.append(world.accounts.log_in("keller", PASSWORD, HERE).cookie)
    alive = [world.accounts.person_of(cookie) is not None for cookie in cookies]
    assert alive == [False] * 3 + [True] * module.MOST_SESSIONS


def test_form_tokens_belong_to_one_session() -> None:
    assert form_token("a") != form_token("b")
    assert form_token("a") not in (session_key("a"), "a")


# --- second factor


def factor(world) -> tuple[pyotp.TOTP, Account]:
    account, secret = with_password(world), second_factor.new_secret()
    person = world.accounts.log_in("keller", PASSWORD, HERE).person
    totp = pyotp.TOTP(secret)
    world.accounts.set_second_factor(person, secret, totp.at(world.clock.s), HERE, password=PASSWORD)
    world.clock.s += 30
    return totp, account


def test_a_password_without_the_second_factor_ends_neither_logins_nor_tokens(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp, account = factor(world)
    begun = world.accounts.log_in("keller", PASSWORD, HERE)
    entered = world.accounts.confirm(begun.cookie, totp.at(world.clock.s), HERE).cookie
    token = world.accounts.token(account, "feed", 90)
    monkeypatch.setattr(world.accounts, "_take", lambda *_: [])  # without the waits of a patient attacker
    stolen = []
    for _ in range(module.MOST_SESSIONS + 5):
        world.clock.s += 1
        stolen.append(world.accounts.log_in("keller", PASSWORD, THERE).cookie)
    assert [world.accounts.person_of(one) is not None for one in (entered, token, stolen[0])] == [True, True, False]


def test_no_login_and_no_further_token_ends_a_token(world) -> None:
    account = with_password(world)
    tokens = []
    for _ in range(module.MOST_SESSIONS + 1):
        world.clock.s += 1
        tokens.append(world.accounts.token(account, "feed", 90))
        world.accounts.log_in("keller", PASSWORD, HERE)
    assert all(world.accounts.person_of(one) is not None for one in tokens)


def test_with_a_second_factor_the_password_alone_opens_nothing(world) -> None:
    totp, _ = factor(world)
    begun = world.accounts.log_in("keller", PASSWORD, HERE)
    assert begun.person.session.kind == "code"
    with pytest.raises(LoginRefused, match="code is wrong"):
        world.accounts.confirm(begun.cookie, "000000", HERE)
    code = totp.at(world.clock.s)
    done = world.accounts.confirm(begun.cookie, f"{code[:3]} {code[3:]}", HERE)
    assert done.person.session.kind == "browser"
    assert world.accounts.person_of(begun.cookie) is None
    again = world.accounts.log_in("keller", PASSWORD, HERE)
    with pytest.raises(LoginRefused, match="has been used"):
        world.accounts.confirm(again.cookie, code, HERE)
    world.clock.s += module.CODE_S + 1
    with pytest.raises(LoginRefused, match="has ended"):
        world.accounts.confirm(again.cookie, totp.at(world.clock.s), HERE)


def test_a_session_cannot_replace_the_second_factor_without_a_code_of_it(world) -> None:
    totp, _ = factor(world)
    begun = world.accounts.log_in("keller", PASSWORD, HERE)
    person = world.accounts.confirm(begun.cookie, totp.at(world.clock.s), HERE).person
    thief = second_factor.new_secret()
    for secret in (thief, "", None):
        world.clock.s += module.CODE_S
        code = pyotp.TOTP(thief).at(world.clock.s)
        with pytest.raises(LoginRefused, match="code is wrong"):
            world.accounts.set_second_factor(person, secret, code, HERE, password=PASSWORD)
    assert world.store.account("keller").totp == totp.secret


@pytest.mark.parametrize("given", ["", "a quiet ridge at dusk"])
def test_a_session_alone_sets_no_second_factor(world, given: str) -> None:
    account, secret = with_password(world), second_factor.new_secret()
    first, other = (world.accounts.log_in("keller", PASSWORD, HERE) for _ in range(2))
    code = pyotp.TOTP(secret).at(world.clock.s)
    with pytest.raises(LoginRefused, match="password is wrong"):
        world.accounts.set_second_factor(first.person, secret, code, THERE, password=given)
    assert world.store.account("keller").totp is account.totp is None
    assert world.accounts.person_of(other.cookie) is not None, "nor does it end the other logins"


def test_the_codes_of_a_new_second_factor_are_taken_whatever_was_used_of_the_one_before(world) -> None:
    totp, account = factor(world)
    world.clock.s += 3 * 86_400  # a clock that is ahead
    begun = world.accounts.log_in("keller", PASSWORD, HERE)
    person = world.accounts.confirm(begun.cookie, totp.at(world.clock.s), HERE).person
    world.accounts.set_second_factor(person, None, totp.at(world.clock.s + 30), HERE)
    again = pyotp.TOTP(second_factor.new_secret())
    world.accounts.set_second_factor(person, again.secret, again.at(world.clock.s), HERE, password=PASSWORD)
    world.clock.s -= 3 * 86_400  # and is set right
    entered = world.accounts.log_in("keller", world.accounts.reset(account), HERE)
    person = world.accounts.set_password(entered.person, "", PASSWORD, HERE).person
    third = pyotp.TOTP(second_factor.new_secret())
    world.accounts.set_second_factor(person, third.secret, third.at(world.clock.s), HERE, password=PASSWORD)
    begun = world.accounts.log_in("keller", PASSWORD, HERE)
    with pytest.raises(LoginRefused, match="has been used"):
        world.accounts.confirm(begun.cookie, third.at(world.clock.s), HERE)
    assert world.accounts.confirm(begun.cookie, third.at(world.clock.s + 30), HERE).person.login == "keller"


@pytest.mark.parametrize("secret", ["", "A", "!!!", "é" * 32, "A" * 16, "a" * 32, "A" * 100_000])
def test_only_a_secret_of_ours_becomes_the_second_factor(world, secret: str) -> None:
    with_password(world)
    person = world.accounts.log_in("keller", PASSWORD, HERE).person
    with pytest.raises(LoginRefused, match="code is wrong"):
        world.accounts.set_second_factor(person, secret, "123456", HERE, password=PASSWORD)
    assert world.store.account("keller").totp is None


def test_codes_are_those_of_rfc_6238() -> None:
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")):
        assert second_factor.step_of(secret, code, seconds) == seconds // 30
        assert second_factor.step_of(secret, code, seconds + 30) == seconds // 30
        assert second_factor.step_of(secret, code, seconds + 61) is None


def test_the_qr_code_is_an_image_without_a_network() -> None:
    svg = second_factor.qr_svg(second_factor.new_secret(), '"><script>', sector="<hills>")
    assert svg.startswith("<svg")
    assert svg.count("http") == svg.count("http://www.w3.org/2000/svg") == 1
    assert "script" not in svg


# --- guessing


def test_guessing_becomes_slow_and_a_colleague_elsewhere_is_not_locked_out(world) -> None:
    with_password(world)
    waits = []
    for _ in range(40):
        error = refused(world, "keller", "guess", THERE)
        waits.append(error.wait_s)
        world.clock.s += error.wait_s
    assert max(waits) == ACCOUNT_AT_ORIGIN.longest_s
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert world.accounts.log_in("keller", PASSWORD, HERE).person.login == "keller"


def test_a_network_of_guessers_delays_a_new_browser_by_a_minute_and_a_known_one_not_at_all(world) -> None:
    with_password(world)
    known = world.accounts.log_in("keller", PASSWORD, HERE).device
    for number in range(200):
        refused(world, "keller", "guess", LoginOrigin(f"203.0.113.{number}"))
    wait = refused(world, "keller", PASSWORD, HERE)
    assert (wait.reason, 0.0 < wait.wait_s <= ACCOUNT.longest_s) == ("wait", True)
    assert (
        world.accounts.log_in("keller", PASSWORD, LoginOrigin(HERE.address, "Firefox", known)).person.login == "keller"
    )
    world.clock.s += wait.wait_s
    assert world.accounts.log_in("keller", PASSWORD, HERE).person.login == "keller"


def test_a_device_cookie_of_another_person_or_an_invented_one_helps_nobody(world) -> None:
    with_password(world)
    with_password(world, "lang", "L. Lang")
    foreign = world.accounts.log_in("lang", PASSWORD, THERE).device
    for device in (foreign, "invented"):
        for _ in range(3):
            refused(world, "keller", "guess", LoginOrigin("203.0.113.9", "", device))
        assert refused(world, "keller", "guess", LoginOrigin("203.0.113.9", "", device)).reason == "wait"
        world.clock.s += 86_401


def test_many_guesses_at_once_count_each(world) -> None:
    """A guess is counted before it is checked, so that those made at the same time do not slip through."""
    with_password(world)
    reasons: list[str] = []
    gate = threading.Barrier(12)

    def guess() -> None:
        gate.wait()
        reasons.append(refused(world, "keller", "guess", THERE).reason)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (reasons.count("wrong"), reasons.count("wait")) == (3, 9)


def test_unknown_names_are_limited_like_known_ones(world) -> None:
    with_password(world)
    known = [refused(world, "keller", "guess", THERE).reason for _ in range(6)]
    unknown = [refused(world, "nobody", "guess", LoginOrigin("198.51.100.8")).reason for _ in range(6)]
    assert known == unknown == ["wrong"] * 3 + ["wait"] * 3


def test_unlocking_forgets_the_failures(world) -> None:
    account = with_password(world)
    for _ in range(3):
        refused(world, "keller", "guess")
    assert refused(world, "keller", PASSWORD).reason == "wait"
    world.accounts.lock(account, locked=False)
    assert world.accounts.log_in("keller", PASSWORD, HERE).person.login == "keller"


def test_a_clock_that_is_set_back_delays_no_longer_than_the_limit(world) -> None:
    with_password(world)
    for _ in range(3):
        refused(world, "keller", "guess")
    world.clock.s -= 1_000_000
    assert refused(world, "keller", "guess").wait_s <= ACCOUNT_AT_ORIGIN.longest_s


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("'; DROP TABLE people", "?"),
        ("", "?"),
    ],
)
def test_addresses_of_one_subscriber_count_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


# --- names


@pytest.mark.parametrize(
    "name", ["", " ", "a\x00b", "a\u202eb", "a\u200bb", "\ud800", "a\u2028b", "x" * 65, "\u2066admin", "a\x7f"]
)
def test_a_name_that_cannot_be_seen_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="visible"):
        checked_name(name)


def test_names_that_look_alike_are_one(world) -> None:
    world.accounts.add("keller", "M. Keller", {})
    for alike in ("m. keller", "M.  KELLER", "\uff2d. Keller"):
        assert name_key(alike) == name_key("M. Keller")
        with pytest.raises(NameTaken, match="exists already"):
            world.accounts.add("other", alike, {})
    with pytest.raises(NameTaken, match="account 'keller'"):
        world.accounts.add("Keller", "Another", {})


@given(st.text())
def test_names_are_refused_or_stable(text: str) -> None:
    for check in (checked_name, checked_login):
        try:
            once = check(text)
        except BadInput:
            continue
        assert check(once) == once


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["boss"], "unknown role 'boss'"),
        (["operator@"], None),
        (["operator@north", "viewer@north"], "two roles in sector north"),
        (["operator", "viewer"], "two roles in every sector"),
        (["operator@no such"], "not a sector"),
        (["viewer"] * 65, "65 roles"),
    ],
)
def test_roles_are_one_for_each_sector(texts: list[str], sentence: str | None) -> None:
    if sentence is None:
        assert checked_roles(texts) == {"*": "operator"}
        return
    with pytest.raises(BadInput, match=sentence):
        checked_roles(texts)


# --- the file


def test_what_are_no_accounts_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 100)
    with pytest.raises(AccountStoreError, match=r"a\.db: the accounts cannot be used"):
        AccountStore(tmp_path / "a.db")
    other = sqlite3.connect(tmp_path / "b.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(AccountStoreError, match="something else"):
        AccountStore(tmp_path / "b.db")
    AccountStore(tmp_path / "c.db").close()
    newer = sqlite3.connect(tmp_path / "c.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(AccountStoreError, match="accounts of version 99; expected version 3"):
        AccountStore(tmp_path / "c.db")


@pytest.mark.parametrize(
    "password", ["password1234", "qwertyuiop12", "123456789012345", "iloveyou2026!", "Keller-Keller1"]
)
def test_passwords_of_common_lists_are_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_new(password, login="m.meyer", name="M. Meyer" if "Keller" not in password else "Anna Keller")


@pytest.mark.parametrize("password", ["a quiet ridge at dawn", "correct horse battery staple", "w7Kq-zz81-mmTe"])
def test_long_passwords_of_several_words_or_of_chance_are_taken(password: str) -> None:
    check_new(password, login="m.meyer", name="M. Meyer")


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def files_with(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_the_secret_of_a_second_factor_is_in_no_file_and_without_the_key_no_code_fits(tmp_path: Path) -> None:
    store = AccountStore(tmp_path / "accounts.db")
    accounts = Accounts(store)
    accounts.add("keller", "M. Keller", {"*": "operator"})
    identity = store.account("keller").id
    store.change(identity, totp=SECRET)
    assert store.account("keller").totp == SECRET
    assert files_with(tmp_path, SECRET) == []
    key = tmp_path / "keys" / "second-factor.key"
    assert key.stat().st_mode & 0o777 == 0o600
    store.close()
    assert files_with(tmp_path, SECRET) == []
    key.unlink()
    without = AccountStore(tmp_path / "accounts.db")
    assert without.account("keller").totp not in (None, SECRET)
    assert step_of(without.account("keller").totp, "123456", 0.0) is None
    Accounts(without).reset(without.account("keller"))
    assert without.account("keller").totp is None
    without.close()


@pytest.mark.parametrize("what", ["remove", "reset"])
def test_what_is_removed_is_in_no_file_while_a_server_has_them_open(tmp_path: Path, what: str) -> None:
    server = Accounts(AccountStore(tmp_path / "accounts.db"))
    entered = server.log_in("keller", server.add("keller", "Zenobia Keller", {"*": "operator"}), HERE)
    server.set_password(entered.person, "", PASSWORD, HERE)
    gone = "Zenobia" if what == "remove" else "$argon2id"
    assert files_with(tmp_path, gone) != []
    command = Accounts(AccountStore(tmp_path / "accounts.db"))
    getattr(command, what)(command.store.account("keller"))
    assert files_with(tmp_path, gone) == files_with(tmp_path, HERE.address) == []
    command.store.close()
    server.store.close()


@pytest.mark.parametrize("version", [1, 2])
def test_accounts_of_an_earlier_version_are_taken_over_and_plain_secrets_encrypted(
    tmp_path: Path, version: int
) -> None:
    store = AccountStore(tmp_path / "accounts.db")
    Accounts(store).add("keller", "M. Keller", {"*": "operator"})
    store.close()
    with closing(sqlite3.connect(tmp_path / "accounts.db", isolation_level=None)) as db:
        db.execute("UPDATE people SET totp = ?", (SECRET,))
        db.execute("ALTER TABLE sessions DROP COLUMN purpose")
        if version == 1:
            db.execute("ALTER TABLE people DROP COLUMN releasability")
        db.execute(f"PRAGMA user_version = {version}")
    assert files_with(tmp_path, SECRET) == ["accounts.db"]
    again = AccountStore(tmp_path / "accounts.db")
    account = again.account("keller")
    assert (account.totp, account.releasability, account.roles) == (SECRET, "", {"*": "operator"})
    assert files_with(tmp_path, SECRET) == []
    again.close()
    AccountStore(tmp_path / "accounts.db").close()


def test_a_key_file_of_another_length_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "second-factor.key").write_bytes(b"short")
    with pytest.raises(AccountStoreError, match=r"second-factor\.key has 5 bytes"):
        AccountStore(tmp_path / "accounts.db")


def by_provider(world, subject: str = "7", login: str = "a.reyes", name: str = "Ana Reyes", role: str | None = None):
    """Log in by an identity provider, which states a role for every sector, or none."""
    roles = {} if role is None else {"*": role}
    return world.accounts.log_in_subject("https://id", subject, login=login, name=name, roles=roles, origin=HERE)


def test_a_person_without_a_group_at_the_provider_has_no_role_from_then_on(world) -> None:
    entered = by_provider(world, role="supervisor")
    token = world.accounts.token(world.store.account_of_subject("https://id", "7"), "script", 3650.0)
    offered = Colleagues(world.store, "hills")
    assert offered.names(lambda _: True) == ["Ana Reyes"]
    with pytest.raises(LoginRefused) as caught:
        by_provider(world)
    assert caught.value.reason == "no-role"
    for cookie in (entered.cookie, token):
        assert world.accounts.person_of(cookie).roles == {}
    assert not world.accounts.still_in(entered.person)
    assert offered.names(lambda _: True) == []
    assert by_provider(world, role="viewer").person.roles == {"*": "viewer"}
    with pytest.raises(LoginRefused):
        by_provider(world, "8")
    assert world.store.account_of_subject("https://id", "8") is None


def test_a_name_that_changes_at_the_provider_changes_here_at_the_next_login(world) -> None:
    world.accounts.add("berg", "A. Berg", {})
    first = by_provider(world, role="operator").person
    renamed = by_provider(world, name="Ana Keller", role="operator").person
    assert (renamed.id, renamed.name) == (first.id, "Ana Keller")
    assert by_provider(world, name="a.  berg", role="operator").person.name == "a. berg (a.reyes)"
    assert by_provider(world, name="ANA KELLER", role="operator").person.name == "ANA KELLER"  # her own name is free
    assert by_provider(world, "8", "a.keller", "Ana Keller", "operator").person.name == "Ana Keller (a.keller)"
    account = world.store.account_of_subject("https://id", "7")
    assert (account.name, account.name_key) == ("ANA KELLER", name_key("Ana Keller"))
