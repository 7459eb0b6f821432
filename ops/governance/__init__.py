"""Governance: the two-person rule, anomalies in the audit log, drills and training, confidential and public reports."""
