"""The register of public keys: which key may sign on which topic, and the check of a message's signature.

A *sensor* key signs its own detections and status, a *unit* key its own positions and replies, the *ingest* key
acknowledgements, the *feed* key alerts and tracks, the *field* key positions and replies of every unit (the operations
centre excepted) that reach the server by another way than MQTT, the *audit* key the heads of the audit log. A sensor's
record may cover all names with a prefix (``gw7-*``), as the key of a gateway does. A prefix does not cover a name that
has a record of its own.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct

from ingest import topics
from ingest.errors import IdentityError, MalformedMessage, TopicError, printable
from ingest.security.signature import Roots, Signer, key_id, verifies
from sensors.timestamps import nanoseconds

KeyRole = Literal["sensor", "unit", "ingest", "feed", "field", "audit"]
SIGNS: Final[Mapping[KeyRole, tuple[topics.Owner, frozenset[str]]]] = {
    "sensor": ("sensor", frozenset({"detections", "status"})),
    "unit": ("unit", frozenset({"position", "reply"})),
    "ingest": ("sensor", frozenset({"ack"})),
    "feed": ("unit", frozenset({"alerts"})),
    "field": ("unit", frozenset({"position", "reply"})),
    "audit": ("unit", frozenset()),
}
"""KeyRole → owner and channels of the topics on which its keys sign. The feed's keys also sign the sector's tracks; the
key of the audit log signs no message."""
EVERYWHERE: Final = frozenset({"ingest", "feed", "field"})
"""Roles that sign on the topics of every sensor or unit, not only on those of their own name."""
OPERATIONS_CENTRE: Final = "ops-centre"
"""The unit as which people at the operations centre act. No other key than its own signs for it."""

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\*?$(?!\n)"


class KeyRecord(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One public key of one name. Times in UTC; without ``valid_until`` it has no end."""

    role: KeyRole
    name: Annotated[str, Meta(pattern=_NAME)]
    public: Annotated[str, Meta(min_length=44, max_length=44)]
    valid_from: Annotated[datetime, Meta(tz=True)]
    valid_until: Annotated[datetime, Meta(tz=True)] | None = None
    revoked_at: Annotated[datetime, Meta(tz=True)] | None = None

    @property
    def key(self) -> str:
        """The id by which messages name this key."""
        return key_id(self.public_bytes)

    @property
    def public_bytes(self) -> bytes:
        """The 32 bytes of the key; ValueError if the text is not a key."""
        raw = b64decode(self.public, validate=True)
        if len(raw) != 32:
            raise ValueError("not 32 bytes")
        return raw

    def covers(self, name: str) -> bool:
        """Whether this record is for ``name``: exactly, or by its prefix."""
        return name.startswith(self.name[:-1]) if self.name.endswith("*") else name == self.name


class _File(Struct, forbid_unknown_fields=True):
    form: Literal["watchline/1/register"]
    keys: list[KeyRecord]


def record_of(
    role: KeyRole, name: str, public: bytes, *, valid_from: datetime, valid_until: datetime | None
) -> KeyRecord:
    """The record of a public key of 32 bytes; IdentityError for a name that is not allowed in a topic."""
    try:
        topics.identifier(name.removesuffix("*") if role == "sensor" else name, role)
    except TopicError as error:
        raise IdentityError(f"{ascii(name)[:80]} is not a name", where=role, expected=error.expected) from None
    return KeyRecord(role, name, b64encode(public).decode(), valid_from, valid_until)


