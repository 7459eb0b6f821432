"""Metrics for Prometheus: conservation counts per sensor, progress of fusion and feeds, latencies, open streams.

Counters and histograms come from the journal and the store, so they continue after a restart of any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from geo.message import Message
from ops.services.api.observability import metrics
from ops.services.api.observability.metrics import MetricText
from ops.services.fusion.latency import STEPS, Histogram, MessageTimes
from ops.store.reader import Live, Progress
from sensors.timestamps import SECOND_NS

ACCOUNTED = ("journaled", "duplicate", "dead_lettered", "shed")
Samples = list[tuple[str, float]]
"""Values with their label."""


def unaccounted(figures: Mapping[str, int]) -> int | None:
    """received − (journaled + duplicate + dead_lettered + shed), which must always be 0; None if a figure is absent."""
    if "received" not in figures or any(name not in figures for name in ACCOUNTED):
        return None
    return figures["received"] - sum(figures[name] for name in ACCOUNTED)


def families_of(
    progress: Progress,
    counts: Live | None,
    stream_clients: int,
    parts: Mapping[str, Message | None] | None = None,
    *,
    revisions: Mapping[str, int] | None = None,
    incidents: tuple[Mapping[str, int], Mapping[str, int]] = ({}, {}),
    latency: Live | None = None,
) -> list[Metric]:
    """All figures, sorted by name.

    ``parts``: why each process does not work, None for one that does. ``revisions`` counts the published revisions of
    alerts and of incidents; ``incidents`` those in each state, and the closed ones by disposition. ``latency``:
    histograms as in the store.
    """
    parts, revisions = parts or {}, revisions or {}
    found: dict[MetricText, Samples] = {
        metrics.CURSOR: [("", progress.cursor)],
        metrics.CHECKPOINT: [("", progress.checkpoint_cursor)],
        metrics.UNDELIVERED: [("", progress.outbox_waiting)],
        metrics.HISTORY: [("", progress.history_rows)],
        metrics.DIVERGENCES: [("", progress.diverged)],
        metrics.STREAMS: [("", stream_clients)],
        metrics.INCIDENTS: sorted(incidents[0].items()),
        metrics.CLOSED: sorted(incidents[1].items()),
        metrics.PART_UP: [(name, int(not parts[name])) for name in sorted(parts)],
    }
    for kind, metric in (("alert", metrics.ALERT_REVISIONS), ("incident", metrics.INCIDENT_REVISIONS)):
        found[metric] = [("", revisions[kind])] if kind in revisions else []
    if counts is not None:
        found[metrics.PICTURE_TIME] = [("", counts.stamp_ns // SECOND_NS)]
        for metric, sample in _of_sensors(msgspec.json.decode(counts.body, type=dict[str, dict[str, int]])):
            found.setdefault(metric, []).append(sample)
    families = [_family(metric, samples) for metric, samples in found.items() if samples]
    if latency is not None:
        times = msgspec.json.decode(latency.body, type=MessageTimes)
        families += [_histogram(metrics.OF_MESSAGES[step], times.bounds_s, getattr(times, step)) for step in STEPS]
    return sorted(families, key=lambda family: family.name)


def exposition(families: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """The families in the format that the header ``Accept`` prefers, and its media type."""
    encoder, media_type = choose_encoder(accept[:500])
    return encoder(_Collected(list(families))), media_type


class _Collected(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _of_sensors(counts: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[MetricText, tuple[str, float]]]:
    for sensor, figures in sorted(counts.items()):
        for name, value in figures.items():
            if not sensor and name in metrics.OF_INGEST:
                yield metrics.OF_INGEST[name], ("", value)
            else:
                yield metrics.OF_SENSORS[name], (sensor, value)
        missing = unaccounted(figures)
        if missing is not None:
            yield metrics.UNACCOUNTED, (sensor, missing)


def _family(metric: MetricText, samples: Samples) -> Metric:
    made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = made(metric.name, metric.meaning, labels=[metric.label] if metric.label else [])
    for label, value in samples:
        family.add_metric([label] if metric.label else [], value)
    return family


def _histogram(metric: MetricText, bounds_s: Iterable[float], histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.meaning)
    bounds = [*(str(bound) for bound in bounds_s), "+Inf"]
    cumulative = accumulate(histogram.counts)
    family.add_metric([], list(zip(bounds, cumulative, strict=True)), histogram.sum_s)
    return family
