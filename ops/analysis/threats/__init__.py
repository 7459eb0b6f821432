"""Catalogue of threats, and the layers of border security that can find each of them in each segment."""
