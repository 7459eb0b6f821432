"""Journals in files and in PostgreSQL for the same cases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ops.postgres.address import StoreAddress
from tests.ops.journal.conformance.places import AnyJournal, FilePlace, NewPlace, Place, StorePlace

NUMBERS = count(1)


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> NewPlace:
    return lambda: FilePlace(tmp_path_factory.mktemp("journal") / "j.sqlite")


@pytest.fixture(scope="session")
def new_sector(postgres_store: StoreAddress) -> NewPlace:
    return lambda: StorePlace(postgres_store, f"sector_{next(NUMBERS)}")


@pytest.fixture(scope="session", params=["file", "postgresql"])
def new_place(request: pytest.FixtureRequest) -> NewPlace:
    """Makes places of one kind, each with an empty journal."""
    found: NewPlace = request.getfixturevalue("new_file" if request.param == "file" else "new_sector")
    return found


@pytest.fixture
def place(new_place: NewPlace) -> Place:
    return new_place()


@pytest.fixture
def journal(place: Place) -> Iterator[AnyJournal]:
    with place.writer() as opened:
        yield opened
