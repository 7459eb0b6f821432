"""A small certificate authority for one sector's broker: server and client certificates, and a revocation list.

ECDSA on P-256. The authority's own key stays in ``authority/``, which must not be copied to a broker or a sensor. The
folder is offline between its uses, so an installation that exists never gets a new key because its key is absent.
Server and client certificates are not interchangeable (extended key usage). Private keys are files with mode 0600.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ingest.errors import IdentityError
from ops.runtime.output import write_private

AUTHORITY_DAYS: Final = 3650
"""Validity in days of the authority and its revocation list. Once they expire, OpenSSL rejects every client."""
BACKDATED: Final = timedelta(minutes=5)
"""Certificates are backdated by this much, because the clocks of other machines differ."""


class Issued(msgspec.Struct, forbid_unknown_fields=True):
    """One certificate that the authority has issued."""

    name: str
    serial: str
    not_after: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """The authority of a folder. IdentityError for corrupt or unwritable files.

    ``name``: that of a new authority, created where the folder has none; None: it must exist, else IdentityError.
    """

    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        self.folder = folder
        self._book = folder / "issued.json"
        if name is None or has_authority(folder):
            self._open()
        else:
            self._make(name)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that clients and broker trust, as PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    @property
    def issued(self) -> list[Issued]:
        """Return every certificate issued so far, revoked ones included."""
        if not self._book.exists():
            return []
        try:
            return msgspec.json.decode(self._book.read_bytes(), type=list[Issued])
        except (OSError, msgspec.DecodeError) as error:
            raise IdentityError(
                f"cannot be read ({error})", where=str(self._book), expected="the file that Watchline wrote"
            ) from None

    @property
    def not_after(self) -> datetime:
        """Time at which the authority, and with it every certificate, ends."""
        return self._certificate.not_valid_after_utc

    def holds(self, name: str, now: datetime, *, left: timedelta = timedelta()) -> bool:
        """Return whether this name has a certificate that is not revoked and does not expire within ``left``."""
        return any(
            certificate.name == name and certificate.revoked_at is None and now + left < certificate.not_after
            for certificate in self.issued
        )

    def serves(self, pem: bytes, hosts: Sequence[str], now: datetime, *, left: timedelta) -> bool:
        """Return whether ``pem`` is a server certificate of this authority for exactly these host names and addresses
        that does not expire within ``left``."""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            certificate.verify_directly_issued_by(self._certificate)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return set(names) == set(_general_names(hosts)) and now + left < certificate.not_valid_after_utc

    def server(self, hosts: Sequence[str], days: float) -> Pair:
        """Issue a certificate for the broker under these host names and addresses."""
        names = _general_names(hosts)
        return self._issue("broker", days, ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(names))

    def client(self, name: str, days: float) -> Pair:
        """Issue a client certificate; the broker identifies clients by common name. Negative days: already expired."""
        return self._issue(name, days, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def revoke(self, name: str, now: datetime) -> int:
        """Revoke every certificate of this name; return the number revoked."""
        book, count = self.issued, 0
        for certificate in book:
            if certificate.name == name and certificate.revoked_at is None:
                certificate.revoked_at, count = now, count + 1
        self._write(book)
        return count

    def revocation_list(self) -> bytes:
        """Return the revocation list (PEM), signed now."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - BACKDATED)
            .next_update(self._certificate.not_valid_after_utc)
        )
        for certificate in self.issued:
            if certificate.revoked_at is not None:
                builder = builder.add_revoked_certificate(
                    x509.RevokedCertificateBuilder()
                    .serial_number(int(certificate.serial, 16))
                    .revocation_date(certificate.revoked_at)
                    .build()
                )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _open(self) -> None:
        if not has_authority(self.folder):
            raise IdentityError(
                "is not here", where=str(self.folder), expected="this folder, brought back from offline storage"
            )
        try:
            key = load_pem_private_key((self.folder / "ca.key").read_bytes(), password=None)
            self._certificate = x509.load_pem_x509_certificate((self.folder / "ca.pem").read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise IdentityError(
                f"cannot be read ({error})", where=str(self.folder), expected="ca.key and ca.pem that Watchline wrote"
            ) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise IdentityError("a key of another kind", where=str(self.folder / "ca.key"), expected="an EC key")
        self._key = key

    def _make(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        write_private(self.folder / "ca.pem", self.certificate_pem, to_owner=True)
        write_private(self.folder / "ca.key", _pem(self._key), to_owner=True)

    def _issue(
        self, name: str, days: float, purpose: x509.ObjectIdentifier, hosts: x509.SubjectAlternativeName | None
    ) -> Pair:
        key, now, serial = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC), x509.random_serial_number()
        end = now + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(min(now - BACKDATED, end - BACKDATED))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts is not None:
            builder = builder.add_extension(hosts, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        self._write([*self.issued, Issued(name, f"{serial:x}", end)])
        return Pair(certificate.public_bytes(Encoding.PEM), _pem(key))

    def _write(self, book: list[Issued]) -> None:
        write_private(self._book, msgspec.json.format(msgspec.json.encode(book), indent=1) + b"\n", to_owner=True)


def has_authority(folder: Path) -> bool:
    """Return whether the folder holds the key of an authority."""
    return (folder / "ca.key").exists()


def existing_authority(folder: Path, certificate: Path) -> Authority:
    """Return the authority of an installation, of which ``certificate`` is the broker's copy of its certificate.

    IdentityError if it is not here, or is another one, which broker and clients would not trust.
    """
    authority = Authority(folder)
    if certificate.exists() and certificate.read_bytes() != authority.certificate_pem:
        raise IdentityError(
            "is another authority", where=str(folder), expected=f"the one whose certificate is {certificate}"
        )
    return authority


def _general_names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """The names of a server certificate; IdentityError for text that is neither a host name nor an address."""
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            try:
                names.append(x509.DNSName(host))
            except ValueError:
                raise IdentityError(
                    f"{ascii(host)[:80]} is not a host", where="--host", expected="a name or an address"
                ) from None
    return names


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
