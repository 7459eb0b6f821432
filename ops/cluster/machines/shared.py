"""The machines of a cluster share a few files, in the folder ``machines`` of each one's data folder.

A certificate with its key, with which scheduler and workers know each other (TLS, both ways), and the key of the day
keys (``ops.audit.key_places.machine_key``). A machine joins with a copy of the folder of the first one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from geo.errors import BadInput
from ops.audit.key_places.machine_key import MachineKey
from ops.audit.key_places.place import SHARED, machine_key_path
from ops.runtime.output import write_private

CERTIFICATE: Final = "certificate.pem"
PRIVATE: Final = "private.pem"
_DAYS: Final = 3650
_BACKDATED: Final = timedelta(days=1)


def prepare_shared(data: Path) -> MachineKey:
    """Create what the data folder does not have yet; return the key of the day keys."""
    folder = data / SHARED
    if not (folder / CERTIFICATE).exists():
        certificate, private = _pair()
        write_private(folder / PRIVATE, private)
        write_private(folder / CERTIFICATE, certificate)
    return MachineKey.made(machine_key_path(data))


def shared_of(data: Path) -> MachineKey:
    """Return the key of the day keys of a machine that joins. BadInput without a copy of the folder."""
    for path in (data / SHARED / CERTIFICATE, data / SHARED / PRIVATE, machine_key_path(data)):
        if not path.is_file():
            raise BadInput(
                f"{path.name} is missing", where=str(path.parent), expected="a copy of this folder of the first machine"
            )
    return MachineKey(machine_key_path(data))


def security_of(data: Path) -> Any:
    """Return dask's settings of TLS: only who has this certificate's key may speak to the scheduler, or to a worker."""
    import distributed

    untyped: Any = distributed
    certificate, private = str(data / SHARED / CERTIFICATE), str(data / SHARED / PRIVATE)
    parts = {f"tls_{part}_cert": certificate for part in ("client", "scheduler", "worker")}
    parts |= {f"tls_{part}_key": private for part in ("client", "scheduler", "worker")}
    return untyped.Security(tls_ca_file=certificate, require_encryption=True, **parts)


def _pair() -> tuple[bytes, bytes]:
    """Return a new certificate that vouches for itself, and its private key, both PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watchline cluster")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private
