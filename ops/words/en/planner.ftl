# The planner’s page: two layouts side by side, edits on the map, background jobs.

planner-title = Watchline planner: { $sector }
planner-live-map = Live map
planner-panel =
    .aria-label = Layouts and jobs
planner-left = Left
planner-right = Right
planner-azimuth = Azimuth (boresight)
planner-move =
    .aria-label = Move by 50 m
planner-north = North
planner-south = South
planner-west = West
planner-east = East
planner-jobs = Background jobs
planner-job-list =
    .aria-label = Jobs
planner-compare = Compare at equal cost
planner-compared = Comparison at equal cost: measures of both layouts
planner-budget = Budget (life-cycle cost, { $currency })
planner-objective = Maximise
planner-objective-mean = mean detection probability
planner-objective-worst = detection on the worst segment
planner-objective-path = detection on the minimum-detection path
planner-from-left = Start from the left layout
planner-optimise = Optimise layout
planner-legend-radar = Radar
planner-legend-camera = Camera
planner-legend-observer = Observer
planner-legend-ground-sensor = Ground sensor
planner-legend-added = Added
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
planner-kept-gone = { $side ->
    [a] The plan that was shown on the left is not kept any more, nor are its edits.
   *[b] The plan that was shown on the right is not kept any more, nor are its edits.
}
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
    [front] searching cheaper plans
    [report] writing the report
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

## Editing, figures and equipment

planner-what = Plan and compare two sensor layouts. Changes here do not affect live operations.
planner-loading = Loading terrain and layouts…
planner-busy = Computing coverage…
planner-no-webgl = This browser cannot draw the planner’s maps: WebGL 2 is missing or disabled.
planner-target = Target
planner-target-person = Person on foot
planner-target-group = Group on foot
planner-target-vehicle = Vehicle
planner-conditions = Conditions
planner-conditions-day = Day
planner-conditions-night = Night
planner-conditions-day-fog = Day, fog
planner-conditions-night-fog = Night, fog
planner-conditions-day-rain = Day, rain
planner-conditions-night-rain = Night, rain
planner-conditions-wind = Day, strong wind
planner-figures = Coverage and cost of both layouts
planner-row-sensors = Sensors + relays
planner-row-mean = Mean Pd
planner-row-worst = Worst segment: Pd
planner-row-price = Purchase, { $currency }
planner-row-cycle = Life-cycle cost, { $years } years, { $currency }
planner-row-crew = Crew on duty
planner-cell-sensors = { $sensors } + { $relays }
planner-cell-percent = { PERCENT($value, digits: 1) }
planner-cell-segment = no. { $segment }
planner-cell-amount = { DECIMAL($value) }
planner-crew = { $whole ->
    [yes] { DECIMAL($crew) }
   *[no] { DECIMAL($crew, digits: 1) }
}
planner-crew-change = { $whole ->
    [yes] { DECIMAL($crew, sign: 1) }
   *[no] { DECIMAL($crew, digits: 1, sign: 1) }
}
planner-change = { DECIMAL($difference, sign: 1) }
planner-change-points = { DECIMAL($points, digits: 1, sign: 1) } pp
planner-tab-equipment = Equipment
planner-tab-sensor = Sensor
planner-equipment-none = No item matches.
planner-equipment-unit = Purchase price and, below it, life-cycle cost over { $years } years in { $currency }. Select an item, then click on the map; or drag it there.
planner-place-hint = Click on the map to place: { $item }. Escape cancels.
planner-sensor-none = Select a sensor on the map, or add one from the equipment list.
planner-sensor-cost = Purchase { $currency } { $price }, life-cycle cost { $currency } { DECIMAL($cost) } over { $years } years, crew { planner-crew }
planner-name = Name
planner-duplicate = Duplicate
planner-remove = Delete
planner-keys = Keys on a sensor: arrows move it by 50 m (with Shift 500 m), R rotates it, D duplicates it, Delete deletes it. Ctrl+Z undoes, Ctrl+Shift+Z redoes.
planner-legend-in-hand = Line of sight of the sensor being moved
planner-undo-a =
    .aria-label = Undo: left layout
    .title = Undo: left layout
planner-undo-b =
    .aria-label = Undo: right layout
    .title = Undo: right layout
planner-redo-a =
    .aria-label = Redo: left layout
    .title = Redo: left layout
planner-redo-b =
    .aria-label = Redo: right layout
    .title = Redo: right layout
planner-discard-a =
    .aria-label = Discard all edits: left layout
    .title = Discard all edits: left layout
planner-discard-b =
    .aria-label = Discard all edits: right layout
    .title = Discard all edits: right layout
planner-save-a =
    .aria-label = Save as GeoJSON: left layout
    .title = Save as GeoJSON: left layout
planner-save-b =
    .aria-label = Save as GeoJSON: right layout
    .title = Save as GeoJSON: right layout
