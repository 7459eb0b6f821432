"""Data association: which detection belongs to which track, as marginal probabilities."""
