"""Cursor-on-Target: incidents, tracks and shapes to TAK servers and multicast groups, answers of units from them."""