planner-edits-a =
    .aria-label = Edits of the left layout
planner-edits-b =
    .aria-label = Edits of the right layout
planner-tabs =
    .aria-label = Editing and jobs
planner-equipment =
    .aria-label = Equipment that can be placed
planner-equipment-search =
    .aria-label = Search equipment
    .placeholder = Search equipment
planner-zoom-home =
    .aria-label = Show the whole border
    .title = Show the whole border
planner-grid =
    .aria-label = Grid lines, MGRS
    .title = Grid lines, MGRS
planner-note = { $side ->
    [a] Left: { $note }
   *[b] Right: { $note }
}
planner-said = { $side ->
    [a] Left: mean Pd { PERCENT($mean, digits: 1) }, life-cycle cost { DECIMAL($cost) }
   *[b] Right: mean Pd { PERCENT($mean, digits: 1) }, life-cycle cost { DECIMAL($cost) }
}
planner-name-problem = { $wrong ->
    [taken] Another sensor has this name.
   *[unusable] A name has 1 to 64 characters without +, # or /, and no space at either end.
}
planner-legend-title = Pd, { $target ->
    [group] group on foot
    [vehicle] vehicle
   *[person] person on foot
}, 10 min exposure, { $conditions ->
    [night] night
    [day-fog] day, fog
    [night-fog] night, fog
    [day-rain] day, rain
    [night-rain] night, rain
    [wind] day, strong wind
   *[day] daylight
}

## Results as pictures

planner-results =
    .aria-label = Results
planner-result-tabs =
    .aria-label = Results shown
planner-front = Cost and coverage
planner-front-card =
    .aria-label = Cost and coverage
planner-front-measure =
    .aria-label = Measure of coverage
planner-front-mean = mean Pd
planner-front-worst = worst segment
planner-front-chart =
    .aria-label = Life-cycle cost and coverage of the layouts; the line joins the non-dominated ones
planner-front-axis = Life-cycle cost, million { $currency }
planner-front-cost = { $digits ->
    [0] { DECIMAL($cost) }
    [1] { DECIMAL($cost, digits: 1) }
   *[2] { DECIMAL($cost, digits: 2) }
}
planner-front-value = { $digits ->
    [0] { PERCENT($value) }
   *[1] { PERCENT($value, digits: 1) }
}
planner-front-side = { $side ->
    [a] { planner-left } (edited)
   *[b] { planner-right } (edited)
}
planner-front-point = { $layout }: { $measure ->
    [worst] worst segment
   *[mean] mean Pd
} { PERCENT($value, digits: 1) }, life-cycle cost { DECIMAL($cost, digits: 2) } million{ $best ->
    [yes] { ", non-dominated" }
   *[no] { "" }
}
planner-front-plan = Plan { $number }, step { $step }
planner-front-plan-title = { $plan }: { $items }
planner-front-without = { $count ->
    [one] { $count } layout is not shown: price unknown.
   *[other] { $count } layouts are not shown: price unknown.
}
planner-worst = Worst segments
planner-worst-card =
    .aria-label = Worst segments
planner-worst-of =
    .aria-label = Layout that is ranked
planner-worst-list =
    .aria-label = Segments with the lowest mean Pd; the mark on a bar is the other layout
planner-worst-where = { $segment } · km { DECIMAL($start, digits: 1) }–{ DECIMAL($end, digits: 1) }
planner-gain = Gain and loss
planner-gain-card =
    .aria-label = Gain and loss
planner-change-of =
    .aria-label = Layouts that are compared
planner-change-of-sides = right against left
planner-change-of-a = edits of the left layout
planner-change-of-b = edits of the right layout
planner-change-on = Show on the map
planner-change-chart =
    .aria-label = Change of the mean Pd of each segment along the border, in percentage points
planner-change-says = +{ DECIMAL($gained, digits: 1) } km², −{ DECIMAL($lost, digits: 1) } km² by ≥ 5 pp near the border
planner-change-legend-title = Change of Pd in percentage points (pp), { $of ->
    [a] edits of the left layout
    [b] edits of the right layout
   *[sides] right against left
}
planner-legend-change = { DECIMAL($low, sign: 1) } to { DECIMAL($high, sign: 1) } pp
planner-report = Report
planner-report-of = { $kind ->
    [compare] Report: comparison { $number }
   *[plan] Report: plan { $number }
}
planner-report-none = Compare or optimise for a report.
planner-more = Details
planner-own-side = Sites on the own side only
planner-at-least = { $known ->
    [yes] ≥ { $value }
   *[no] unknown
}
planner-no-price = { $leased ->
    [yes] leased
   *[no] none
}
planner-sensor-unpriced = Price unknown: not an item of the equipment catalogue.
planner-figures-unlisted = { $count ->
    [one] { $count } sensor is not in the equipment catalogue: price and crew unknown.
   *[other] { $count } sensors are not in the equipment catalogue: price and crew unknown.
}
