"""Workers of one cluster on several machines: what they share, what is checked, and what goes along with a sector."""
