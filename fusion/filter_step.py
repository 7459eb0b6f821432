"""One step of the filter: the tracks after a scan, from prediction to the start and end of tracks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fusion.association.associate import associate
from fusion.association.gating import gate
from fusion.filter import existence, kalman
from fusion.filter.clutter import burst_of, with_crowd
from fusion.filter.clutter_density import after_look, with_learnt_clutter
from fusion.filter.kalman import BEARING
from fusion.filter.measurements import plots_of
from fusion.filter.negative_information import after_miss, after_quiet, is_heartbeat, quiet_s
from fusion.filter.track_bank import (
    TENTATIVE,
    Rows,
    TrackBank,
    no_rows,
    track_view,
    with_unobservable,
    within_reach,
)
from fusion.filter.triangulation import Look, triangulate
from fusion.models.contradictions import Mixture, learn_doubt
from fusion.models.false_dead_ground import LookedAt, learn_dead_ground, seen_despite_map
from fusion.models.motion import combine, predict
from fusion.models.terrain_speed import slow_down
from fusion.models.tracker_model import TrackerModel
from fusion.models.undetected import given_back
from fusion.models.unobservable import predict_unobservable, unobservable_after
from fusion.poses.looks import Looks
from fusion.poses.placed import (
    all_at_poses,
    at_pose,
    corrected,
    for_registration,
    is_lost,
    known_after,
)
from fusion.registration.duplicate_tracks import align
from fusion.registration.estimate import bias_of
from fusion.track_management.bank_update import UpdatedTracks, deletion_rules, untouched
from fusion.track_management.lifecycle import after_nothing, settle, sweep
from sensors.mobile import POSE
from sensors.scan_columns import ScanColumns


def advance(
    model: TrackerModel, bank: TrackBank, scan: ScanColumns, looks: Looks | None = None
) -> tuple[TrackBank, Rows]:
    """Return the bank after ``scan``, and a row for each track in its field. Pure: no argument is changed, except that
    ``looks`` remembers what it computed for mobile sensors."""
    now, fixed_model, place_sd = scan.observed_ns, model, 0.0
    if scan.kind == POSE:
        return replace(bank, poses=known_after(model, bank.poses, scan)), no_rows(now)
    looks = looks or Looks()
    model, stand = at_pose(model, bank.poses, looks, scan.sensor, now)
    sensor, motion, settings = model.sensor(scan.sensor), model.motion, model.settings
    view, east, north = seen_despite_map(bank.exposed, sensor), sensor.view.east, sensor.view.north
    if stand is not None:
        if is_lost(stand):
            return bank, replace(no_rows(now), dropped=len(scan))
        scan, view, place_sd = corrected(scan, stand, sensor), sensor.view, stand.place_sd
    heartbeat = is_heartbeat(sensor, scan)
    miss_counts = sensor.polled or heartbeat  # whether giving no plot is evidence
    watches = sensor.polled and not sensor.trigger_only
    bank = align(fixed_model, bank, now, looks)
    undetected, still_undetected, expected_new = sweep(model, bank, sensor, now)
    if sensor.trigger_only and not len(scan) and untouched(bank.tracks, now, view, deletion_rules(model)):
        return after_nothing(bank, sensor, scan, still_undetected), no_rows(now)

    # predict
    tracks = bank.tracks
    rows, dt = within_reach(tracks.centre, tracks.spread, tracks.time_ns, now, view)
    mean, cov, mode = predict(
        tracks.mean[rows], tracks.cov[rows], tracks.mode[rows], dt,
        motion.speed_sd, motion.correlation, motion.rate, motion.gait,
    )  # fmt: skip
    label = tracks.label[rows]
    slow_down(mean, cov, dt, (motion.kind, motion.free), model.passage, model.earth, bank.doubt)
    centre, spread = combine(mean, cov, mode)
    views = track_view(centre, spread, tracks.existence[rows], dt, settings.lifetime_s, view)
    unobservable = predict_unobservable(
        tracks.unobservable[rows], tracks.status[rows] != TENTATIVE, dt, settings.observable_s, settings.unobservable_s
    )
    if watches:
        views = with_unobservable(views, unobservable)
    if heartbeat:
        missed, views = after_quiet(mean, cov, mode, views, sensor, quiet_s(bank, sensor, now))
    else:
        missed = after_miss(mean, cov, mode, views.uneven & sensor.polled, views.unobservable, view)

    # associate
    bias = bias_of(model.survey, bank.learnt, sensor.index)
    plots, dropped = plots_of(scan, sensor, model, undetected, bias, view, place_sd)
    plots, clutter_ratio = with_learnt_clutter(model, bank.densities, sensor, plots)
    bearings = bool((plots.kind == BEARING).any())
    plots = with_crowd(plots, views, view.azimuth_width) if bearings else plots
    burst = burst_of(plots, centre, views, expected_new, sensor, clutter_ratio)
    pairs = gate(mean, cov, mode, centre, plots, model.gate, east, north, view.max_range)
    unproved = (tracks.status[rows] == TENTATIVE) & (tracks.updated_ns[rows] == tracks.founded_ns[rows])
    hit, miss, alone, excess, views = associate(
        pairs, plots, views, unproved, label, model.share, miss_counts, burst, (centre, spread),
        settings.alike_distance,
    )  # fmt: skip
    flooded = int((excess > 1.0).sum())

    # update
    posterior = existence.judge(pairs, plots, views, label, hit, miss, miss_counts)
    least = settings.start_existence if sensor.polled else settings.start_by_event
    room = burst.room | ((burst.local <= 1.0) & watches)
    fresh = existence.founding(plots, alone, excess, room, least)
    false = np.where(burst.local > 1.0, 0.0, alone - fresh)
    densities = after_look(model, bank.densities, sensor, undetected, plots, false, burst.false_alarms)
    if model.is_person(sensor):
        fresh = np.where(alone < settings.start_by_report, 0.0, fresh)
    hidden = existence.keep_identities(pairs, plots.number, hit, posterior, fresh)
    still_undetected = given_back(model.births, still_undetected, centre, hidden)
    existence.lean_on_labels(pairs, plots, label, motion.kind, model.compatible)
    mean, cov, mode = kalman.update(mean, cov, mode, missed, pairs, plots, posterior.miss, posterior.hit, east, north)
    tracked = Mixture(mean, cov, mode, motion.kind, motion.free)
    doubt = learn_doubt(bank.doubt, model.passage, model.earth, tracked, posterior.updated * posterior.existence, now)
    exposed = bank.exposed
    if watches:
        if stand is None:
            looked_at = LookedAt(centre, spread, posterior.existence, posterior.updated, unobservable)
            exposed = learn_dead_ground(exposed, sensor, looked_at, tracked, views.seen, now)
        unobservable = unobservable_after(unobservable, views.seen, posterior.miss)
    updated = UpdatedTracks(rows, now, mean, cov, mode, views.held, posterior, unobservable)

    # start and close
    born = existence.newborn(plots, fresh, least, model.share, model.compatible, motion)
    contacts, unexplained = bank.contacts, 0
    if bearings:
        live = combine(mean, cov, mode)
        crossing = Look(sensor, now, plots, alone, excess > 1.0, undetected, live)
        placed = all_at_poses(fixed_model, bank.poses, looks, now)
        contacts, crossed, unexplained = triangulate(placed, bank.contacts, crossing)
        born = existence.joined(born, crossed)
    look = (undetected, still_undetected), (densities, doubt, exposed, contacts), (dropped, flooded, unexplained)
    return settle(model, bank, updated, born, scan if stand is None else for_registration(scan, stand), *look)
