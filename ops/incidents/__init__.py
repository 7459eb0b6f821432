"""Incidents: alerts of one event gathered, their life cycle from opening to disposition, names, and the queue."""
