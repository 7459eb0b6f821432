"""Metrics for Prometheus: conservation counts per sensor, progress of fusion and feeds, open streams."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ops.store.reader import Live, Progress
from sensors.timestamps import SECOND_NS

ACCOUNTED = ("journaled", "duplicate", "dead_lettered", "shed")


def unaccounted(figures: Mapping[str, int]) -> int | None:
    """received − (journaled + duplicate + dead_lettered + shed), which must always be 0; None if a figure is absent."""
    if "received" not in figures or any(name not in figures for name in ACCOUNTED):
        return None
    return figures["received"] - sum(figures[name] for name in ACCOUNTED)


INGEST_GAUGES = {"disk_full": "watchline_ingest_disk_full", "clock_jumps": "watchline_ingest_clock_jumps_total"}
"""Reports of ingest about itself, in the counts without a sensor (\"\")."""


GAUGES = frozenset({"held"})
"""Figures of a sensor that may decrease: whether it is in ingest's quarantine."""


def metrics_text(
    progress: Progress, counts: Live | None, stream_clients: int, parts: Mapping[str, str | None] | None = None
) -> str:
    """All figures in the Prometheus text format 0.0.4, families sorted by name.

    ``parts``: why each process does not work, None for one that does.
    """
    sensors = {} if counts is None else msgspec.json.decode(counts.body, type=dict[str, dict[str, int]])
    families: dict[str, list[str]] = {}
    for sensor, figures in sorted(sensors.items()):
        label = f'{{sensor="{_escaped(sensor)}"}}'
        for name, value in figures.items():
            if not sensor and name in INGEST_GAUGES:
                families[INGEST_GAUGES[name]] = [f" {value}"]
                continue
            family = f"watchline_{name}" if name in GAUGES else f"watchline_{name}_total"
            families.setdefault(family, []).append(f"{label} {value}")
        missing = unaccounted(figures)
        if missing is not None:
            families.setdefault("watchline_unaccounted", []).append(f"{label} {missing}")
    singles = {
        "watchline_journal_cursor": progress.cursor,
        "watchline_checkpoint_cursor": progress.checkpoint_cursor,
        "watchline_alert_revisions_total": progress.outbox_last,
        "watchline_alerts_undelivered": progress.outbox_waiting,
        "watchline_history_rows": progress.history_rows,
        "watchline_rerun_divergences_total": progress.diverged,
        "watchline_stream_clients": stream_clients,
    }
    if counts is not None:
        singles["watchline_picture_timestamp_seconds"] = counts.stamp_ns // SECOND_NS
    families |= {name: [f" {value}"] for name, value in singles.items()}
    if parts:
        families["watchline_part_up"] = [
            f'{{part="{_escaped(name)}"}} {int(not parts[name])}' for name in sorted(parts)
        ]
    lines = []
    for name, samples in sorted(families.items()):
        lines.append(f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}")
        lines += [name + sample for sample in samples]
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