class Register:
    """An immutable set of key records, looked up by key id.

    Parameters
    ----------
    records : iterable of KeyRecord
        The records.

    Raises
    ------
    IdentityError
        On a record whose key is not a valid Ed25519 public key.
    """

    def __init__(self, records: Iterable[KeyRecord] = ()) -> None:
        self.records = tuple(records)
        self._by_key: dict[str, list[KeyRecord]] = {}
        self._public: dict[str, Ed25519PublicKey] = {}
        self._named: set[tuple[KeyRole, str]] = set()
        self._roots = Roots()
        for record in self.records:
            try:
                self._public[record.key] = Ed25519PublicKey.from_public_bytes(record.public_bytes)
            except ValueError as error:
                raise IdentityError(
                    f"the key of {record.role} {record.name} is not valid ({error})",
                    where="register",
                    expected="32 bytes",
                ) from None
            self._by_key.setdefault(record.key, []).append(record)
            if not record.name.endswith("*"):
                self._named.add((record.role, record.name))

    @classmethod
    def from_bytes(cls, text: bytes, where: str) -> Register:
        """Read a register file.

        Parameters
        ----------
        text : bytes
            Content of the file.
        where : str
            Name of the file, for errors.

        Returns
        -------
        Register
            The register.

        Raises
        ------
        IdentityError
            Naming the field that is wrong.
        """
        try:
            return cls(msgspec.json.decode(text, type=_File).keys)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise IdentityError(f"cannot be read ({error})", where=where, expected="a register of keys") from None

    def to_bytes(self) -> bytes:
        """Return the content of the register's file."""
        file = _File("watchline/1/register", list(self.records))
        return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"

    def has(self, role: KeyRole, name: str) -> bool:
        """Whether any record, valid or not, is for this name: then its messages must be signed."""
        if (role, name) in self._named:
            return True
        return any(record.role == role and record.name.endswith("*") and record.covers(name) for record in self.records)

    def names(self, role: KeyRole) -> list[str]:
        """Return the names with a key of their own in this role, sorted."""
        return sorted(name for role_of_name, name in self._named if role_of_name == role)

    def revoked(self, now_ns: int) -> frozenset[tuple[KeyRole, str]]:
        """Return the roles and names of which every record is revoked at ``now_ns``."""
        all_revoked: dict[tuple[KeyRole, str], bool] = {}
        for record in self.records:
            revoked = record.revoked_at is not None and nanoseconds(record.revoked_at) <= now_ns
            all_revoked[record.role, record.name] = revoked and all_revoked.get((record.role, record.name), True)
        return frozenset(source for source, revoked in all_revoked.items() if revoked)

    def check(
        self,
        topic: topics.Topic,
        content_type: str,
        user_properties: Mapping[str, str],
        payload: bytes,
        *,
        now_ns: int,
    ) -> KeyRecord:
        """Find the record whose key signed a message and may sign on its topic now.

        Parameters
        ----------
        topic : Topic
            Topic of the message.
        content_type : str
            Content type of the message.
        user_properties : mapping of str to str
            Its user properties, among them ``key`` and ``sig``.
        payload : bytes
            Its payload.
        now_ns : int, ns since 1970
            Time at which the key must be valid.

        Returns
        -------
        KeyRecord
            The record.

        Raises
        ------
        MalformedMessage
            With the reason as code: ``unsigned``, ``unknown_key``, ``wrong_key``, ``key_revoked``, ``key_expired`` or
            ``bad_signature``.
        """
        key = user_properties.get("key")
        if key is None or "sig" not in user_properties:
            raise MalformedMessage("unsigned", "sig", "missing", "a signature by the sender's registered key")
        records = self._by_key.get(key)
        if records is None:
            raise MalformedMessage("unknown_key", "key", printable(key, 40), "a key of the register")
        record = self._entitled(records, topic)
        if record is None:
            owners = ", ".join(f"{owner.role} {owner.name}" for owner in records[:3])
            raise MalformedMessage("wrong_key", "key", f"a key of {owners}", f"a key that may sign on {topic.text}")
        if record.revoked_at is not None and nanoseconds(record.revoked_at) <= now_ns:
            raise MalformedMessage("key_revoked", "key", f"revoked at {record.revoked_at.isoformat()}", "another key")
        if now_ns < nanoseconds(record.valid_from) or (
            record.valid_until is not None and nanoseconds(record.valid_until) <= now_ns
        ):
            raise MalformedMessage("key_expired", "key", "not valid at this time", "a key that is valid now")
        if not verifies(self._public[key], topic.text, content_type, user_properties, payload, self._roots):
            raise MalformedMessage(
                "bad_signature", "sig", "not this key's signature of this message", "a valid signature"
            )
        return record

    def _entitled(self, records: list[KeyRecord], topic: topics.Topic) -> KeyRecord | None:
        for record in records:
            owner, channels = SIGNS[record.role]
            if record.role == "feed" and topic.channel == "tracks":
                return record
            if topic.owner != owner or topic.channel not in channels:
                continue
            if record.role == "field" and topic.name == OPERATIONS_CENTRE:
                continue
            if record.role in EVERYWHERE or record.name == topic.name:
                return record
            if record.covers(topic.name) and (record.role, topic.name) not in self._named:
                return record
        return None


class RegisterFile:
    """A register that monitors its file: ``refresh`` loads a changed file, and keeps the old register if it is invalid.

    IdentityError if the file does not exist or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        self._loaded = self._state()
        self.register = self._read()

    def refresh(self) -> bool:
        """Whether the file has changed and its new content is now in force; cheap enough to call every second."""
        state = self._state()
        if state == self._loaded:
            return False
        self._loaded = state
        try:
            self.register = self._read()
        except IdentityError as error:
            self.problem = str(error)
            return False
        self.problem = None
        return True

    def _state(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> Register:
        try:
            return Register.from_bytes(self.path.read_bytes(), str(self.path))
        except OSError as error:
            raise IdentityError(
                f"cannot be read ({error.strerror})", where=str(self.path), expected="a register of keys"
            ) from None


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a client's TLS connection.

    Parameters
    ----------
    authority : Path
        Certificate of the authority that signed the broker's certificate.
    certificate : Path, optional
        The client's own certificate.
    key : Path, optional
        Private key of the client's certificate.
    """

    authority: Path
    certificate: Path | None = None
    key: Path | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of a sender; each part is optional.

    Parameters
    ----------
    signer : Signer, optional
        The key that it signs with.
    register : Register, optional
        The keys that it accepts.
    tls : TlsFiles, optional
        Its certificate.
    """

    signer: Signer | None = None
    register: Register | None = None
    tls: TlsFiles | None = None
