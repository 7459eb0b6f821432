"""Sensor health: whether a sensor is online, offline or faulty."""
