"""Routes of own forces: units, candidates for an incident, impact levels."""
