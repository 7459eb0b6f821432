"""What is carried to a sensor, a unit or a process of ours: a folder with its signing key, its certificate, our keys.

    signing.key        its Ed25519 private key (PEM)
    register.json      the public keys that it may believe: ingest's and the feed's
    ca.pem, certificate.pem, certificate.key     for mTLS, where there is a broker with certificates

Each file may be absent, and then that part of the identity is.
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
    """The identity that a folder holds. IdentityError when there is no such folder, or a file in it is spoilt."""
    if not folder.is_dir():
        raise IdentityError("there is no such folder", where=str(folder), expected="an identity's folder")
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
        raise IdentityError(f"is no key ({error})", where=str(path), expected="Ed25519 in PEM, not encrypted") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise IdentityError("is a key of another kind", where=str(path), expected="an Ed25519 key")
    return Signer.of(private)
