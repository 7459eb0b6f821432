"""Connections by TLS: to the server whose certificate the stated authority has signed for its name, and to no other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.broker.certificates import Authority
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import engine_of
from ops.postgres.migration import migrate, newest
from ops.runtime.processes.reserved_port import ReservedPort
from tests.ops.postgres_server import PASSWORD, USER, PostgresServer

NAMED = "localhost"


class TlsServer:
    """A server of the test's own that takes connections by TLS at a port of this machine."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.authority, self.other = folder / "authority.crt", folder / "other.crt"
        authority = Authority(folder / "authority", name="a test")
        self.authority.write_bytes(authority.certificate_pem)
        self.other.write_bytes(Authority(folder / "other", name="another").certificate_pem)
        self.reserved = ReservedPort()
        self.port = self.reserved.number
        self.server = PostgresServer()
        self.server.stop(signal.SIGINT)
        issued, files = authority.server([NAMED], 1.0), [self.server.folder / name for name in ("own.crt", "own.key")]
        files[0].write_bytes(issued.certificate)
        files[1].write_bytes(issued.key)
        owner = self.server.folder.stat()
        for file in files:
            file.chmod(0o600)
            os.chown(file, owner.st_uid, owner.st_gid)
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "ssl": "on"}
        settings |= {"ssl_cert_file": files[0], "ssl_key_file": files[1]}
        self.server._settings = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        monkeypatch.setenv("PGPORT", str(self.port))
        self.server.start()

    def address(self, host: str, authority: Path) -> StoreAddress:
        secret = PASSWORD.replace(" ", "%20")
        return StoreAddress(
            f"postgresql://{USER}:{secret}@{host}:{self.port}/postgres?sslmode=verify-full&sslrootcert={authority}"
        )


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    made = TlsServer(tmp_path, monkeypatch)
    yield made
    made.server.remove()
    made.reserved.release()


def test_the_server_with_the_stated_authority_and_name_is_used_and_no_other(tls: TlsServer) -> None:
    address = tls.address(NAMED, tls.authority)
    assert migrate(address) == ("", newest())
    with engine_of(address).connect() as connection:
        own = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.exec_driver_sql(own).scalar() is True
    for refused, sentence in (
        (tls.address(NAMED, tls.other), "certificate verify failed"),
        (tls.address("127.0.0.1", tls.authority), 'does not match host name "127.0.0.1"'),
        (tls.address(NAMED, tls.authority.with_name("none.crt")), "none.crt does not exist; expected sslrootcert=FILE"),
    ):
        with pytest.raises(PostgresError) as error:
            migrate(refused)
        assert sentence in str(error.value)
        assert "\n" not in str(error.value)
        assert PASSWORD not in str(error.value)
