"""Entries of the log and signed tree heads, as lines of its files."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct
from nacl.bindings import crypto_sign

from geo.errors import WatchlineError
from ingest.security.signature import Signer

Operation = Literal["collection", "consultation", "disclosure", "alteration", "erasure"]
OPERATIONS: Final[tuple[Operation, ...]] = ("collection", "consultation", "disclosure", "alteration", "erasure")
"""What may be done with personal data (Directive (EU) 2016/680, Article 25; combination does not occur here)."""
FORM: Final = b"watchline/1/audit-head"
SALT_BYTES: Final = 16
"""Random bytes of each entry, so that an erased entry cannot be found by hashing guesses."""


class AuditError(WatchlineError):
    """The log cannot be read or written; the request that it would record must then not be served."""


class AuditEntry(Struct, frozen=True):
    """One act. ``at_ns``: UTC nanoseconds since 1970.

    ``person`` in the ``role`` did ``operation`` on the records ``subject``, by the command or request ``what``, for
    the ``purpose``.
    """

    at_ns: int
    person: str
    role: str
    operation: Operation
    what: str
    purpose: str
    subject: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, with the time as text."""
        at = datetime.fromtimestamp(self.at_ns // 10**9, UTC).replace(microsecond=self.at_ns % 10**9 // 1000)
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "at_ns"}
        return {"at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), **fields}


class EntryLine(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry with its number, from 0, and its salt."""

    n: int
    at_ns: int
    person: str
    role: str
    operation: Operation
    what: str
    purpose: str
    subject: str
    salt: str

    @property
    def entry(self) -> AuditEntry:
        """The entry alone."""
        return AuditEntry(
            self.at_ns, self.person, self.role, self.operation, self.what, self.purpose, self.subject
        )  # fmt: skip


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """A signed tree head: the root of the first ``size`` entries, of which ``leaves`` are those since the head before.

    ``head`` numbers the heads from 1. Hashes and signature are in base64, ``key`` is the id of the signing key.
    """

    head: int
    size: int
    at_ns: int
    root: str
    leaves: list[str]
    key: str
    sig: str

    @property
    def root_hash(self) -> bytes:
        """The root, 32 bytes."""
        return b64decode(self.root)

    @property
    def leaf_hashes(self) -> list[bytes]:
        """The hashes of the new entries, 32 bytes each."""
        return [b64decode(leaf) for leaf in self.leaves]

    def is_signed_by(self, public: bytes) -> bool:
        """Return whether the signature is that of the key."""
        try:
            signature = b64decode(self.sig, validate=True)
            signed = _signed_bytes(self.head, self.size, self.at_ns, self.root_hash, self.key)
            Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
        except (ValueError, InvalidSignature):
            return False
        return True


def signed_head(signer: Signer, number: int, size: int, at_ns: int, root: bytes, leaves: Iterable[bytes]) -> bytes:
    """Return the line of a signed tree head."""
    signature = crypto_sign(_signed_bytes(number, size, at_ns, root, signer.key), _secret_of(signer))[:64]
    head = Head(number, size, at_ns, _text(root), [_text(leaf) for leaf in leaves], signer.key, _text(signature))
    return msgspec.json.encode(head)


@lru_cache(maxsize=8)
def _secret_of(signer: Signer) -> bytes:
    """Return the key in libsodium's form, whose signature takes 40 µs instead of OpenSSL's 63."""
    return signer.private.private_bytes_raw() + signer.public


def body_of(entry: AuditEntry, salt: bytes) -> bytes:
    """Return an entry's line without its number, which it gets when it is written; AuditError if it has no JSON."""
    try:
        return msgspec.json.encode(entry)[1:-1] + b',"salt":"' + b64encode(salt) + b'"}'
    except (UnicodeError, TypeError) as error:
        raise AuditError(f"The audit log cannot be written ({error}).") from None


def line_of(number: int, body: bytes) -> bytes:
    """Return an entry's line from its number and ``body_of``."""
    return b'{"n":%d,%s' % (number, body)


_ENTRY = msgspec.json.Decoder(EntryLine)
_HEAD = msgspec.json.Decoder(Head)


def read_line(line: bytes) -> EntryLine | Head | None:
    """Return the entry or head of a line; None unless its bytes are exactly those that would be written for it."""
    try:
        if line.startswith(b'{"head":'):
            head = _HEAD.decode(line)
            hashes = [head.root, *head.leaves]
            exact = all(len(b64decode(text, validate=True)) == 32 for text in hashes) and all(
                _text(b64decode(text)) == text for text in [*hashes, head.sig]
            )
            return head if exact and msgspec.json.encode(head) == line else None
        entry = _ENTRY.decode(line)
        return entry if msgspec.json.encode(entry) == line else None
    except (msgspec.MsgspecError, ValueError):
        return None


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _signed_bytes(number: int, size: int, at_ns: int, root: bytes, key: str) -> bytes:
    parts: Sequence[bytes] = (FORM, b"%d" % number, b"%d" % size, b"%d" % at_ns, root, key.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
