"""The schema of one sector in PostgreSQL: its parts of the common tables, a part for each day, and fusion's own tables.

A table is created first and then attached to its parent, which waits for no reader of the other sectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from ops.audit.day_keys import KeyKind

_OWN: Final = """
CREATE TABLE meta (
    one integer PRIMARY KEY CHECK (one = 1), cursor bigint NOT NULL, checkpoint_cursor bigint NOT NULL,
    checkpoint_history bigint NOT NULL, diverged bigint NOT NULL
);
INSERT INTO meta VALUES (1, 0, 0, 0, 0);
CREATE TABLE checkpoint (one integer PRIMARY KEY CHECK (one = 1), body bytea);
INSERT INTO checkpoint VALUES (1, NULL);
CREATE TABLE checkpoint_parts (half integer NOT NULL, n integer NOT NULL, body bytea NOT NULL, PRIMARY KEY (half, n));
CREATE TABLE checkpoint_half (one integer PRIMARY KEY CHECK (one = 1), half integer NOT NULL, count integer NOT NULL);
CREATE TABLE skips (id bigint PRIMARY KEY);
CREATE TABLE decided (one integer PRIMARY KEY CHECK (one = 1), cursor bigint NOT NULL)
"""
_INDEXES: Final[Mapping[str, tuple[str, ...]]] = {
    "alerts": (
        "ALTER TABLE alerts ADD PRIMARY KEY (id)",
        "CREATE INDEX ON alerts (raised_ns, id)",
        "CREATE INDEX ON alerts (id) WHERE status IN ('active', 'acknowledged')",
    ),
    "outbox": (
        "ALTER TABLE outbox ADD PRIMARY KEY (n)",
        "ALTER TABLE outbox ADD UNIQUE (alert, revision)",
        "CREATE INDEX ON outbox (n) WHERE delivered_ns IS NULL",
    ),
    "incidents": (
        "ALTER TABLE incidents ADD PRIMARY KEY (id)",
        "CREATE INDEX ON incidents (state, opened_ns)",
        "CREATE INDEX ON incidents (opened_ns)",
    ),
    "outcomes": ("ALTER TABLE outcomes ADD PRIMARY KEY (id)", "ALTER TABLE outcomes ADD UNIQUE (rowid)"),
    "history": ("CREATE INDEX ON history (id)", "CREATE INDEX ON history (track, time_ns)"),
    "live": ("ALTER TABLE live ADD PRIMARY KEY (part)",),
    "moments": ("ALTER TABLE moments ADD PRIMARY KEY (stamp_ns)",),
    "markings": ("ALTER TABLE markings ADD PRIMARY KEY (n)", "CREATE INDEX ON markings (kind, id)"),
}
DAILY: Final[Mapping[str, str]] = {"history": "time_ns", "moments": "stamp_ns"}
"""Tables with a part for each day (UTC), and the time that decides."""
TABLES: Final = tuple(_INDEXES)


@dataclass(frozen=True, slots=True)
class DayContent:
    """What the retention of a kind erases of a part: columns with their value then; ``sized`` is empty then."""

    kind: KeyKind
    sized: str
    emptied: Mapping[str, str]


_PLACES: Final = ("easting", "northing", "easting_rate", "northing_rate", "existence", "offset_m", "geom")
CONTENT: Final[Mapping[str, tuple[DayContent, ...]]] = {
    "history": (DayContent("tracks", "cov", {**dict.fromkeys(_PLACES, "NULL"), "cov": "''::bytea", "segment": "0"}),),
    "moments": (
        DayContent("tracks", "body", {"body": "''::bytea"}),
        DayContent("unit_positions", "units", {"units": "''::bytea"}),
    ),
}
"""The same records as ``ops.store.erasure`` overwrites in a file."""
_OWN_TABLES: Final = ("meta", "checkpoint", "checkpoint_parts", "checkpoint_half", "skips", "decided")
_FIND: Final = "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = $1"
_COLUMNS: Final = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attnum"
)
_DAY_NS: Final = 86_400 * 10**9


def schema_of(sector: int) -> str:
    """Return the name of a sector's schema."""
    return f"watchline_{sector}"


def create_schema(driver: Any, sector: int) -> None:
    """Create the schema of a sector, within a transaction whose search path begins with it."""
    _run(driver, f"CREATE SCHEMA {schema_of(sector)}")
    for statement in _OWN.split(";"):
        _run(driver, statement)
    for table, statements in _INDEXES.items():
        divided = f" PARTITION BY RANGE ({DAILY[table]})" if table in DAILY else ""
        _run(driver, f"CREATE TABLE {table} (LIKE watchline.{table} INCLUDING ALL, CHECK (sector = {sector})){divided}")
        _run(driver, f"ALTER TABLE {table} ALTER sector SET DEFAULT {sector}")
        for statement in statements:
            _run(driver, statement)
        _run(driver, f"ALTER TABLE watchline.{table} ATTACH PARTITION {table} FOR VALUES IN ({sector})")


def tables_in(driver: Any, sector: int) -> set[str]:
    """Return the names of what is in a sector's schema; empty without one."""
    return {name for (name,) in driver.execute(_FIND, (schema_of(sector),)).fetchall()}


def missing_in(tables: set[str]) -> list[str]:
    """Return which tables a sector's schema lacks."""
    return sorted({*TABLES, *_OWN_TABLES} - tables)


def create_day(driver: Any, table: str, day: date) -> None:
    """Create the part of a table for a day."""
    name = day_table(table, day)
    _run(driver, f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    _attach(driver, table, name, day)


def _attach(driver: Any, table: str, name: str, day: date) -> None:
    first = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**9
    _run(driver, f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({first + _DAY_NS})")


def replace_day(driver: Any, table: str, day: date, content: DayContent) -> int:
    """Drop the part of a table for a day, in place of one without a content; return the records that had it.

    Within a transaction whose search path begins with the schema of the sector.
    """
    name = day_table(table, day)
    (count,) = driver.execute(f"SELECT count(*) FROM {name} WHERE length({content.sized}) > 0").fetchone()  # noqa: S608
    if count:
        columns = [column for (column,) in driver.execute(_COLUMNS, (name,)).fetchall()]
        values = ", ".join(content.emptied.get(column, column) for column in columns)
        kept = f"{name}_emptied"
        _run(driver, f"CREATE TABLE {kept} (LIKE {table} INCLUDING ALL)")
        _run(driver, f"INSERT INTO {kept} ({', '.join(columns)}) SELECT {values} FROM {name}")  # noqa: S608
        _run(driver, f"DROP TABLE {name}")
        _run(driver, f"ALTER TABLE {kept} RENAME TO {name}")
        _attach(driver, table, name, day)
    return int(count)


def day_table(table: str, day: date) -> str:
    """Return the name of the part of a table for a day."""
    return f"{table}_{day:%Y%m%d}"


def day_of_table(name: str) -> tuple[str, date] | None:
    """Return table and day of a part; None for any other name."""
    table, _, day = name.rpartition("_")
    if table not in DAILY or len(day) != 8 or not day.isdigit():
        return None
    return table, date(int(day[:4]), int(day[4:6]), int(day[6:]))


def _run(driver: Any, statement: str) -> None:
    driver.execute(statement)
