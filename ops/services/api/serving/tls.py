"""TLS of the web server: the certificate of the site, or one that is made at the first start and signs itself."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from geo.errors import BadInput
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private

VALID_FOR: Final = timedelta(days=397)
RENEWED_BEFORE: Final = timedelta(days=30)
BACKDATED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a certificate, with those that sign it, and of its private key, both PEM.

    ``clients``: the authority of client certificates, of which a client may have one; None: none is asked for.
    ``own``: whether the server made the certificate and renews it.
    """

    certificate: Path
    key: Path
    clients: Path | None = None
    own: bool = False

    def arguments(self) -> list[str]:
        """The command-line arguments that give the server's process these files."""
        own = ["--own-certificate"] if self.own else []
        return [f"--certificate={self.certificate}", f"--key={self.key}", *own]

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Add the options that ``arguments`` writes to a parser. Without them there is no TLS."""
        parser.add_argument("--certificate", type=Path, help="certificate for TLS")
        parser.add_argument("--key", type=Path, help="its private key")
        parser.add_argument("--own-certificate", action="store_true", help="renew the certificate before its end")

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> Tls | None:
        """The files that the parsed arguments name."""
        if arguments.certificate is None:
            return None
        return cls(arguments.certificate, arguments.key, own=arguments.own_certificate)

    def check(self, now: datetime) -> None:
        """Raise BadInput unless the server can use them now."""
        for path, option in ((self.certificate, "--certificate"), (self.key, "--key")):
            if not path.is_file():
                raise BadInput("no such file", where=f"{option} {path}", expected="a file in PEM format")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, password="")
            ends = self.ends()
        except (ssl.SSLError, ValueError, OSError) as error:
            what = f"cannot be used ({getattr(error, 'reason', None) or error})"
            expected = f"a certificate in PEM format and its key {self.key}, without a password"
            raise BadInput(what, where=str(self.certificate), expected=expected) from None
        if ends <= now:
            raise BadInput(f"expired on {ends:%Y-%m-%d}", where=str(self.certificate), expected="a valid certificate")

    def names(self) -> tuple[str, ...]:
        """The host names and addresses for which the certificate is valid, an IPv6 address in brackets."""
        try:
            found = self._parsed().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return ()
        addresses = [f"[{one}]" if one.version == 6 else str(one) for one in found.get_values_for_type(x509.IPAddress)]
        return tuple(name.lower() for name in [*found.get_values_for_type(x509.DNSName), *addresses])

    def ends(self) -> datetime:
        """When the certificate ends."""
        return self._parsed().not_valid_after_utc

    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as browsers show it."""
        return self._parsed().fingerprint(hashes.SHA256()).hex(":").upper()

    def _parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())


def own_certificate(folder: Path, hosts: Iterable[str], now: datetime) -> Tls:
    """The certificate in ``folder``, made or renewed where it is missing, ends soon or lacks one of the names."""
    tls = Tls(folder / "certificate.pem", folder / "key.pem", own=True)
    names = [*dict.fromkeys(["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower(), *hosts])]
    if _serves(tls, names, now):
        return tls
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = lock_file(folder / ".lock", wait=True)
    except OSError as error:
        raise BadInput(
            f"cannot be written ({error.strerror})", where=str(folder), expected="a folder to write in"
        ) from None
    assert lock is not None
    try:
        if not _serves(tls, names, now):  # another server may have made it
            _make(tls, names, now)
    finally:
        os.close(lock)
    return tls


def _make(tls: Tls, names: list[str], now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Watchline")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(tls.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(tls.certificate, certificate.public_bytes(Encoding.PEM))


def _serves(tls: Tls, names: list[str], now: datetime) -> bool:
    try:
        tls.check(now + RENEWED_BEFORE)
        return set(names) <= set(tls.names())
    except BadInput:
        return False


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def now_utc() -> datetime:
    """The time by which certificates are valid: that of the machine, not of a scenario."""
    return datetime.now(UTC)
