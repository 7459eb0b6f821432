"""The identities of an installation: a folder with the register of public keys and a bundle for each name.

    register.json              who may sign as whom: what ingest goes by, read again whenever it changes
    identities/NAME/           what is carried to that sensor or unit (see ingest.security.key_bundle); private keys are
    0600

Names are unique over all roles, because the name is also that of the certificate and the broker's rights.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingest.errors import IdentityError, TopicError
from ingest.security.key_bundle import REGISTER, SIGNING_KEY, open_bundle
from ingest.security.key_register import EVERYWHERE, Identity, KeyRecord, Register, RegisterFile, Role, record_of
from ingest.security.signature import Signer
from ingest.topics import identifier
from ops.runtime.file_lock import lock_file
from ops.runtime.output import write_private

IDENTITY_VARIABLE: Final = "WATCHLINE_IDENTITY"
"""The environment variable that names the identities' folder for our processes."""
SIGNATURES_VARIABLE: Final = "WATCHLINE_SIGNATURES"
Signatures = Literal["required", "optional"]
INGEST: Final = "ingest"
INGEST_UNITS: Final = "ingest-units"
"""The certificate of ingest's second connection: a broker that takes the name for the client's id ends the older of two
connections of one name."""
FEED: Final = "feed"
RESERVED: Final[dict[str, Role]] = {INGEST: "ingest", FEED: "feed"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a role; a sensor's may end in ``*``: a gateway that speaks for all names with that prefix."""

    role: Role
    name: str

    @property
    def folder(self) -> str:
        """The name of its bundle's folder, which is also that of its certificate."""
        return self.name.removesuffix("*").rstrip("-._") if self.name.endswith("*") else self.name


class IdentityFolder:
    """One installation's identities. IdentityError on a name that cannot be, or a folder that cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def register_path(self) -> Path:
        """Where the register is."""
        return self.path / REGISTER

    def bundle(self, name: str) -> Path:
        """The folder of one name's bundle."""
        return self.path / "identities" / name

    def register(self) -> Register:
        """The register as it is now; an empty one where there is none yet."""
        return RegisterFile(self.register_path).register if self.register_path.exists() else Register()

    def prepare(self, names: Iterable[Name], *, valid_until: datetime | None = None) -> list[KeyRecord]:
        """A key for each name that has no valid one: made, registered, put into its bundle. Returns the new records.

        Ingest and the feed are always among them, because every bundle holds their public keys.
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
        """Register a public key whose private half somebody else keeps, such as a vendor's."""
        with self._locked():
            register = self.register()
            self._refuse_other_roles([Name(record.role, record.name)], register)
            self._write([*register.records, record])

    def revoke(self, name: str) -> list[KeyRecord]:
        """Revoke every key of a name from now on; returns the records as they were. IdentityError when it has none."""
        with self._locked():
            records, now = self.register().records, datetime.now(UTC)
            valid = [record for record in records if record.name == name and record.revoked_at is None]
            if not valid:
                raise IdentityError(
                    f"{ascii(name)[:80]} has no key that could be revoked", where=str(self.path), expected="its name"
                )
            gone = {record.key for record in valid}
            self._write(
                msgspec.structs.replace(record, revoked_at=now)
                if record.key in gone and record.name == name
                else record
                for record in records
            )
            return valid

    def identity(self, name: str) -> Identity:
        """What a process of ours of this name signs with, believes and shows to a broker."""
        return open_bundle(self.bundle(name))

    def _make(self, name: Name, now: datetime, valid_until: datetime | None) -> KeyRecord:
        signer = Signer.generate()
        pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self.bundle(name.folder) / SIGNING_KEY, pem)
        return record_of(name.role, name.name, signer.public, valid_from=now, valid_until=valid_until)

    def _write(self, records: Iterable[KeyRecord]) -> None:
        """The register, and in every bundle the part of it that its owner may believe."""
        register = Register(records)
        write_private(self.register_path, register.to_bytes())
        ours = Register(record for record in register.records if record.role in EVERYWHERE).to_bytes()
        for bundle in sorted((self.path / "identities").glob("*/")):
            write_private(bundle / REGISTER, ours)

    def _refuse_other_roles(self, wanted: Sequence[Name], register: Register) -> None:
        roles = {Name(record.role, record.name).folder: record.role for record in register.records}
        for name in wanted:
            if roles.get(name.folder, name.role) != name.role:
                raise IdentityError(
                    f"{name.name} is a {roles[name.folder]} already", where=name.role, expected="names used once"
                )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
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
    """The identity of this process under the name, by the folder in the environment; an empty one without."""
    folder = os.environ.get(IDENTITY_VARIABLE)
    if not folder or not IdentityFolder(Path(folder)).bundle(name).is_dir():
        return Identity()
    return IdentityFolder(Path(folder)).identity(name)


def signatures_of_environment() -> Signatures:
    """Whether unsigned messages are refused, by the environment; IdentityError on any other word."""
    word = os.environ.get(SIGNATURES_VARIABLE, "optional")
    if word not in ("required", "optional"):
        raise IdentityError(f"{ascii(word)[:40]}", where=SIGNATURES_VARIABLE, expected="required or optional")
    return "required" if word == "required" else "optional"


def layout_ids(layout: Path) -> list[str]:
    """The ids of a layout file's sensors, whatever they are; none where it cannot be read.

    What is wrong with a layout is said by whoever opens it.
    """
    try:
        return [str(feature["properties"]["id"]) for feature in json.loads(layout.read_bytes())["features"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def sensor_names(layout: Path) -> list[str]:
    """Those ids of a layout's sensors that may be part of a topic."""
    return [name for name in layout_ids(layout) if _is_identifier(name)]


def _checked(names: Sequence[Name]) -> list[Name]:
    """The names, each once, in order; IdentityError on one that no topic holds or that is used in two roles."""
    by_folder: dict[str, Name] = {}
    for name in names:
        if not _is_identifier(name.name.removesuffix("*") if name.role == "sensor" else name.name):
            raise IdentityError(
                f"{ascii(name.name)[:80]} is not a name",
                where=name.role,
                expected="1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit",
            )
        if RESERVED.get(name.folder, name.role) != name.role:
            raise IdentityError(f"{name.name} is a name of our own", where=name.role, expected="another name")
        if by_folder.setdefault(name.folder, name) != name:
            raise IdentityError(f"{name.name} is used twice", where=name.role, expected="names used once")
    return list(by_folder.values())


def _is_identifier(name: str) -> bool:
    try:
        identifier(name, "name")
    except TopicError:
        return False
    return True


UNIT: Final = "ops-centre"
