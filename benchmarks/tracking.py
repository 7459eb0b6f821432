"""Accuracy and speed of the tracker beside Stone Soup's GNN and JPDA: same plots, same seeds, one process, one thread.

Accuracy is of causal output (a row at time t depends on nothing observed later), every second, over confirmed and
coasting tracks and all targets within range of a radar, in dead ground or not: GOSPA (50 m, order 2), identity
switches, continuity, false confirmed tracks. Detections per CPU-second include everything from the detections dataset
to the track history for Watchline, and only the tracker's loop for the peer. Ratios have the 95 % t-interval of the
mean log ratio over paired seeds. The peer's settings were chosen on seeds 1 and 2 (``--tune`` shows how), which are not
scored.

``python benchmarks/tracking.py calm busy --seeds 10``; ``--alone`` skips the peer. The presets sparse, crowded,
manoeuvring, screened, bridges, roadside, overstated and understated share no code with our simulator and were tuned for
neither side: the peer has the settings of calm (crowded, manoeuvring: of busy), Watchline its defaults.

The peer takes hours over all presets: ``--kept FILE`` stores each of its runs and reuses stored ones, so that only
Watchline runs again (the peer's speed then comes from another time; without the option all comes from one run). Stone
Soup is in the extra ``bench``; without it, a sentence says so and Watchline is measured alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from machine import report, table
from scipy.stats import t as student
from tracking_presets import PRESETS, Night, night

from fusion.scoring import continuity, false_confirmed_tracks, gospa, identity_switches
from fusion.tracker import track
from fusion.warm_up import compile_kernels

FAST_ONLY = ("empty", "vast")
"""Presets that are run for speed and count alone: no peer, no scores with 10,000 targets."""
WARM_UP = ("calm", "multi", "roadside")
"""Presets that together use every signature of the kernels; each is run once, so that loading them is not timed."""


@dataclass(frozen=True, slots=True)
class Score:
    """One run of one tracker on one seed."""

    gospa_m: float
    localisation_m: float
    missed_m: float
    false_m: float
    switches: float
    continuity: float
    false_tracks: float
    detections_per_cpu_s: float


def score(scene: Night, history, spent_s: float) -> Score:
    """Return every measure of a history."""
    measured = gospa(scene.truth, history)
    return Score(
        float(measured.attrs["gospa_mean_m"]),
        *(float(measured[name].mean()) for name in ("localisation", "missed", "false")),
        float(identity_switches(scene.truth, history).sum()),
        float(continuity(scene.truth, history).attrs["mean"]),
        float(false_confirmed_tracks(scene.truth, history)["false_confirmed_tracks"]),
        scene.detections.sizes["detection"] / spent_s,
    )


def ours(scene: Night) -> Score:
    """Run Watchline's tracker, from dataset to dataset. Visibility is computed in advance, as in live operation."""
    begun = time.process_time()
    history = track(scene.detections, scene.layout, terrain=scene.terrain)
    spent = time.process_time() - begun
    if not scene.truth.sizes["estimate"]:
        confirmed = np.unique(history["track"].values[history["status"].values == "confirmed"])
        return Score(*[float("nan")] * 6, float(len(confirmed)), scene.detections.sizes["detection"] / spent)
    return score(scene, history, spent)


def peers(name: str, seed: int, scene: Night, kept: Path | None, as_shipped: bool) -> dict[str, Score]:
    """Run Stone Soup's two trackers as tuned for the preset; results in ``kept`` for the same settings are reused."""
    from stone_soup import Peer, tuned

    known = {} if kept is None or not kept.exists() else dict(map(_kept_run, kept.read_text().splitlines()))
    scores = {}
    for associator in ("GNN", "JPDA"):
        key = f"{name} {seed} {associator} {tuned(name)}" + (" as shipped" if as_shipped else "")
        if key not in known:
            known[key] = score(scene, *Peer(associator, tuned(name), scene, as_shipped=as_shipped).run())
            if kept is not None:
                with kept.open("a") as file:
                    file.write(json.dumps({"run": key, **asdict(known[key])}) + "\n")
        scores[associator] = known[key]
    return scores


def _kept_run(line: str) -> tuple[str, Score]:
    run = json.loads(line)
    return run.pop("run"), Score(**run)


