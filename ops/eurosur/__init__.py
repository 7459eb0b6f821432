"""Reports of the three EUROSUR layers: events, operational and analysis, with their confidence and follow-ups."""
