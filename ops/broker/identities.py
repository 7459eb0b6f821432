"""The identities of an installation: a folder with the register of public keys and a bundle for each name.

    register.json              which keys may sign for which name; ingest uses it and reads it again after a change
    identities/NAME/           the bundle to copy to that sensor or unit (see ingest.security.key_bundle); private keys
                               have mode 0600

Names are unique over all roles, because the certificate and the broker's rights use the same name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingest.errors import IdentityError, TopicError
from ingest.security.key_bundle import REGISTER, SIGNING_KEY, open_bundle
from ingest.security.key_register import (
    EVERYWHERE,
    OPERATIONS_CENTRE,
    Identity,
    KeyRecord,
    KeyRole,
    Register,
    RegisterFile,
    record_of,
)
from ingest.security.signature import Signer
from ingest.topics import identifier
from ops.runtime.account import give_to_owner
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private

IDENTITY_VARIABLE: Final = "WATCHLINE_IDENTITY"
"""The environment variable that names the identities folder for Watchline's processes."""
SIGNATURES_VARIABLE: Final = "WATCHLINE_SIGNATURES"
Signatures = Literal["required", "optional"]
INGEST: Final = "ingest"
INGEST_UNITS: Final = "ingest-units"
"""The certificate name of ingest's second connection. A broker that uses the name as the client id closes the older of
two connections with one name.
"""
FEED: Final = "feed"
FIELD: Final = "field-units"
"""The name under which the API publishes what the devices of field units send, as messages of these units."""
FIELD_FEEDS: Final = "field-feeds"
"""The same for the feeds process. Each has a key of its own, because the boots that a key signs may not decrease."""
TRUSTED: Final = EVERYWHERE - {"field"}
"""Roles whose messages sensors and units receive, so that their bundles hold the public keys."""
RESERVED: Final[dict[str, KeyRole]] = {INGEST: "ingest", FEED: "feed", FIELD: "field", FIELD_FEEDS: "field"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a role; a sensor's may end in ``*``: a gateway that sends for all names with that prefix."""

    role: KeyRole
    name: str

    @property
    def folder(self) -> str:
        """The name of its bundle's folder, which is also the name in its certificate."""
        return self.name.removesuffix("*").rstrip("-._") if self.name.endswith("*") else self.name


class IdentityFolder:
    """The identities of one installation. IdentityError for an invalid name or a folder that cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def register_path(self) -> Path:
        """The path of the register."""
        return self.path / REGISTER

    def bundle(self, name: str) -> Path:
        """Return the folder of one name's bundle."""
        return self.path / "identities" / name

    def register(self) -> Register:
        """Return the current register; an empty one where none exists yet."""
        return RegisterFile(self.register_path).register if self.register_path.exists() else Register()

    def prepare(self, names: Iterable[Name], *, valid_until: datetime | None = None) -> list[KeyRecord]:
        """Create a key for each name without a valid one, register it and add it to its bundle; return new records.

        Ingest and the feed are always included, because every bundle holds their public keys.
        """
        wanted = _checked([*(Name(role, name) for name, role in RESERVED.items()), *names])
        with self._locked():
            register, now = self.register(), datetime.now(UTC).replace(microsecond=0)
            valid = {(record.role, record.name) for record in register.records if record.revoked_at is None}
            self._refuse_other_roles(wanted, register)
            made = []
            for name in wanted:
                if (name.role, name.name) not in valid:
                    made.append(self._make(name, now, valid_until))
            if made:
                self._write([*register.records, *made])
            return made

    def add(self, record: KeyRecord) -> None:
        """Register a public key whose private key is held elsewhere, such as by a vendor."""
        with self._locked():
            register = self.register()
            self._refuse_other_roles([Name(record.role, record.name)], register)
            self._write([*register.records, record])

    def revoke(self, name: str) -> list[KeyRecord]:
        """Revoke every key of a name from now on; return the previous records. IdentityError when it has none."""
        with self._locked():
            records, now = self.register().records, datetime.now(UTC)
            valid = [record for record in records if record.name == name and record.revoked_at is None]
            if not valid:
                raise IdentityError(
                    f"{self.path} has no key of {ascii(name)[:80]} to revoke",
                    where="NAME",
                    expected="a sensor or unit with a key",
                )
            gone = {record.key for record in valid}
            self._write(
                msgspec.structs.replace(record, revoked_at=now)
                if record.key in gone and record.name == name
                else record
                for record in records
            )
            return valid

    def has_valid_key(self, name: str) -> bool:
        """Return whether a key of this name is not revoked."""
        return any(record.name == name and record.revoked_at is None for record in self.register().records)

    def identity(self, name: str) -> Identity:
        """Return the identity of one of Watchline's processes: signing key, trusted keys and client certificate."""
        return open_bundle(self.bundle(name))

    def _make(self, name: Name, now: datetime, valid_until: datetime | None) -> KeyRecord:
        signer = Signer.generate()
        pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self.bundle(name.folder) / SIGNING_KEY, pem, to_owner=True)
        return record_of(name.role, name.name, signer.public, valid_from=now, valid_until=valid_until)

    def _write(self, records: Iterable[KeyRecord]) -> None:
        """Write the register, and into every bundle the part of it that its owner may trust."""
        register = Register(records)
        write_private(self.register_path, register.to_bytes(), to_owner=True)
        trusted = Register(record for record in register.records if record.role in TRUSTED).to_bytes()
        for bundle in sorted((self.path / "identities").glob("*/")):
            write_private(bundle / REGISTER, trusted, to_owner=True)

    def _refuse_other_roles(self, wanted: Sequence[Name], register: Register) -> None:
        roles = {Name(record.role, record.name).folder: record.role for record in register.records}
        for name in wanted:
            if roles.get(name.folder, name.role) != name.role:
                raise IdentityError(
                    f"{name.name} is a {roles[name.folder]} already", where=name.role, expected="each name once"
                )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            give_to_owner(self.path)
            lock = lock_file(self.path / ".lock", wait=True)
        except OSError as error:
            raise IdentityError(
                f"cannot be written ({error.strerror})", where=str(self.path), expected="a folder to write in"
            ) from None
        assert lock is not None
        try:
            yield
        finally:
            os.close(lock)


