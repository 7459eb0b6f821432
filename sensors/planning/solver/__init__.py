"""Solvers of the choice over bare arrays: objective, local search, bounds and the mixed-integer model."""
