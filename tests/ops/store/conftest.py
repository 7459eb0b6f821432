"""Stores in files and in PostgreSQL for the same cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.note import StoreNote, note_path
from ops.store.engines import postgres

NUMBERS = count(1)
NewPath = Callable[[], Path]


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> NewPath:
    return lambda: tmp_path_factory.mktemp("store") / "store.db"


@pytest.fixture(scope="session")
def new_sector(tmp_path_factory: pytest.TempPathFactory, postgres_store: StoreAddress) -> NewPath:
    """Makes folders whose note names a new sector; the password is in the environment."""

    def make() -> Path:
        path = tmp_path_factory.mktemp("store") / "store.db"
        note = StoreNote(postgres_store.without_password, f"fused_{next(NUMBERS)}", "fusion")
        note_path(path).write_bytes(msgspec.json.encode(note))
        return path

    return make


@pytest.fixture
def connections_closed(postgres_store: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts the password into the environment; connections that a test leaves open are closed after it."""
    monkeypatch.setenv(STORE_VARIABLE, postgres_store.text)
    opened: list[psycopg.Connection[Any]] = []
    connected = postgres._connected

    def noted(address: StoreAddress) -> psycopg.Connection[Any]:
        opened.append(connected(address))
        return opened[-1]

    monkeypatch.setattr(postgres, "_connected", noted)
    yield
    for connection in opened:
        connection.close()


@pytest.fixture(params=["file", "postgresql"])
def new_path(request: pytest.FixtureRequest) -> NewPath:
    """Makes paths of one kind, each of a store that does not exist yet."""
    if request.param == "postgresql":
        request.getfixturevalue("connections_closed")
    found: NewPath = request.getfixturevalue("new_file" if request.param == "file" else "new_sector")
    return found


@pytest.fixture
def in_store(new_sector: NewPath, connections_closed: None) -> Path:
    """Where a new store in PostgreSQL is to be."""
    return new_sector()


@pytest.fixture
def path(new_path: NewPath) -> Path:
    """Where a new store is to be, in a file and in PostgreSQL."""
    return new_path()


@pytest.fixture
def file_path(new_file: NewPath) -> Path:
    """Where a new store is to be, in a file only."""
    return new_file()
