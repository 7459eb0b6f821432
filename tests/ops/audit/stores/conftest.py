"""Audit logs in files and in PostgreSQL for the same cases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from ops.audit.stores.place import keep_audit_in_store
from ops.postgres.address import STORE_VARIABLE, StoreAddress

NUMBERS = count(1)
NewLog = Callable[[], Path]


@pytest.fixture(params=["files", "postgresql"])
def new_log(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewLog:
    """Makes folders of empty logs of one kind."""

    def make() -> Path:
        number = next(NUMBERS)
        data = tmp_path / f"data{number}"
        data.mkdir()
        if request.param == "postgresql":
            address: StoreAddress = request.getfixturevalue("postgres_store")
            monkeypatch.setenv(STORE_VARIABLE, address.text)  # the note has no password
            keep_audit_in_store(data, address.text, f"audit_{number}")
        return data / "audit"

    return make


@pytest.fixture
def folder(new_log: NewLog) -> Path:
    return new_log()
