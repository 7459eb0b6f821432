"""``watchline record``: runs ingest alone, so that the recorded traffic can be fused later."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ingest.errors import IdentityError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import RegisterFile
from ingest.topics import identifier
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder
from ops.broker.reachable import wait_until_reachable
from ops.journal.reader import JournalReader
from ops.journal.stores.open_store import read_store
from ops.journal.stores.place import keep_in_store
from ops.postgres.address import FORM, STORE_VARIABLE, StoreAddress, is_postgres
from ops.room.console import COUNTED
from ops.room.room import BROKER_ANSWERS_S, REASON_S, START_TIMEOUT_S
from ops.room.supervision import Supervision
from ops.runtime.output import say_in_english, show
from ops.runtime.processes.child_process import Child


@dataclass(frozen=True, slots=True)
class Recording:
    """Arguments of a recording: sector, source and file.

    ``journal`` is the file, or, with ``store``, the address of a store in PostgreSQL, the file beside which the log is.
    ``identity`` is the folder of keys and certificates that ingest uses, None for neither. With ``signed``, a message
    not signed by a registered key becomes a dead letter.
    """

    url: BrokerUrl
    sector_id: str
    journal: Path
    identity: Path | None = None
    signed: bool = False
    duration_s: float | None = None
    store: str | None = None


def record_journal(recording: Recording, *, screen: Console) -> dict[str, Any]:
    """Journal a sector's messages for the given time, or until Ctrl-C; return the receipts.

    Raises IdentityError for a folder without a register, or for ``signed`` without a folder.
    """
    url, sector_id, journal = recording.url, recording.sector_id, recording.journal
    identifier(sector_id, "SECTOR")
    if recording.identity is not None:
        RegisterFile(IdentityFolder(recording.identity).register_path)
    elif recording.signed:
        raise IdentityError("missing with --signed", where="--identity", expected="the folder with the key register")
    wait_until_reachable(url, timeout_s=BROKER_ANSWERS_S)
    kept_in = str(journal) if recording.store is None else _check_store(journal, recording.store, sector_id)
    journal.parent.mkdir(parents=True, exist_ok=True)
    ingest = Child(
        "ingest",
        "ops.services.ingest.process",
        [
            f"--sector={sector_id}",
            f"--journal={journal}",
            f"--wait-s={START_TIMEOUT_S}",
            *(["--in-store"] if recording.store else []),
        ],
        log=journal.with_suffix(".log"),
        secrets={
            URL_VARIABLE: url.text,
            STORE_VARIABLE: recording.store or "",
            IDENTITY_VARIABLE: "" if recording.identity is None else str(recording.identity),
            SIGNATURES_VARIABLE: "required" if recording.signed else "optional",
        },
    )
    try:
        ingest.wait_for("ready", timeout_s=START_TIMEOUT_S + REASON_S)
        supervision = Supervision()
        supervision.add(ingest)
        deadline = None if recording.duration_s is None else time.monotonic() + recording.duration_s
        try:
            show(screen, "console-record-started", sector=sector_id, broker=url.shown, journal=kept_in)
            while deadline is None or time.monotonic() < deadline:
                time.sleep(0.2)
                for message in supervision.look():
                    show(screen, message)
                if supervision.given_up is not None:
                    raise WatchlineError(say_in_english(supervision.given_up))
        except KeyboardInterrupt:
            pass
    finally:
        ingest.stop(timeout_s=10.0)
    reader = JournalReader(journal) if recording.store is None else read_store(recording.store, sector_id)
    try:
        counts = reader.counts(None)
        rows = reader.last_id()
    finally:
        reader.close()
    return {"rows": rows, **{name: sum(getattr(count, name) for count in counts.values()) for name in COUNTED}}


def _check_store(journal: Path, store: str, sector_id: str) -> str:
    """Check that the store can be written, and by no other ingest; return the address to show.

    A note beside the log says where the journal is, for `store purge`.
    """
    if not is_postgres(store):
        raise BadInput("not an address of PostgreSQL", where="--store", expected=FORM)
    digest = hashlib.sha256(StoreAddress(store).without_password.encode()).hexdigest()[:8]
    return keep_in_store(journal.with_name(f"{journal.stem}-{digest}.db"), store, sector_id).shown
