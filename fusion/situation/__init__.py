"""Situation assessment (JDL level 2): tracks against border, ground, coverage and responders."""
