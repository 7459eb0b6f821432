"""Authenticity: signatures, the register of keys, key bundles, and who is accepted as which sensor."""
