"""Statements of a transaction in PostgreSQL that are sent together, so that a commit waits for the server twice.

Nothing is sent before a result is needed or the transaction is committed (libpq's pipeline mode). The commit is in the
same group as the statements before it, so that the server skips it when one of them fails.
"""

from __future__ import annotations

import select
from collections.abc import Iterable
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Statement = tuple[str, Any]


class StatementGroups:
    """The statements of the current transaction that wait to be sent. Every method that sends raises DBAPIError."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection whose other statements may be in the same transaction."""
        self._outer = connection
        driver: Any = connection.connection.driver_connection
        self._driver: psycopg.Connection[Any] = driver
        self._waiting: list[Statement] = []

    def later(self, statement: str, rows: Iterable[Any]) -> None:
        """Send ``statement`` with each of ``rows`` before the next result or the commit."""
        self._waiting += [(statement, row) for row in rows]

    def send(self) -> None:
        """Send what waits."""
        if self._waiting:
            self._send()

    def count(self, statement: str, values: Any) -> int:
        """Send what waits and this statement; return the number of rows that it changed."""
        return int(self._send((statement, values)).rowcount)

    def commit(self, statement: str, values: Any) -> None:
        """Send what waits and a last statement, and commit unless one of them fails."""
        self._send((statement, values), commit=True)
        self._outer.commit()  # nothing is left to commit; its own state ends

    def roll_back(self) -> None:
        """Take back the transaction, with what waits."""
        self._waiting.clear()
        try:
            self._driver.rollback()
        except psycopg.Error as error:
            raise DBAPIError(None, None, error) from error
        self._outer.rollback()

    def _send(self, last: Statement | None = None, *, commit: bool = False) -> Any:
        statements: list[Any] = [*self._waiting, *([] if last is None else [last])]
        self._waiting.clear()
        cursor: Any = None
        try:
            with self._driver.pipeline():
                for statement, values in statements:
                    cursor = self._driver.execute(statement, values)
                    self._pass_on()
                if commit:
                    self._driver.commit()
        except psycopg.Error as error:
            raise DBAPIError(None, None, error) from error
        return cursor

    def _pass_on(self) -> None:
        """Pass all that the client library holds to the server, until there is room for more.

        psycopg 3.3 flushes once per statement and then waits for results only: with a large statement, client and
        server would wait for each other forever.
        """
        connection, poll = self._driver.pgconn, select.poll()
        poll.register(connection.socket, select.POLLIN | select.POLLOUT)
        while True:
            unsent = connection.flush()
            [(_, ready)] = poll.poll()
            if ready & ~select.POLLOUT:  # answers, for which the server waits before it reads more, or its end
                connection.consume_input()
            if not unsent and ready & select.POLLOUT:
                return
