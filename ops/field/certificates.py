"""Login of field units by the client certificate of ``watchline broker config``, in place of a one-time code.

TLS has checked that the authority issued the certificate, and its dates. Here the name decides which unit it is, and
the authority's revocation list, read again when it changes, whether it still is.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from geo.errors import BadInput, WatchlineError
from ops.field.devices import Device, DeviceStore

AUTHORITY: Final = "ca.pem"
REVOCATIONS: Final = "crl.pem"
PREFIX: Final = "cert-"
"""Beginning of the id of a device that logs in by certificate; the serial number follows in hexadecimal digits."""


class CertificateRefused(WatchlineError):
    """A client certificate that does not log a unit in, with the reason."""


class UnitCertificates:
    """Client certificates of units as logins. Thread-safe.

    ``folder`` holds ``ca.pem`` and ``crl.pem``; ``units``: names that are units. BadInput for a folder without them.
    """

    def __init__(self, folder: Path, units: Collection[str], devices: DeviceStore) -> None:
        self.authority = folder / AUTHORITY
        self._path, self._units, self._devices = folder / REVOCATIONS, frozenset(units), devices
        self._lock = threading.Lock()
        self._read: tuple[int, int] | None = None
        self._revoked: frozenset[int] = frozenset()
        try:
            self._issuer = x509.load_pem_x509_certificate(self.authority.read_bytes())
            self._revocations()
        except (OSError, ValueError) as error:
            expected = f"{AUTHORITY} and {REVOCATIONS} of the folder `broker` that `watchline broker config` wrote"
            raise BadInput(f"cannot be used ({error})", where=str(folder), expected=expected) from None

    def device_of(self, certificate: bytes) -> Device:
        """Return the device that a client certificate (DER) stands for; it is recorded at its first login.

        Raises CertificateRefused.
        """
        try:
            found = x509.load_der_x509_certificate(certificate)
            found.verify_directly_issued_by(self._issuer)
            usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            names = [str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            raise CertificateRefused("This certificate is not one of this installation.") from None
        if ExtendedKeyUsageOID.CLIENT_AUTH not in usage or len(names) != 1 or names[0] not in self._units:
            raise CertificateRefused("This certificate is not that of a field unit.")
        if self._is_revoked(found.serial_number):
            raise CertificateRefused("This certificate was revoked.")
        device = self._devices.admit(f"{PREFIX}{found.serial_number:x}", names[0], "Certificate")
        if device is None:
            raise CertificateRefused("This device was revoked.")
        return device

    def holds(self, device: str) -> bool:
        """Return whether the certificate of a device is not revoked; True for a device without one."""
        if not device.startswith(PREFIX):
            return True
        return not self._is_revoked(int(device.removeprefix(PREFIX), 16))

    def _is_revoked(self, serial: int) -> bool:
        try:
            return serial in self._revocations()
        except (OSError, ValueError):
            return True  # without a list that can be read, no one is admitted

    def _revocations(self) -> frozenset[int]:
        """The serial numbers of the list, read again if the file has changed. OSError, ValueError for a bad file."""
        with self._lock:
            state = self._path.stat()
            if self._read != (state.st_mtime_ns, state.st_ino):
                revoked = x509.load_pem_x509_crl(self._path.read_bytes())
                key = self._issuer.public_key()
                if not isinstance(key, ec.EllipticCurvePublicKey) or not revoked.is_signature_valid(key):
                    raise ValueError("the revocation list is not signed by the authority")
                self._revoked = frozenset(one.serial_number for one in revoked)
                self._read = state.st_mtime_ns, state.st_ino
            return self._revoked
