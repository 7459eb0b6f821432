"""Alerts and incidents for other agencies and programs: CAP 1.2 documents, and Atom feeds with positions."""
