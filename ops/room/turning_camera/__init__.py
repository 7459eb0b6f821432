"""Simulated cameras of a demonstration that turn when they are asked to, and show what is there."""
