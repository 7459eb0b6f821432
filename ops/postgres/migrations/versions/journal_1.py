"""Version 1: the journal of each sector.

Texts are compared byte by byte (``COLLATE "C"``), as in SQLite, whatever the database's language. Times are nanoseconds
since 1970, so that no time zone of the server matters. ``bodies`` has one partition for each sector, kind of key and
day: to erase a day is to drop its partition, while rows keep their ids, kinds and times.
"""

from __future__ import annotations

from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = """
CREATE TABLE watchline.sectors (
    sector integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" NOT NULL UNIQUE,
    last_id bigint NOT NULL DEFAULT 0,
    last_dead_id bigint NOT NULL DEFAULT 0,
    commits bigint NOT NULL DEFAULT 0,
    writer bigint NOT NULL DEFAULT 0
);
CREATE TABLE watchline.parts (
    part integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    sector integer NOT NULL REFERENCES watchline.sectors,
    kind text COLLATE "C" NOT NULL,
    day date NOT NULL,
    table_name text COLLATE "C" NOT NULL,
    erased boolean NOT NULL DEFAULT false,
    UNIQUE (sector, kind, day)
);
CREATE TABLE watchline.journal (
    sector integer NOT NULL REFERENCES watchline.sectors,
    id bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    boot bigint,
    seq bigint,
    observed_ns bigint NOT NULL,
    received_ns bigint NOT NULL,
    sent_ns bigint,
    content_type text COLLATE "C" NOT NULL,
    part integer,
    body bytea,
    closes_batch boolean NOT NULL DEFAULT false,
    signer text COLLATE "C" NOT NULL DEFAULT '',
    flags text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (sector, id)
);
CREATE UNIQUE INDEX journal_keys ON watchline.journal (sector, sensor, kind, boot, seq) WHERE boot IS NOT NULL;
CREATE INDEX journal_own_rows ON watchline.journal (sector, kind, id) WHERE boot IS NULL AND kind <> 'tick';
CREATE TABLE watchline.bodies (
    part integer NOT NULL,
    id bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (part, id)
) PARTITION BY LIST (part);
CREATE TABLE watchline.dead_letters (
    sector integer NOT NULL REFERENCES watchline.sectors,
    id bigint NOT NULL,
    code text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    message bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    boot bigint NOT NULL,
    seq bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    topic_digest bytea NOT NULL,
    content_type text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    size bigint NOT NULL,
    digest bytea NOT NULL,
    received_ns bigint NOT NULL,
    sender text COLLATE "C" NOT NULL DEFAULT '',
    said text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (sector, id)
);
CREATE UNIQUE INDEX dead_letter_keys ON watchline.dead_letters
    (sector, sensor, kind, boot, seq, topic_digest, digest);
CREATE TABLE watchline.counts (
    sector integer NOT NULL REFERENCES watchline.sectors,
    sensor text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    received bigint NOT NULL,
    journaled bigint NOT NULL,
    duplicate bigint NOT NULL,
    dead_lettered bigint NOT NULL,
    shed bigint NOT NULL,
    PRIMARY KEY (sector, sensor, kind)
);
CREATE TABLE watchline.marks (
    sector integer NOT NULL REFERENCES watchline.sectors,
    sensor text COLLATE "C" NOT NULL,
    boot bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (sector, sensor, boot)
);
CREATE TABLE watchline.boots (
    sector integer NOT NULL REFERENCES watchline.sectors,
    sensor text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    boot bigint NOT NULL,
    PRIMARY KEY (sector, sensor, kind, key)
);
CREATE TABLE watchline.flagged (
    sector integer NOT NULL REFERENCES watchline.sectors,
    sensor text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (sector, sensor, reason)
);
CREATE TABLE watchline.timings (
    sector integer NOT NULL REFERENCES watchline.sectors,
    sensor text COLLATE "C" NOT NULL,
    timing text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (sector, sensor, timing)
);
CREATE TABLE watchline.replays (
    sector integer NOT NULL REFERENCES watchline.sectors,
    id bigint NOT NULL,
    at_ns bigint NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    PRIMARY KEY (sector, id)
)
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a journal is never removed by a program."""
    raise NotImplementedError
