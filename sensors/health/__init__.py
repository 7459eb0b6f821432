"""Sensor health: whether a sensor is heard, offline or faulty."""
