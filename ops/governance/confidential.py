"""Confidential reports: sealed to a named role, so that stored reports can be read with that role's key only.

A report is sealed with a key that is used once (X25519, RFC 7748; HKDF-SHA256, RFC 5869; AES-256-GCM), and padded so
that its size reveals little. A stored report states neither who wrote it nor when. The private key is never in the data
folder.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from geo.errors import BadInput, WatchlineError
from ops.runtime.output import write_private

FOLDER: Final = "confidential"
RECIPIENT: Final = "recipient.json"
SUFFIX: Final = ".sealed"
MOST_TEXT: Final = 6_000
"""Characters of a report."""
MOST_REPORTS: Final = 500
"""Reports that wait in a folder; more are refused until the recipient has taken some away."""
_FORM: Final = b"watchline/1/confidential-report"
_SIZES: Final = (4_096, 16_384, 65_536)
"""Sizes in bytes to which a report is padded."""
_KEY_BYTES: Final = 32


class ConfidentialError(WatchlineError):
    """Reports cannot be taken or stored."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """The role that reads reports, and its public key, 32 bytes."""

    name: str
    public: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key in groups, to be compared with what the recipient published."""
        digits = sha256(self.public).hexdigest()[:32]
        return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def new_key(passphrase: str) -> tuple[bytes, bytes]:
    """A new private key as PEM, encrypted where there is a passphrase, and its public key."""
    private = X25519PrivateKey.generate()
    how: KeySerializationEncryption = NoEncryption()
    if passphrase:
        how = BestAvailableEncryption(passphrase.encode())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how), private.public_key().public_bytes_raw()


def seal(text: str, public: bytes) -> bytes:
    """Seal a text to a public key. BadInput for one that is empty or too long."""
    plain = text.strip().encode("utf-8", errors="replace")
    if not plain or len(text) > MOST_TEXT:
        raise BadInput(f"{len(text)} characters", where="report", expected=f"1 to {MOST_TEXT} characters")
    size = next(size for size in _SIZES if len(plain) + 1 <= size)
    padded = plain + b"\x80" + bytes(size - len(plain) - 1)
    return seal_bytes(padded, public, _FORM)


def seal_bytes(content: bytes, public: bytes, form: bytes) -> bytes:
    """Seal bytes to a public key; ``form`` names what they are, and only what opens that form opens them."""
    once = X25519PrivateKey.generate()
    own = once.public_key().public_bytes_raw()
    key = _key(once.exchange(X25519PublicKey.from_public_bytes(public)), own, public, form)
    return own + AESGCM(key).encrypt(bytes(12), content, form)  # the key is used once, and so is the nonce


def private_key(private_pem: bytes, passphrase: str) -> X25519PrivateKey:
    """The private key of a file. BadInput for another file, or a wrong passphrase."""
    try:
        private = load_pem_private_key(private_pem, passphrase.encode() or None)
    except (ValueError, TypeError):
        raise BadInput("cannot be read", where="--key", expected="the private key, and its passphrase") from None
    if not isinstance(private, X25519PrivateKey):
        raise BadInput("is not such a key", where="--key", expected="the key of `watchline confidential keys`")
    return private


def open_sealed(sealed: bytes, private: X25519PrivateKey) -> str:
    """The text of a sealed report. BadInput where the key does not fit, or the report was changed."""
    try:
        padded = open_bytes(sealed, private, _FORM)
    except BadInput as error:
        raise BadInput(error.what, where="report", expected="a sealed report") from None
    return padded.rstrip(b"\x00")[:-1].decode("utf-8", errors="replace")


def open_bytes(sealed: bytes, private: X25519PrivateKey, form: bytes) -> bytes:
    """Return the bytes that were sealed to a key in a form. BadInput where the key does not fit, or it was changed."""
    own, public = sealed[:_KEY_BYTES], private.public_key().public_bytes_raw()
    try:
        key = _key(private.exchange(X25519PublicKey.from_public_bytes(own)), own, public, form)
        return AESGCM(key).decrypt(bytes(12), sealed[_KEY_BYTES:], form)
    except (InvalidTag, ValueError):
        raise BadInput("does not fit this key, or was changed", where="sealed", expected="what was sealed") from None


def _key(shared: bytes, own: bytes, public: bytes, form: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=form + own + public).derive(shared)


def set_recipient(data: Path, recipient: Recipient) -> None:
    """Store the recipient of a data folder's reports."""
    body = {"recipient": recipient.name, "public": b64encode(recipient.public).decode()}
    write_private(data / FOLDER / RECIPIENT, json.dumps(body).encode(), to_owner=True)


def recipient_of(data: Path) -> Recipient | None:
    """The recipient; None where none is set. ConfidentialError for a file that cannot be used."""
    path = data / FOLDER / RECIPIENT
    if not path.exists():
        return None
    try:
        body = json.loads(path.read_bytes())
        found = Recipient(str(body["recipient"]), b64decode(body["public"], validate=True))
        X25519PublicKey.from_public_bytes(found.public)
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfidentialError("The recipient of confidential reports cannot be read.") from None
    return found


def reports_of(data: Path) -> list[Path]:
    """The stored reports, in the order of their random names."""
    return sorted((data / FOLDER).glob(f"*{SUFFIX}"))


def store_report(data: Path, text: str) -> None:
    """Seal a report and store it under a random name, with a modification time of 1970; it is recorded nowhere else.

    The file system may still know when the file was made (its change time).
    """
    recipient = recipient_of(data)
    if recipient is None:
        raise ConfidentialError("This server takes no confidential reports.")
    sealed = seal(text, recipient.public)
    if len(reports_of(data)) >= MOST_REPORTS:
        raise ConfidentialError("The mailbox of confidential reports is full.")
    path = data / FOLDER / f"{secrets.token_hex(16)}{SUFFIX}"
    write_private(path, sealed)
    os.utime(path, (0, 0))
    os.utime(path.parent, (0, 0))
