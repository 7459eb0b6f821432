"""Traces of alerts (OpenTelemetry), to which several processes add spans."""
