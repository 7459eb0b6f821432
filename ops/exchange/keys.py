"""The key by which this installation signs packages and requests."""

from __future__ import annotations

from pathlib import Path

from geo.errors import BadInput
from ingest.security.key_bundle import open_bundle
from ingest.security.signature import Signer


def signer_in(identity: Path) -> Signer:
    """Return the signer of a folder of keys. BadInput where it has none."""
    signer = open_bundle(identity).signer
    if signer is None:
        expected = "signing.key, as `watchline share key` creates it"
        raise BadInput("has no signing key", where="--identity", expected=expected)
    return signer
