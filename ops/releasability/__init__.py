"""Releasability: markings of records, who may receive them, and the one decision that every output applies."""
