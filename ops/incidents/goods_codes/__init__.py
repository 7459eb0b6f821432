"""Codes of goods: the shipped structure, and the full list of an operator, against which codes are checked."""
