"""``watchline audit``: shows, verifies and exports the audit log of a data folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.security.key_bundle import SIGNING_KEY
from ingest.security.key_register import RegisterFile
from ops.audit.entry import AuditEntry, AuditError, EntryLine, Operation
from ops.audit.files import log_folder
from ops.audit.log import AuditLog
from ops.audit.purposes import is_purpose, purpose_of
from ops.audit.search import EntryFilter, each_entry, json_line
from ops.audit.stores.place import existing_log, has_log
from ops.audit.verify import verify
from ops.runtime.account import account_name
from ops.runtime.output import atomic_write, checked_out, even_if_quiet, show
from ops.runtime.tables import show_table, table_of
from sensors.timestamps import utc_datetime

PURPOSE_VARIABLE: Final = "WATCHLINE_PURPOSE"
"""Environment variable with the purpose of commands that read personal data."""
COMMAND_LINE: Final = "admin"
"""Role of who runs commands on the files: access to them is the right of administrators."""
REGISTER_ROLE: Final = "audit"


def list_entries(path: Path, wanted: EntryFilter, limit: int, screen: Console) -> dict[str, Any]:
    """Print the newest ``limit`` matching entries, oldest first; return them with the number of all matching ones.

    It is recorded, except in a copy of the log without its key, which is not changed. A log that cannot be written, as
    one that was changed, is shown all the same, and that this could not be recorded is stated.
    """
    folder = existing_log(path)
    newest: list[EntryLine] = []
    count = 0
    for line in each_entry(folder, wanted, newest_first=True):
        count += 1
        if len(newest) < limit:
            newest.append(line)
    newest.reverse()
    unrecorded: AuditError | None = None
    if (folder / SIGNING_KEY).exists():
        try:
            record_command(folder, "audit show", f"{len(newest)} entries of the audit log", operation="consultation")
        except AuditError as error:
            unrecorded = error
    table = table_of("number", "at", "person", "operation", "what", right=("number",))
    for line in newest:
        at = utc_datetime(line.at_ns).strftime("%m-%d %H:%M:%S")
        who = f"{printable(line.person, 24)} ({line.role})" if line.role else printable(line.person, 24)
        what = f"{printable(line.what, 120)}\n{printable(line.subject, 120)}\n{printable(line.purpose, 120)}"
        table.add_row(str(line.n), at, who, line.operation, what)
    show_table(screen, table)
    show(screen, "audit-shown", count=count, shown=len(newest))
    if unrecorded is not None:
        with even_if_quiet(screen):
            show(screen, "audit-not-recorded", reason=str(unrecorded))
    return {"count": count, "entries": [{"n": line.n, **line.entry.as_dict()} for line in newest]}


def verify_log(path: Path, witness: Path | None, identity: Path | None, screen: Console) -> dict[str, Any]:
    """Verify the log; print what was found. ``identity``: folder whose register of keys states the log's key."""
    folder = existing_log(path)
    result = verify(folder, witness=witness, public=None if identity is None else _registered(identity))
    for finding in result.findings:
        show(screen, finding.message)
    if result.ok:
        show(screen, "audit-verified", entries=result.entries, heads=result.heads, erased=result.erased)
        if result.witnessed is None:
            show(screen, "audit-no-witness")
        else:
            show(screen, "audit-witnessed", entries=result.witnessed)
    return {"log": str(folder), **result.as_dict()}


def export_entries(path: Path, out: Path, wanted: EntryFilter, screen: Console) -> dict[str, Any]:
    """Write the matching entries as JSON lines, once it is recorded that they are disclosed."""
    folder = existing_log(path)
    checked_out(out, folder.parent)
    count = 0
    try:
        with atomic_write(out, private=True) as partial:
            with partial.open("w", encoding="utf-8") as file:
                for line in each_entry(folder, wanted):
                    file.write(json_line(line))
                    count += 1
            record_command(folder, f"audit export --out {out.name}", f"{count} entries of the audit log")
    except OSError as error:
        raise BadInput(f"cannot be written ({error.strerror})", where=str(out), expected="a file") from None
    show(screen, "audit-exported", count=count, file=str(out))
    return {"count": count, "file": str(out)}


def record_command(
    path: Path,
    what: str,
    subject: str,
    *,
    purpose: str | None = None,
    operation: Operation = "disclosure",
    by: tuple[str, str] | None = None,
    begin: bool = False,
) -> None:
    """Record an ``operation`` of a command on the data at ``path``; where no audit log is kept, nothing.

    ``begin``: begin a log where none is kept. ``purpose`` None: that of WATCHLINE_PURPOSE, or the default of
    administrators. ``by``: the person and the role for whom a process of the operations centre runs it, by the request
    ``what``. Raises AuditError if it cannot be recorded, and BadInput for a purpose that cannot be logged: the command
    must then end.
    """
    folder = log_folder(path)
    where = PURPOSE_VARIABLE if purpose is None else "--purpose"
    purpose = os.environ.get(PURPOSE_VARIABLE, purpose_of(COMMAND_LINE)) if purpose is None else purpose
    if not is_purpose(purpose):
        raise BadInput("cannot be logged", where=where, expected="3 to 200 visible characters on one line")
    if not begin and not has_log(folder):
        return
    log = AuditLog(folder)
    try:
        person, role = by or (account_name(), COMMAND_LINE)
        done = what if by else f"watchline {what}"
        log.add(AuditEntry(time.time_ns(), person, role, operation, done, purpose, subject))
    finally:
        log.close()


def printable(text: str, most: int) -> str:
    """Return text of people in a form safe for a terminal, at most ``most`` characters."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _registered(identity: Path) -> bytes:
    """Return the public key that the register states for the audit log; BadInput where it states none."""
    register = RegisterFile(identity / "register.json").register
    keys = [record for record in register.records if record.role == REGISTER_ROLE]
    if not keys:
        raise BadInput("names no key of an audit log", where=str(identity), expected="the identity folder of `run`")
    return keys[-1].public_bytes