def identity_of(name: str) -> Identity:
    """Return this process's identity under the name, from the folder in the environment; empty without one."""
    folder = os.environ.get(IDENTITY_VARIABLE)
    if not folder or not IdentityFolder(Path(folder)).bundle(name).is_dir():
        return Identity()
    return IdentityFolder(Path(folder)).identity(name)


def signatures_of_environment() -> Signatures:
    """Return whether the environment requires signatures or leaves them optional; IdentityError for any other value."""
    setting = os.environ.get(SIGNATURES_VARIABLE, "optional")
    if setting not in ("required", "optional"):
        raise IdentityError(f"{ascii(setting)[:40]}", where=SIGNATURES_VARIABLE, expected="required or optional")
    return "required" if setting == "required" else "optional"


def layout_ids(layout: Path) -> list[str]:
    """Return the ids of a layout file's sensors, valid or not; an empty list where it cannot be read.

    Errors in a layout are reported where it is opened.
    """
    from sensors.errors import LayoutError
    from sensors.layout import RECORDS
    from sensors.layout_document import read_document

    try:
        document: Any = read_document(layout, RECORDS)
        return [str(feature["properties"]["id"]) for feature in document["features"]]
    except (LayoutError, ValueError, KeyError, TypeError):
        return []


def sensor_names(layout: Path) -> list[str]:
    """Return the ids of a layout's sensors that are valid in a topic."""
    return [name for name in layout_ids(layout) if _is_identifier(name)]


def _checked(names: Sequence[Name]) -> list[Name]:
    """Return the names without duplicates, in order; IdentityError for an invalid one or one with two roles."""
    by_folder: dict[str, Name] = {}
    for name in names:
        if not _is_identifier(name.name.removesuffix("*") if name.role == "sensor" else name.name):
            raise IdentityError(
                f"{ascii(name.name)[:80]} is not a name",
                where=name.role,
                expected="1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit",
            )
        if RESERVED.get(name.folder, name.role) != name.role:
            raise IdentityError(f"{name.name} is reserved for Watchline", where=name.role, expected="another name")
        if by_folder.setdefault(name.folder, name) != name:
            raise IdentityError(f"{name.name} occurs twice", where=name.role, expected="each name once")
    return list(by_folder.values())


def _is_identifier(name: str) -> bool:
    try:
        identifier(name, "name")
    except TopicError:
        return False
    return True


UNIT: Final = OPERATIONS_CENTRE
