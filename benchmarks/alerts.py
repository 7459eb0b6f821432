"""Time of one call of fusion.alerts.raise_alerts with many tracks: spread over a sector, and all close to the line.

A table to stderr, one JSON line to stdout: ``python benchmarks/alerts.py [--tracks N] [--looks N]``
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from machine import report, table

from fusion.alerts import AlertState, TrackPicture, raise_alerts

NS = 1_000_000_000
LOOK_S = 3
START_NS = 1_772_323_200 * NS
WARM_UP = 5


def walkers(count: int, within_m: float, looks: int) -> list[TrackPicture]:
    """Return pictures of persons on foot up to ``within_m`` from a line along northing 0, each moving straight on."""
    rng = np.random.default_rng(1)
    names = tuple(f"T{i:010x}" for i in range(count))
    easting, northing = rng.uniform(0, 20_000, count), rng.uniform(-within_m, within_m, count)
    rate_e, rate_n = rng.normal(0, 1.3, (2, count))
    sd = rng.uniform(3, 15, count)
    cov = np.zeros((count, 4, 4))
    cov[:, 0, 0] = cov[:, 1, 1] = sd**2
    cov[:, 2, 2] = cov[:, 3, 3] = 0.04
    pictures = []
    for k in range(looks):
        e, n = easting + LOOK_S * k * rate_e, northing + LOOK_S * k * rate_n
        pictures.append(
            TrackPicture(
                track=names,
                status=np.full(count, "confirmed"),
                easting=e,
                northing=n,
                easting_rate=rate_e,
                northing_rate=rate_n,
                cov=cov,
                existence=np.full(count, 0.95),
                class_probability=np.tile((0.9, 0.04, 0.02, 0.03, 0.01), (count, 1)),
                updated_ns=np.full(count, START_NS + LOOK_S * k * NS),
                evidence=tuple((("radar-1", 1, k),) for _ in names),
                segment=(np.maximum(e, 0) // 500).astype(np.int64),
                chainage_m=e,
                offset_m=n,
                home=np.tile((0.0, 1.0), (count, 1)),
            )
        )
    return pictures


def measure(count: int, within_m: float, looks: int) -> dict[str, float]:
    state, seconds, published = AlertState(), [], 0
    for k, picture in enumerate(walkers(count, within_m, looks)):
        start = time.process_time()
        state, alerts = raise_alerts(state, picture, now_ns=START_NS + LOOK_S * k * NS)
        seconds.append(time.process_time() - start)
        published += len(alerts)
    start = time.process_time()
    size = len(state.to_json())
    json_ms = (time.process_time() - start) * 1e3
    later = 1e3 * np.array(seconds[WARM_UP:])
    return {
        "first_ms": round(seconds[0] * 1e3, 2),
        "median_ms": round(float(np.median(later)), 2),
        "p99_ms": round(float(np.quantile(later, 0.99)), 2),
        "published": published,
        "state_json_ms": round(json_ms, 2),
        "state_kb": round(size / 1e3, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=1000)
    parser.add_argument("--looks", type=int, default=100)
    options = parser.parse_args()
    if options.looks <= WARM_UP:
        parser.error(f"--looks {options.looks}: expected more than {WARM_UP}, for the first are not counted")
    results = {
        "sector_16_km_deep": measure(options.tracks, 8000.0, options.looks),
        "all_within_300_m": measure(options.tracks, 300.0, options.looks),
    }
    names = list(results["all_within_300_m"])
    table(["", *names], [[case, *(figures[name] for name in names)] for case, figures in results.items()])
    report("alerts", {"tracks": options.tracks, **results})


if __name__ == "__main__":
    main()
