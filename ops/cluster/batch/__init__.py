"""Analyses of all sectors of a nation: one part per sector on any scheduler, and one summary of them."""
