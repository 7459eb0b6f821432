"""A store of PostgreSQL for tests of a cluster on several machines."""

from __future__ import annotations

import pytest

from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from tests.ops.postgres_server import PostgresServer


@pytest.fixture
def address(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store of the test's own, whose password the environment has."""
    made = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made
