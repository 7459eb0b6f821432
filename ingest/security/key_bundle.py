"""The folder of keys that a sensor, a unit or a process receives.

    signing.key        its Ed25519 private key (PEM)
    register.json      the public keys that it accepts: those of ingest and the feed
    ca.pem, certificate.pem, certificate.key     for mTLS, where the broker uses certificates

Each file is optional; without it the identity lacks that part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ingest.errors import IdentityError
from ingest.security.key_register import Identity, RegisterFile, TlsFiles
from ingest.security.signature import Signer

SIGNING_KEY: Final = "signing.key"
REGISTER: Final = "register.json"
AUTHORITY: Final = "ca.pem"
CERTIFICATE: Final = "certificate.pem"
CERTIFICATE_KEY: Final = "certificate.key"


def open_bundle(folder: Path) -> Identity:
    """Read the identity of a sensor, unit or process from its folder.

    Parameters
    ----------
    folder : Path
        The folder, with any of ``signing.key``, ``register.json``, ``ca.pem``, ``certificate.pem`` and
        ``certificate.key``.

    Returns
    -------
    Identity
        Its signing key, the register of keys that it accepts, and its certificate.

    Raises
    ------
    IdentityError
        When the folder does not exist or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise IdentityError("no such folder", where=str(folder), expected="an identity's folder")
    register = RegisterFile(folder / REGISTER).register if (folder / REGISTER).exists() else None
    tls = None
    if (folder / AUTHORITY).exists():
        has_certificate = (folder / CERTIFICATE).exists()
        tls = TlsFiles(
            folder / AUTHORITY,
            folder / CERTIFICATE if has_certificate else None,
            folder / CERTIFICATE_KEY if has_certificate else None,
        )
    signer = _signer(folder / SIGNING_KEY) if (folder / SIGNING_KEY).exists() else None
    return Identity(signer, register, tls)


def _signer(path: Path) -> Signer:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise IdentityError(f"cannot be read ({error.strerror})", where=str(path), expected="a private key") from None
    except (ValueError, TypeError) as error:
        raise IdentityError(f"not a key ({error})", where=str(path), expected="Ed25519 in PEM, not encrypted") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise IdentityError("a key of another kind", where=str(path), expected="an Ed25519 key")
    return Signer.of(private)
