"""Comparison of layouts at equal life-cycle cost: Monte Carlo samples, exposure, outcomes and the verdict."""
