"""A copy of an audit log that is written into PostgreSQL in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Self

import psycopg

from geo.errors import BadInput
from ops.audit.stores.postgres import (
    ADD_DAY,
    ADD_LOG,
    LOCK,
    TAKE,
    add_lines,
    attach_partition,
    audit_errors,
    make_partition,
)
from ops.postgres.note import StoreNote
from ops.postgres.session import connected, sector_number


class LoadedLog:
    """A log that is there when the block ends without an error. BadInput for a sector that has one; AuditError."""

    def __init__(self, note: StoreNote) -> None:
        self._note, self._address = note, note.address()
        self._pages: list[int] = []
        self._count = 0

    def __enter__(self) -> Self:
        with audit_errors(self._address):
            self._driver: psycopg.Connection[Any] = connected(self._address)
            try:
                self._open()
            except BaseException:
                self._driver.close()
                raise
        return self

    def _open(self) -> None:
        driver = self._driver
        driver.execute("BEGIN")
        self._sector = sector_number(driver, self._note.sector)
        driver.execute(ADD_LOG, (self._sector,))
        lines, self._erasures = driver.execute(LOCK, (self._sector,)).fetchone()  # type: ignore[misc]
        if lines:
            raise BadInput("has an audit log", where=self._address.shown, expected="a sector without one")

    def begin(self, day: str, name: str) -> None:
        """Begin a day, which keeps the number in its name."""
        page = int(name.partition("-")[0])
        with audit_errors(self._address):
            self._driver.execute(ADD_DAY, (self._sector, page, date.fromisoformat(day)))
            make_partition(self._driver, self._sector, page)
        self._pages.append(page)

    def add(self, lines: Sequence[bytes]) -> None:
        """Add lines to the day that was begun last."""
        with audit_errors(self._address):
            add_lines(self._driver, self._sector, self._pages[-1], self._count, lines, attached=False)
        self._count += len(lines)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with audit_errors(self._address):
                    for page in self._pages:  # late: until the commit no other sector can attach one
                        attach_partition(self._driver, self._sector, page)
                    self._driver.execute(TAKE, (self._sector, 0, self._erasures, self._count))
                    self._driver.execute("COMMIT")
        finally:
            with suppress(psycopg.Error):
                self._driver.close()