def tune(name: str) -> None:
    """Print a table of the peer's settings on the tuning seeds."""
    from stone_soup import Peer, candidates

    scenes = [night(PRESETS[name], seed) for seed in (1, 2)]
    rows = []
    for associator in ("GNN", "JPDA"):
        for tuning in candidates(name):
            runs = [score(scene, *Peer(associator, tuning, scene).run()) for scene in scenes]
            rows.append([f"{associator} {tuning}", *np.mean([[r.gospa_m, r.switches, r.continuity] for r in runs], 0)])
            print(*rows[-1], file=sys.stderr, flush=True)
    table([name, "GOSPA", "switches", "continuity"], sorted(rows, key=lambda row: row[1]))


def ratio(our: list[float], their: list[float]) -> tuple[float, float, float]:
    """Return the ratio of Watchline to the peer over paired seeds: geometric mean and its 95 % t-interval."""
    logs = np.log(np.array(our) / np.array(their))
    half = float(student.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))) if len(logs) > 1 else np.nan
    middle = float(logs.mean())
    return tuple(round(float(np.exp(v)), 3) for v in (middle, middle - half, middle + half))


def measure(name: str, seeds: list[int], arguments: argparse.Namespace) -> dict[str, object]:
    """Measure one preset over its seeds."""
    runs: dict[str, list[Score]] = {} if arguments.peers_only else {"ours": []}
    for seed in seeds:
        scene = night(PRESETS[name], seed)
        if not arguments.peers_only:
            runs["ours"].append(ours(scene))
        if not arguments.alone and name not in FAST_ONLY:
            for peer, scores in peers(name, seed, scene, arguments.kept, arguments.as_shipped).items():
                runs.setdefault(peer, []).append(scores)
        print(f"{name} seed {seed}: " + ", ".join(f"{k} {v[-1].gospa_m:.1f}" for k, v in runs.items()), file=sys.stderr)
    fields = Score.__slots__
    figures: dict[str, object] = {
        tracker: {f: round(float(np.mean([getattr(s, f) for s in scores])), 3) for f in fields}
        for tracker, scores in runs.items()
    }
    table([name, *fields], [[tracker, *figures[tracker].values()] for tracker in runs])
    if "ours" in runs:
        for peer in runs.keys() - {"ours"}:
            figures[f"ours/{peer}"] = beside(runs["ours"], runs[peer])
    return figures


def beside(our: list[Score], their: list[Score]) -> dict[str, object]:
    """Return paired ratios; for switches, which may be zero, both sums; for continuity the mean difference."""
    gained = np.array([a.continuity - b.continuity for a, b in zip(our, their, strict=True)])
    half = (
        student.ppf(0.975, len(gained) - 1) * gained.std(ddof=1) / np.sqrt(len(gained)) if len(gained) > 1 else np.nan
    )
    return {
        "gospa": ratio([s.gospa_m for s in our], [s.gospa_m for s in their]),
        "speed": ratio([s.detections_per_cpu_s for s in our], [s.detections_per_cpu_s for s in their]),
        "switches": [sum(s.switches for s in our), sum(s.switches for s in their)],
        "continuity": [round(float(v), 4) for v in (gained.mean(), gained.mean() - half, gained.mean() + half)],
    }


def main() -> None:
    """Print a table per preset, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=["calm", "shadow", "multi"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=101)
    parser.add_argument("--alone", action="store_true", help="without Stone Soup")
    parser.add_argument("--peers-only", action="store_true", help="Stone Soup alone, to fill --kept")
    parser.add_argument("--kept", type=Path, help="file of Stone Soup's runs, read and added to")
    parser.add_argument("--as-shipped", action="store_true", help="Stone Soup without our coarse gate: same, slower")
    parser.add_argument("--tune", action="store_true", help="the peer's settings on the tuning seeds")
    arguments = parser.parse_args()
    if not arguments.alone and find_spec("stonesoup") is None:
        print("Stone Soup is not installed (extra bench); ours is measured alone.", file=sys.stderr)
        arguments.alone = True
    if arguments.tune:
        for name in arguments.presets:
            tune(name)
        return
    if not arguments.peers_only:
        compile_kernels()
        for name in WARM_UP:
            ours(night(PRESETS[name], 1))
    seeds = list(range(arguments.first_seed, arguments.first_seed + arguments.seeds))
    results = {name: measure(name, seeds, arguments) for name in arguments.presets}
    report("tracking", {"seeds": seeds, "presets": results})


if __name__ == "__main__":
    main()
