"""What only accounts in PostgreSQL have: lost connections, other roles, copies. Their rules: tests/ops/accounts."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore, AccountStoreError
from ops.accounts.stores.place import accounts_exist, keep_accounts_in_file, keep_accounts_in_store
from ops.accounts.stores.transfer import copy_accounts, verify_accounts
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from ops.postgres.readers import grant
from tests.ops.postgres_server import PostgresServer

QUIET = Console(stderr=True, quiet=True)
ROOT = Path(__file__).resolve().parents[4]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def database(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
def address(postgres_server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store of the test's own, whose password the environment has."""
    made = StoreAddress(postgres_server.address(database))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made


def filled(path: Path) -> AccountStore:
    """Accounts with a person who has a role, a secret of a second factor and a session."""
    store = AccountStore(path)
    accounts = Accounts(store)
    accounts.add("keller", "M. Keller", {"*": "admin"})
    account = store.account("keller")
    assert account is not None
    store.change(account.id, totp=SECRET)
    accounts.token(account, "a program", 30.0)
    return store


def test_a_lost_connection_is_replaced_and_no_login_is_accepted_while_the_server_is_away(
    own_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = StoreAddress(own_server.address())
    migrate(address)
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    keep_accounts_in_store(tmp_path, address.text, "north")
    store = filled(tmp_path / "accounts.db")
    before = store.accounts()
    own_server.stop(signal.SIGQUIT)  # as if its power failed
    for use in (store.accounts, lambda: store.touch("key", 1.0)):
        with pytest.raises(AccountStoreError, match=r"no connection|the server was stopped"):
            use()
    own_server.start()
    assert store.accounts() == before
    store.set_roles(before[0].id, {"north": "viewer"})
    assert store.accounts()[0].roles == {"north": "viewer"}
    store.close()


def test_a_reader_of_the_sector_cannot_read_its_accounts_and_the_server_holds_no_secret_of_a_second_factor(
    postgres_server: PostgresServer, database: str, address: StoreAddress, tmp_path: Path
) -> None:
    keep_accounts_in_store(tmp_path, address.text, "north")
    filled(tmp_path / "accounts.db").close()
    (schema,) = postgres_server.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'watchline_accounts_%'", database
    )[0]
    assert postgres_server.execute(f"SELECT count(*) FROM {schema}.people WHERE totp LIKE '%{SECRET}%'", database) == [
        (0,)
    ]
    role = f"reader_of_{database}"
    postgres_server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        grant(address, role, "north", audit=True)
        with psycopg.connect(
            user=role, password="secret", dbname=database, host=str(postgres_server.folder), autocommit=True
        ) as reader:
            for table in ("people", "roles", "sessions", "devices", "attempts", "state"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(f"SELECT * FROM {schema}.{table}")  # type: ignore[arg-type]
    finally:
        postgres_server.execute(f"DROP OWNED BY {role}", database)
        postgres_server.execute(f"DROP ROLE {role}")


def test_rooms_have_accounts_of_their_own(address: StoreAddress, tmp_path: Path) -> None:
    stores = []
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        keep_accounts_in_store(tmp_path / name, address.text, name)
        stores.append(AccountStore(tmp_path / name / "accounts.db"))
    Accounts(stores[0]).add("keller", "M. Keller", {"*": "operator"})
    assert [len(store.accounts()) for store in stores] == [1, 0]
    for store in stores:
        store.close()


CHANGE = """
import sys
from pathlib import Path
from ops.accounts.store import AccountStore
store = AccountStore(Path(sys.argv[1]))
with store._change() as db:
    db.execute("DELETE FROM people")
    print("deleted", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_a_process_that_is_killed_within_a_change_leaves_nothing_of_it_and_holds_up_nobody(
    kind: str, address: StoreAddress, tmp_path: Path
) -> None:
    if kind == "postgresql":
        keep_accounts_in_store(tmp_path, address.text, "north")
    store = filled(tmp_path / "accounts.db")
    before = store.accounts()
    with subprocess.Popen(
        [sys.executable, "-c", CHANGE, str(tmp_path / "accounts.db")],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "deleted\n"
        child.kill()
    store.change(before[0].id, locked=True)
    (after,) = store.accounts()
    assert (after.login, after.locked) == ("keller", True)
    store.close()


def test_a_copy_holds_the_same_in_both_directions_and_replaces_nothing(
    postgres_server: PostgresServer, database: str, address: StoreAddress, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    filled(data / "accounts.db").close()
    for use in (verify_accounts, copy_accounts):
        with pytest.raises(AccountStoreError, match="has no accounts of sector north"):
            use(address.text, str(data / "new.db"), "north", QUIET)
    assert postgres_server.execute("SELECT count(*) FROM watchline.sectors", database) == [(0,)], "nothing is written"
    copied = copy_accounts(str(data), address.text, "north", QUIET)
    assert copied["rows"] == {"people": 1, "roles": 1, "sessions": 1, "devices": 0, "attempts": 0}
    assert verify_accounts(str(data), address.text, "north", QUIET)["equal"]
    with pytest.raises(BadInput, match="has accounts; expected a sector or folder without them"):
        copy_accounts(str(data), address.text, "north", QUIET)
    copy_accounts(address.text, str(data / "back.db"), "north", QUIET)
    assert verify_accounts(str(data / "back.db"), str(data), None, QUIET)["equal"]
    with pytest.raises(BadInput, match="has accounts; expected a new file"):
        copy_accounts(address.text, str(data / "back.db"), "north", QUIET)
    (data / "accounts.db").rename(data / "old.db")
    keep_accounts_in_store(data, address.text, "north")
    with pytest.raises(BadInput, match="which holds the accounts"):
        keep_accounts_in_file(data)
    store = AccountStore(data / "accounts.db")
    account = store.account("keller")
    assert account is not None
    assert (account.totp, account.roles) == (SECRET, {"*": "admin"}), "under the key of the folder"
    store.change(account.id, locked=True)
    store.close()
    assert accounts_exist(data / "accounts.db")
    with pytest.raises(BadInput, match=r"differs from .* in the table people"):
        verify_accounts(str(data / "back.db"), address.text, "north", QUIET)
    with pytest.raises(BadInput, match="two stores; expected the data folder as one of them"):
        verify_accounts(address.text, address.text, "north", QUIET)


class Earlier:
    """Accounts in a store as an earlier form had them. None was ever in a store: form 3 was the first there."""

    def __init__(self, server: PostgresServer, database: str, address: StoreAddress, folder: Path, form: int) -> None:
        self.server, self.database, self.path = server, database, folder / "accounts.db"
        keep_accounts_in_store(folder, address.text, "north")
        filled(self.path).close()
        self.columns_of_new = self.content()[0]
        drops = ["sessions DROP COLUMN purpose", "people DROP COLUMN releasability"]
        for what in drops[: 3 - form]:
            self.run(f"ALTER TABLE watchline_accounts_1.{what}")
        self.run(f"UPDATE watchline_accounts_1.people SET totp = '{SECRET}'")
        self.run(f"UPDATE watchline_accounts_1.state SET form = {form}")

    def run(self, statement: str) -> list[tuple[object, ...]]:
        return self.server.execute(statement, self.database)

    def content(self) -> list[list[tuple[object, ...]]]:
        """The columns of the tables, the secret and the form."""
        columns = (
            "SELECT table_name, column_name, data_type, collation_name, column_default, is_nullable"
            " FROM information_schema.columns WHERE table_schema = 'watchline_accounts_1' ORDER BY 1, 2"
        )
        rest = ("SELECT totp FROM watchline_accounts_1.people", "SELECT form, changes FROM watchline_accounts_1.state")
        return [self.run(statement) for statement in (columns, *rest)]


@pytest.fixture(params=[1, 2])
def earlier(
    request: pytest.FixtureRequest,
    postgres_server: PostgresServer,
    database: str,
    address: StoreAddress,
    tmp_path: Path,
) -> Earlier:
    return Earlier(postgres_server, database, address, tmp_path, request.param)


def test_accounts_of_an_earlier_form_are_upgraded_as_in_a_file(
    earlier: Earlier, address: StoreAddress, tmp_path: Path
) -> None:
    before = earlier.content()
    with pytest.raises(AccountStoreError, match=r"accounts of version \d; expected version 3 of this Watchline"):
        verify_accounts(address.text, str(tmp_path), "north", QUIET)
    assert earlier.content() == before, "a comparison writes nothing"
    store = AccountStore(earlier.path)
    (account,) = store.accounts()
    assert (account.login, account.totp, account.roles, account.releasability) == ("keller", SECRET, {"*": "admin"}, "")
    (session,) = store.sessions_of(account.id)
    store.set_purpose(session.key, "border_surveillance")
    assert store.sessions_of(account.id)[0].purpose == "border_surveillance"
    store.close()
    columns, [(sealed,)], _ = earlier.content()
    assert SECRET not in str(sealed)
    assert columns == earlier.columns_of_new


def test_an_upgrade_of_accounts_that_is_interrupted_leaves_the_earlier_form_and_the_next_one_completes_it(
    earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = earlier.content()

    def interrupted(*_: object) -> bool:
        earlier.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{earlier.database}'"
            " AND pid <> pg_backend_pid()"
        )
        return False

    with monkeypatch.context() as patched:
        patched.setattr("ops.accounts.stores.database.is_sealed", interrupted)
        with pytest.raises(AccountStoreError, match=r"the server was stopped|no connection"):
            AccountStore(earlier.path)
    assert earlier.content() == before
    store = AccountStore(earlier.path)
    assert [account.totp for account in store.accounts()] == [SECRET]
    store.close()


def test_accounts_of_a_newer_form_are_refused(earlier: Earlier) -> None:
    earlier.run("UPDATE watchline_accounts_1.state SET form = 99")
    before = earlier.content()
    with pytest.raises(AccountStoreError, match="accounts of version 99; expected version 3"):
        AccountStore(earlier.path)
    assert earlier.content() == before
