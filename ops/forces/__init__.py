"""Own forces: units with their last positions, impact levels of border sections, and their posture."""
