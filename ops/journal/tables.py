"""SQL of the journal: tables and statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TABLES: Final = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    sensor TEXT NOT NULL,
    boot INTEGER,
    seq INTEGER,
    observed_ns INTEGER NOT NULL,
    received_ns INTEGER NOT NULL,
    sent_ns INTEGER,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    closes_batch INTEGER NOT NULL DEFAULT 0,
    signer TEXT NOT NULL DEFAULT '',
    flags TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX journal_keys ON journal (sensor, kind, boot, seq) WHERE boot IS NOT NULL;
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL,
    field TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL,
    sensor TEXT NOT NULL,
    boot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    topic TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    received_ns INTEGER NOT NULL,
    sender TEXT NOT NULL DEFAULT '',
    said TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX dead_letter_keys ON dead_letters (sensor, kind, boot, seq, topic, digest);
CREATE TABLE counts (
    sensor TEXT NOT NULL,
    kind TEXT NOT NULL,
    received INTEGER NOT NULL,
    journaled INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    dead_lettered INTEGER NOT NULL,
    shed INTEGER NOT NULL,
    PRIMARY KEY (sensor, kind)
) WITHOUT ROWID;
CREATE TABLE marks (
    sensor TEXT NOT NULL,
    boot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (sensor, boot)
) WITHOUT ROWID;
"""
TABLES_2: Final = """
CREATE TABLE boots (
    sensor TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    boot INTEGER NOT NULL,
    PRIMARY KEY (sensor, kind, key)
) WITHOUT ROWID;
CREATE TABLE flagged (
    sensor TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (sensor, reason)
) WITHOUT ROWID;
CREATE TABLE replays (id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, outcome TEXT NOT NULL)
"""
TABLES_3: Final = """
CREATE TABLE timings (
    sensor TEXT NOT NULL,
    timing TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (sensor, timing)
) WITHOUT ROWID
"""
FROM_1: Final = """
ALTER TABLE journal ADD COLUMN signer TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN flags TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN said TEXT NOT NULL DEFAULT '';
"""
INSERT_NEW: Final = """
INSERT OR IGNORE INTO journal
(kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, signer, flags)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
WHERE NOT EXISTS (SELECT 1 FROM dead_letters WHERE sensor = ?2 AND kind = ?1 AND boot = ?3 AND seq = ?4)
"""
INSERT: Final = """
INSERT INTO journal
(kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, signer, flags)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
CLOSE_BATCH: Final = "UPDATE journal SET closes_batch = 1 WHERE id = (SELECT max(id) FROM journal)"
INSERT_DEAD: Final = """
INSERT OR IGNORE INTO dead_letters
(code, field, message, kind, sensor, boot, seq, topic, content_type, body, size, digest, received_ns, sender, said)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
TALLY: Final[Mapping[str, str]] = {
    "counts": """
INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (sensor, kind) DO UPDATE SET received = received + excluded.received,
journaled = journaled + excluded.journaled, duplicate = duplicate + excluded.duplicate,
dead_lettered = dead_lettered + excluded.dead_lettered, shed = shed + excluded.shed
""",
    "marks": """
INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT (sensor, boot) DO UPDATE SET seq = max(seq, excluded.seq)
""",
    "boots": """
INSERT INTO boots VALUES (?, ?, ?, ?) ON CONFLICT (sensor, kind, key) DO UPDATE SET boot = max(boot, excluded.boot)
""",
    "flagged": """
INSERT INTO flagged VALUES (?, ?, ?) ON CONFLICT (sensor, reason) DO UPDATE SET count = count + excluded.count
""",
    "timings": """
INSERT INTO timings VALUES (?, ?, ?) ON CONFLICT (sensor, timing) DO UPDATE SET count = count + excluded.count
""",
    "replays": "INSERT OR REPLACE INTO replays VALUES (?, ?, ?)",
}
"""Statements that add to a table of totals."""
