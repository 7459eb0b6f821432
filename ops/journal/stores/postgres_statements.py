"""SQL of the journal in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ops.journal.stores.commits import Tally

HAS_WRITER: Final = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND classid = %s
AND objsubid = 2 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
TAKE_NUMBER: Final = (
    "UPDATE sectors SET writer = writer + 1, fence = greatest(fence, %s) WHERE sector = %s"
    " RETURNING writer, fence, last_id, last_dead_id"
)
SAVE_STATE: Final = """
WITH saved AS (UPDATE sectors SET last_id = %s, last_dead_id = %s, commits = commits + 1
WHERE sector = %s AND writer = %s RETURNING 1) SELECT 1 / count(*) FROM saved
"""
"""Fails with TAKEN_OVER if another process is the writer now, so that the commit in the same group is not done."""
TAKEN_OVER: Final = "22012"
INSERT_NEW: Final = """
INSERT INTO journal
(sector, id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, part, body, signer, flags)
SELECT %(sector)s, n.* FROM unnest(
%(id)s::bigint[], %(kind)s::text[], %(sensor)s::text[], %(boot)s::bigint[], %(seq)s::bigint[],
%(observed_ns)s::bigint[], %(received_ns)s::bigint[], %(sent_ns)s::bigint[], %(content_type)s::text[],
%(part)s::integer[], %(body)s::bytea[], %(signer)s::text[], %(flags)s::text[]
) AS n (id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, part, body, signer, flags)
WHERE NOT EXISTS (SELECT 1 FROM dead_letters AS d WHERE d.sector = %(sector)s AND d.sensor = n.sensor
AND d.kind = n.kind AND d.boot = n.boot AND d.seq = n.seq)
ON CONFLICT DO NOTHING
"""
INSERT: Final = """
INSERT INTO journal
(sector, id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, part, body, signer, flags)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
ROW_OF_KEY: Final = (
    "SELECT id, part, body FROM journal WHERE sector = %s AND sensor = %s AND kind = %s AND boot = %s AND seq = %s"
)
NEWEST_OF_KIND: Final = (
    "SELECT DISTINCT ON (sensor) sensor, id, part, body FROM journal WHERE sector = %s AND kind = %s AND boot IS NULL"
    " AND kind <> 'tick' ORDER BY sensor, id DESC"
)
DEAD_CODES: Final = (
    "SELECT digest, code FROM dead_letters WHERE sector = %s AND sensor = %s AND kind = %s AND boot = %s AND seq = %s"
    " AND id IS DISTINCT FROM %s::bigint"
)
INSERT_BODIES: Final = (
    "INSERT INTO bodies (part, id, body) SELECT * FROM unnest(%s::integer[], %s::bigint[], %s::bytea[])"
)
CLOSE_BATCH: Final = "UPDATE journal SET closes_batch = true WHERE sector = %s AND id = %s"
INSERT_DEAD: Final = """
INSERT INTO dead_letters (sector, id, code, field, message, kind, sensor, boot, seq, topic, content_type, body, size,
digest, received_ns, sender, said, topic_digest)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
TALLY: Final[Mapping[Tally, str]] = {
    "counts": """
INSERT INTO counts VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (sector, sensor, kind) DO UPDATE SET received = counts.received + excluded.received,
journaled = counts.journaled + excluded.journaled, duplicate = counts.duplicate + excluded.duplicate,
dead_lettered = counts.dead_lettered + excluded.dead_lettered, shed = counts.shed + excluded.shed
""",
    "marks": """
INSERT INTO marks VALUES (%s, %s, %s, %s)
ON CONFLICT (sector, sensor, boot) DO UPDATE SET seq = greatest(marks.seq, excluded.seq)
""",
    "boots": """
INSERT INTO boots VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (sector, sensor, kind, key) DO UPDATE SET boot = greatest(boots.boot, excluded.boot)
""",
    "flagged": """
INSERT INTO flagged VALUES (%s, %s, %s, %s)
ON CONFLICT (sector, sensor, reason) DO UPDATE SET count = flagged.count + excluded.count
""",
    "timings": """
INSERT INTO timings VALUES (%s, %s, %s, %s)
ON CONFLICT (sector, sensor, timing) DO UPDATE SET count = timings.count + excluded.count
""",
    "replays": """
INSERT INTO replays VALUES (%s, %s, %s, %s)
ON CONFLICT (sector, id) DO UPDATE SET at_ns = excluded.at_ns, outcome = excluded.outcome
""",
}
ROWS: Final = """
SELECT id, kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, closes_batch, signer, flags,
part FROM journal WHERE sector = %s AND id > %s ORDER BY id LIMIT %s
"""
BODIES: Final = "SELECT id, body FROM bodies WHERE part = ANY(%s) AND id BETWEEN %s AND %s"
DEAD_LETTERS: Final = """
SELECT id, code, field, message, kind, sensor, nullif(boot, -1), nullif(seq, -1), topic, content_type, body, size,
digest, received_ns, sender, said
FROM dead_letters WHERE sector = %s AND id > %s ORDER BY id LIMIT %s
"""
REFUSED_OF_UNITS: Final = """
SELECT id, kind, code, field, sensor, received_ns FROM dead_letters
WHERE sector = %s AND id > %s AND kind IN ('position', 'action') ORDER BY id LIMIT %s
"""
