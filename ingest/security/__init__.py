"""Authenticity: signatures, the register of keys, key bundles, and who is accepted as which sensor."""

from ingest.security.key_bundle import open_bundle
from ingest.security.key_register import Identity, Register, TlsFiles
from ingest.security.signature import Signer

__all__ = ["Identity", "Register", "Signer", "TlsFiles", "open_bundle"]
