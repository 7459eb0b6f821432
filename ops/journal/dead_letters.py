"""``watchline dead-letters``: rejected messages, the reasons, and their reprocessing."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.decode import media_type
from ingest.errors import CODES
from ingest.receiving.batch import DeadLetter
from ingest.standards.gateway_refusal import REFUSED, packet_of, unwrapped
from ops.audit.command import record_command
from ops.journal.command import journal_path
from ops.journal.resubmission import submit
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import ReadableJournal
from ops.runtime.output import checked_out, column, say, show
from ops.runtime.tables import show_table, table_of
from sensors.timestamps import utc_datetime

STEP: Final = 1000
SHOWN_BYTES: Final = 2000
"""Number of bytes of a body that are printed."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Selects dead letters: by sensor or unit, by code, or only those not yet journaled by a replay. None: all."""

    sensor: str | None = None
    code: str | None = None
    open_only: bool = False

    def takes(self, identity: int, dead: DeadLetter, replayed: dict[int, tuple[int, str]]) -> bool:
        """Return whether this dead letter matches."""
        if self.open_only and replayed.get(identity, (0, ""))[1] == "journaled":
            return False
        return self.sensor in (None, dead.sensor) and self.code in (None, dead.code)


def list_letters(path: Path, wanted: Filter, limit: int, screen: Console) -> dict[str, Any]:
    """List the newest ``limit`` matching dead letters, with counts by code and by sensor."""
    _check_code(wanted.code)
    by_code: Counter[str] = Counter()
    by_sensor: Counter[str] = Counter()
    newest: list[dict[str, Any]] = []
    with read_journal(journal_path(path)) as journal:
        replayed = journal.replayed()
        for identity, dead in _letters(journal):
            if wanted.takes(identity, dead, replayed):
                by_code[dead.code] += 1
                by_sensor[dead.sensor] += 1
                newest.append(_summary(identity, dead, replayed))
                del newest[: max(len(newest) - limit, 0)]
    title = say("console-dead-letters", count=by_code.total(), shown=len(newest))
    cells = ("id", "received_at", "sensor", "kind", "code", "field", "sender", "size", "replayed")
    table = table_of(*cells, title=title, right=("id", "size"))
    for letter in newest:
        shown = letter | {"received_at": str(letter["received_at"])[5:19].replace("T", " ")}
        table.add_row(*(_printable(str(shown[name] if shown[name] is not None else "")) for name in cells))
    if newest:
        show_table(screen, table)
    else:
        screen.print(title, markup=False, highlight=False)
    return {"count": by_code.total(), "by_code": dict(by_code), "by_sensor": dict(by_sensor), "letters": newest}


def show_letter(path: Path, identity: int, raw: Path | None, screen: Console) -> dict[str, Any]:
    """Show all recorded fields of one dead letter; its stored bytes are written to the file ``raw``.

    For a message that a gateway rejected, these are the bytes that the gateway received, not the form it forwarded.
    """
    if raw is not None:
        checked_out(raw, journal_path(path).resolve().parent, "--raw")
    with read_journal(journal_path(path)) as journal:
        letters = journal.dead_letters(identity - 1, 1)
        if not letters or letters[0][0] != identity:
            raise BadInput(
                f"{path} has no dead letter {identity}", where="ID", expected="an ID shown by `dead-letters list`"
            )
        dead, replayed = letters[0][1], journal.replayed()
    subject = f"dead letter {identity} of {journal_path(path)}"
    record_command(journal_path(path), f"dead-letters show {identity}", subject, operation="consultation")
    figures = {
        **_summary(identity, dead, replayed),
        "message": dead.message,
        "topic": dead.topic,
        "content_type": dead.content_type,
        "boot": dead.boot,
        "seq": dead.seq,
        "properties": dead.user_properties,
        "kept": len(dead.body),
        "body_base64": base64.b64encode(dead.body).decode(),
    }
    sent = dead.body
    wrapped = unwrapped(dead.body) if media_type(dead.content_type) == REFUSED else None
    if wrapped is not None:
        sent = packet_of(wrapped)
        figures |= {"packet_content_type": wrapped.content_type, "packet_size": wrapped.size}
        figures["packet_base64"] = base64.b64encode(sent).decode()
    for name, value in figures.items():
        if not name.endswith("_base64") and value is not None:
            screen.print(f"{column(name):>20}  {_printable(str(value))}", markup=False, highlight=False, soft_wrap=True)
    screen.print(f"{column('body'):>20}  {_text(sent)}", markup=False, highlight=False, soft_wrap=True)
    if raw is not None:
        try:
            raw.write_bytes(sent)
        except OSError as error:
            raise BadInput(f"cannot be written ({error.strerror})", where=str(raw), expected="a file") from None
    return figures


def replay_letters(path: Path, ids: list[int], wanted: Filter, screen: Console) -> dict[str, Any]:
    """Resubmit dead letters: those in ``ids``, or else all matching ones stored in full; return the outcomes."""
    _check_code(wanted.code)
    journal = journal_path(path)
    cut = 0
    if not ids:
        with read_journal(journal) as reader:
            replayed = reader.replayed()
            chosen = [letter for letter in _letters(reader) if wanted.takes(*letter, replayed)]
        ids = [identity for identity, dead in chosen if dead.size == len(dead.body)]
        cut = len(chosen) - len(ids)
    outcomes = submit(journal, ids) if ids else {}
    totals = Counter(outcomes.values())
    parts = [
        say("console-resubmitted-outcome", count=count, outcome=outcome) for outcome, count in sorted(totals.items())
    ]
    show(screen, "console-resubmitted", count=len(outcomes), outcomes=parts or "none")
    if cut:
        show(screen, "console-resubmitted-cut", count=cut)
    return {"submitted": len(outcomes), "not_kept_whole": cut, "outcomes": dict(totals)}


def _letters(journal: ReadableJournal) -> Iterator[tuple[int, DeadLetter]]:
    after = 0
    while letters := journal.dead_letters(after, STEP):
        yield from letters
        after = letters[-1][0]


def _summary(identity: int, dead: DeadLetter, replayed: dict[int, tuple[int, str]]) -> dict[str, Any]:
    return {
        "id": identity,
        "received_at": utc_datetime(dead.received_ns).isoformat(timespec="milliseconds"),
        "sensor": dead.sensor,
        "kind": dead.kind,
        "code": dead.code,
        "field": dead.field,
        "sender": dead.sender,
        "size": dead.size,
        "replayed": replayed[identity][1] if identity in replayed else None,
    }


def _check_code(code: str | None) -> None:
    if code is not None and code not in CODES:
        raise BadInput(
            f"{ascii(code)[:40]} is not a code of dead letters",
            where="--code",
            expected=f"one of {', '.join(sorted(CODES))}",
        )


def _printable(text: str) -> str:
    """Return untrusted text in a form safe for a terminal: ASCII only, no control characters or escape sequences."""
    return ascii(text)[1:-1].replace("\\'", "'")[:400]


def _text(body: bytes) -> str:
    shown = _printable_bytes(body[:SHOWN_BYTES])
    return shown + (f" … ({len(body)} bytes)" if len(body) > SHOWN_BYTES else "")


def _printable_bytes(body: bytes) -> str:
    return repr(body)[2:-1]
