"""Desks: people's decisions, applied to the state of fusion: incidents, impact levels, markings."""
