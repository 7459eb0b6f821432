"""``watchline confidential``: keys of the recipient, sealing on one's own computer, and reading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import printable, record_command
from ops.governance.confidential import (
    FOLDER,
    MOST_TEXT,
    SUFFIX,
    Recipient,
    new_key,
    open_sealed,
    private_key,
    reports_of,
    set_recipient,
)
from ops.runtime.output import show, write_private

PASSPHRASE: Final = "WATCHLINE_PASSPHRASE"  # noqa: S105 - the name of an environment variable
MOST_NAME: Final = 120


def make_keys(data: Path, key: Path, recipient: str, screen: Console) -> dict[str, Any]:
    """Create the key pair of the recipient: the private key goes to ``key``, the public one to the data folder."""
    if not recipient.strip() or len(recipient) > MOST_NAME or not recipient.isprintable():
        raise BadInput(f"{recipient[:40]!a}", where="--recipient", expected=f"1 to {MOST_NAME} visible characters")
    if key.exists():
        raise BadInput("exists already", where=str(key), expected="a new file")
    if data.resolve() in key.resolve().parents:
        raise BadInput("is in the data folder", where=str(key), expected="a file on a medium that the recipient keeps")
    pem, public = new_key(os.environ.get(PASSPHRASE, ""))
    made = Recipient(" ".join(recipient.split()), public)
    write_private(key, pem)
    subject = f"recipient of confidential reports: {made.name}, fingerprint {made.fingerprint}"
    record_command(data, "confidential keys", subject, operation="alteration")
    set_recipient(data, made)
    show(screen, "confidential-keys", key=str(key), recipient=made.name, fingerprint=made.fingerprint)
    return {"key": str(key), "recipient": made.name, "fingerprint": made.fingerprint}


def read_reports(data: Path, key: Path, screen: Console) -> dict[str, Any]:
    """Print the reports of a data folder; those that do not fit the key are counted."""
    private = private_key(key.read_bytes(), os.environ.get(PASSPHRASE, ""))
    texts, unread = [], 0
    for path in reports_of(data):
        try:
            text = open_sealed(path.read_bytes(), private)
        except BadInput:
            unread += 1
            continue
        texts.append({"report": path.name.removesuffix(SUFFIX), "text": text})
    for one in texts:
        lines = "\n".join(printable(line, MOST_TEXT) for line in one["text"].split("\n"))
        screen.print(f"{one['report']}\n{lines}\n", markup=False, highlight=False)
    show(screen, "confidential-read", count=len(texts), unread=unread, folder=str(data / FOLDER))
    return {"reports": texts, "unread": unread}
