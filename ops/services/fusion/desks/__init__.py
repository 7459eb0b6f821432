"""Desks: what people decide, applied to the state of fusion: incidents, impact levels, markings."""
