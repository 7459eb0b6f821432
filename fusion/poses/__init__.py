"""Poses of mobile sensors: where each stood at the time of a scan, how well that is known, and what it could see."""
