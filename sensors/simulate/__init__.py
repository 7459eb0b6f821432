"""Simulation: how people and vehicles move, and what the sensors of a layout report of it."""

from sensors.simulate.simulator import simulate, truth

__all__ = [
    "simulate",
    "truth",
]
