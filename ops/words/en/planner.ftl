# The planner’s page: two layouts side by side, edits on the map, background jobs.

planner-title = Watchline planner: { $sector }
planner-what = Compare two sensor layouts. Changes here do not affect live operations.
planner-loading = Loading the layouts and their coverage…
planner-live-map = Live map
planner-panel =
    .aria-label = Layouts and jobs
planner-left = Left
planner-right = Right
planner-layout = Layout
planner-undo = Undo all edits
planner-save = Save as GeoJSON
planner-azimuth = Azimuth (boresight)
planner-move =
    .aria-label = Move by 50 m
planner-north = North
planner-south = South
planner-west = West
planner-east = East
planner-remove = Remove
planner-jobs = Background jobs
planner-job-list =
    .aria-label = Jobs
planner-compare = Compare at equal cost
planner-budget = Budget (life-cycle cost, { $currency })
planner-objective = Maximise
planner-objective-mean = mean detection probability
planner-objective-worst = detection on the worst segment
planner-objective-path = detection on the minimum-detection path
planner-from-left = Start from the left layout
planner-optimise = Optimise layout
planner-legend-title = Pd, person on foot, 10 min exposure, daylight
planner-legend-existing = Existing
planner-legend-added = Added by the plan
planner-legend-relay = Relay
planner-legend-unlinked = No link to a base
planner-legend-unknown = Unknown: no terrain data
planner-legend-probability = { PERCENT($low) } to { PERCENT($high) }
planner-maps =
    .aria-label = Maps
planner-swipe = Swipe
planner-swipe-bar =
    .aria-label = Swipe between the left and the right layout
planner-map = { $side ->
    [a] Map of the left layout
   *[b] Map of the right layout
}
planner-edited = { $layout } (edited)
planner-figures-sensors = { $sensors ->
    [one] { $sensors } sensor
   *[other] { $sensors } sensors
}
planner-figures-relays = { $relays ->
    [one] { $relays } relay
   *[other] { $relays } relays
}
planner-figures-mean = Mean Pd: { PERCENT($mean, digits: 1) }
planner-figures-worst = Worst segment ({ $segment }): Pd { PERCENT($worst, digits: 1) }
planner-figures-unlinked = { $count ->
    [one] { $count } sensor has no link to a base and is excluded. A relay may help.
   *[other] { $count } sensors have no link to a base and are excluded. Relays may help.
}
planner-kind = { $kind ->
    [radar] radar
    [camera] camera
    [ground_sensor] ground sensor
    [radio] radio direction finder
    [human] observer
    [relay] relay
   *[other] { $kind }
}
planner-pin = { planner-kind } { $sensor }
planner-turn = Rotate
planner-turn-of = Rotate { $sensor }
planner-sensor = { $relay ->
    [yes] { $item }, link range up to { DISTANCE($range) }
   *[no] { $item }, range up to { DISTANCE($range) }
}
planner-job = { $kind ->
    [compare] Comparison
    [plan] Layout plan
   *[other] { $kind }
}
planner-job-state = { $state ->
    [queued] queued
    [running] running
    [done] done
    [cancelled] cancelled
   *[failed] failed
}
planner-job-title = { planner-job }: { planner-job-state }
planner-job-doing = { planner-job-title }, { planner-doing }
planner-doing = { $doing ->
    [candidates] evaluating candidate sites
    [choosing] selecting sites
    [layouts] evaluating layouts
    [samples] Monte Carlo samples
   *[other] { $doing }
}
planner-progress =
    .aria-label = Progress
planner-cancel = Cancel
planner-show-left = Show left
planner-show-right = Show right
planner-plan = Plan { $number }: { $items }
planner-plan-short = Plan { $number }
planner-item = { $count } × { $item }
planner-no-items = no additions
planner-answer = Add { $items } for { $currency } { DECIMAL($cost) }. { planner-answer-objective }: { PERCENT($without, digits: 1) } → { PERCENT($value, digits: 1) }, { planner-answer-gap }.
planner-answer-objective = { $objective ->
    [worst_segment] Pd on the worst segment, outages included
    [least_detection] Pd on the minimum-detection path, all sensors working
   *[mean_probability] Mean Pd, outages included
}
planner-answer-gap = { $optimal ->
    [yes] optimal
   *[no] within { PERCENT($gap, digits: 1) } of optimal
}
planner-no-layout = The sector has no layout.
planner-refused-closing = The planner is closing.
planner-refused-full = { $count } jobs are already queued. Cancel one, or wait.
planner-failed-no-answer = The planner process ended without an answer. Try again; if that fails, call the administrator (the log on the server says why).
