"""Sensor registration: estimates of sensor biases, and tracks that a bias duplicated."""
