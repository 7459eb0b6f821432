"""Exports of an area and a period: tracks, incidents, alerts, sensors and segments in open formats."""
