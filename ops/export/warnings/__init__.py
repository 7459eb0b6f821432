"""Alerts in the formats that agencies and programs exchange: CAP 1.2, its digital signature, and Atom feeds."""
