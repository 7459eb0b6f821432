"""The metrics of ``/metrics``: name, kind, label and meaning of each, from which docs/metrics.md is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MetricKind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class MetricText:
    """One metric, under its full name, such as ``watchline_received_total``. ``label``: empty for none."""

    name: str
    kind: MetricKind
    label: str
    meaning: str


def _of_sensor(name: str, meaning: str) -> MetricText:
    return MetricText(f"watchline_{name}_total", "counter", "sensor", meaning)


OF_SENSORS: Final[Mapping[str, MetricText]] = {
    "received": _of_sensor("received", "Messages with detections that ingest received."),
    "journaled": _of_sensor("journaled", "Received messages that are in the journal."),
    "duplicate": _of_sensor("duplicate", "Received messages that the journal already had."),
    "dead_lettered": _of_sensor("dead_lettered", "Received messages that were refused and are kept as dead letters."),
    "shed": _of_sensor("shed", "Received messages that were dropped because the sender sent too many."),
    "implausible": _of_sensor("implausible", "Journaled messages that the sensor cannot have measured as stated."),
    "skipped": _of_sensor("skipped", "Journaled messages that fusion skipped during overload."),
    "late": _of_sensor("late", "Journaled messages that arrived late and were inserted at their time of observation."),
    "backfill": _of_sensor("backfill", "Journaled messages that arrived too late for alerts."),
    "future": _of_sensor("future", "Messages refused because their time of observation is in the future."),
    "expired": _of_sensor("expired", "Messages refused because they are older than the limit of ingest."),
    "cut_off": _of_sensor("cut_off", "Number of times that the sender was disconnected, for floods or bad messages."),
    "held": MetricText("watchline_held", "gauge", "sensor", "1 while the sender is disconnected, else 0."),
}
"""Figures of a sensor (``ops.services.fusion.process``), by their name in the counts."""

UNACCOUNTED: Final = MetricText(
    "watchline_unaccounted",
    "gauge",
    "sensor",
    "Received minus journaled, duplicate, dead-lettered and dropped messages; if not 0, messages were lost.",
)
OF_INGEST: Final[Mapping[str, MetricText]] = {
    "disk_full": MetricText(
        "watchline_ingest_disk_full", "gauge", "", "1 while the disk of the journal is full, else 0."
    ),
    "clock_jumps": MetricText("watchline_ingest_clock_jumps_total", "counter", "", "Steps of the host clock."),
}
"""Reports of ingest about itself, in the counts without a sensor (\"\")."""

CURSOR: Final = MetricText(
    "watchline_journal_cursor", "gauge", "", "Journal row up to which tracks and alerts are complete."
)
CHECKPOINT: Final = MetricText(
    "watchline_checkpoint_cursor", "gauge", "", "Journal row from which fusion continues after a restart."
)
ALERT_REVISIONS: Final = MetricText("watchline_alert_revisions_total", "counter", "", "Published revisions of alerts.")
INCIDENT_REVISIONS: Final = MetricText(
    "watchline_incident_revisions_total", "counter", "", "Published revisions of incidents."
)
UNDELIVERED: Final = MetricText(
    "watchline_alerts_undelivered",
    "gauge",
    "",
    "Revisions of alerts that a receiver (unit, TAK server, web hook or other feed) waits for.",
)
HISTORY: Final = MetricText("watchline_history_rows", "gauge", "", "Estimates in the track history.")
DIVERGENCES: Final = MetricText(
    "watchline_rerun_divergences_total",
    "counter",
    "",
    "Revisions of alerts that a re-run computed differently; above 0, fusion is not deterministic.",
)
STREAMS: Final = MetricText("watchline_stream_clients", "gauge", "", "Open event streams.")
PICTURE_TIME: Final = MetricText(
    "watchline_picture_timestamp_seconds", "gauge", "", "Journal time of the live picture, in seconds since 1970."
)
INCIDENTS: Final = MetricText("watchline_incidents", "gauge", "state", "Incidents in each state.")
CLOSED: Final = MetricText(
    "watchline_incidents_closed",
    "gauge",
    "disposition",
    "Closed incidents by disposition; fewer after one is reopened or erased.",
)
PART_UP: Final = MetricText("watchline_part_up", "gauge", "part", "1 if the part of the system works, else 0.")
OF_MESSAGES: Final[Mapping[str, MetricText]] = {
    "picture": MetricText(
        "watchline_message_to_picture_seconds",
        "histogram",
        "",
        "Time from the receipt of a message with detections until it is in the live picture.",
    ),
    "raised": MetricText(
        "watchline_message_to_alert_raised_seconds",
        "histogram",
        "",
        "Time from the receipt of the oldest message of a batch until an alert that it raised is stored.",
    ),
    "published": MetricText(
        "watchline_message_to_alert_published_seconds",
        "histogram",
        "",
        "Time from the receipt of the oldest message of a batch until no receiver (unit, TAK server, web hook or other"
        " feed) waits for an alert that it raised; alerts that were raised before a restart are excluded.",
    ),
}
"""Histograms by their name in the store (``ops.services.fusion.latency``)."""

METRICS: Final = tuple(
    sorted(
        (
            *OF_SENSORS.values(), UNACCOUNTED, *OF_INGEST.values(), CURSOR, CHECKPOINT, ALERT_REVISIONS,
            INCIDENT_REVISIONS, UNDELIVERED, HISTORY, DIVERGENCES, STREAMS, PICTURE_TIME, INCIDENTS, CLOSED, PART_UP,
            *OF_MESSAGES.values(),
        ),
        key=lambda metric: metric.name,
    )
)  # fmt: skip
"""Every metric, by name."""
