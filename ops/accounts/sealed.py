"""Secrets of second factors at rest: encrypted (AES-256-GCM) under a key in a file apart from the accounts.

Without the key file, as in a copy of ``accounts.db`` alone, no code can be computed.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ops.runtime.output import write_private

KEY_FILE: Final = Path("keys") / "second-factor.key"
"""The key, beside the day keys of the data folder."""
KEY_BYTES: Final = 32
_FORM: Final = "v1:"
_NONCE_BYTES: Final = 12


class SecretKey:
    """The key of a data folder, created with mode 0600 at first."""

    def __init__(self, folder: Path) -> None:
        path = folder / KEY_FILE
        if not path.exists():
            write_private(path, AESGCM.generate_key(8 * KEY_BYTES), to_owner=True)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise OSError(f"{path.name} has {len(key)} bytes; expected {KEY_BYTES}")
        self._cipher = AESGCM(key)

    def seal(self, secret: str, person: str) -> str:
        """Return a secret as it is stored for a person."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), person.encode())).decode()

    def open(self, stored: str, person: str) -> str:
        """Return the secret; what another key sealed, or for another person, is returned as it is: no code fits it."""
        try:
            raw = b64decode(stored.removeprefix(_FORM), validate=True)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], person.encode()).decode()
        except (InvalidTag, ValueError):
            return stored


def is_sealed(stored: str) -> bool:
    """Return whether a stored secret is encrypted; those of earlier versions are not."""
    return stored.startswith(_FORM)
