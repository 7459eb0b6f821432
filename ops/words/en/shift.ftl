# The report of a period or of a demonstration (report.html).

shift-eyebrow = Watchline report
shift-answer = { $count ->
    [0] No alert was raised
    [one] 1 alert was raised, { $high } of high priority
   *[other] { $count } alerts were raised, { $high } of high priority
}, with { $confirmed ->
    [one] 1 confirmed track
   *[other] { $confirmed } confirmed tracks
}; { $accounted ->
    [all] all messages of the sensors are accounted for.
    [none] the sensors sent no message.
   *[other] not all messages of the sensors are accounted for.
}
shift-answer-dead-ground = At least { PERCENT($fraction) } of the area within { DISTANCE($belt) } of the border is dead ground: what happened there could not be seen.
shift-answer-dead-ground-unknown = How much of the area could not be seen is unknown.
shift-title-demo = Demonstration: { $sector }
shift-notice-demo = Demonstration: sensors and targets are simulated. Broker, messages, journal, tracking and alerts are real.
shift-notice-sample = Exercise border on sample terrain: the elevations are real. The border is hand-drawn, not surveyed. The latitudes of the terrain file appear to be 0.287° too far north (decision 0002).
shift-period = { $day }, { $utc }; local time { $local }; duration { DURATION($length) }
shift-period-utc = { $day }, { $utc }; duration { DURATION($length) }

# Headline figures

shift-headline-figures = Headline figures
shift-not-known = not known
shift-tile-alerts = Alerts
shift-tile-alerts-why = { $high } of high priority, { $confirmed ->
    [one] 1 confirmed track
   *[other] { $confirmed } confirmed tracks
}.
shift-tile-messages = Messages accounted for
shift-tile-messages-none = no message
shift-tile-messages-all = all
shift-tile-messages-not-all = not all
shift-tile-messages-why = { $received } received, { $journaled } journaled, { $duplicate } duplicate, { $dead_lettered } dead-lettered, { $shed } dropped.
shift-tile-dead-ground = Dead ground
shift-tile-dead-ground-unknown = Not computed. This does not mean that there is none.
shift-tile-dead-ground-why = Within { DISTANCE($belt) } of the border, on bare ground: a lower bound.
shift-tile-gospa = Tracking error (mean GOSPA)
shift-tile-gospa-unknown = No ground truth to compare with.
shift-tile-gospa-why = Cut-off { DISTANCE($cutoff) }. Localisation { PERCENT($localisation) }, missed { PERCENT($missed) }, false { PERCENT($false) }.
shift-tile-gospa-covered = Within sensor coverage: { DECIMAL($mean, digits: 1) } m.
shift-tile-latency-median = Median latency
shift-tile-latency-p99 = Latency, 99th percentile
shift-tile-latency-unknown = No samples.
shift-tile-latency-why = { $samples ->
    [one] 1 sample.
   *[other] { $samples } samples.
}

# Alerts

shift-heading-alerts = Alerts
shift-column-time = Time
shift-column-alert = Alert
shift-no-alert = No alert was raised.
shift-alerts-omitted = { $count ->
    [one] 1 later alert is in the alerts file beside this report.
   *[other] { $count } later alerts are in the alerts file beside this report.
}
shift-no-priority = no priority
shift-segment = segment { $segment }
shift-track = track { $track }
shift-workload-unknown = The alert workload is not known.
shift-workload = Alert workload of one operator: { $raised ->
    [one] 1 alert
   *[other] { $raised } alerts
} in { DURATION($length) }, { DECIMAL($mean, digits: 1) } per 10 minutes on average, { $busiest } in the busiest 10 minutes. EEMUA 191 rates this average as { $verdict ->
    [acceptable] acceptable
    [manageable] manageable
    [over-demanding] over-demanding
   *[unmanageable] unmanageable
}.
shift-workload-short = Alert workload of one operator: { $raised ->
    [one] 1 alert
   *[other] { $raised } alerts
} in { DURATION($length) }. EEMUA 191 rates alerts per 10 minutes; this period is shorter.
shift-workload-priorities = Priority when raised: { PERCENT($high) } high (recommended 5%), { PERCENT($medium) } medium (recommended 15%), { PERCENT($low) } low (recommended 80%).
shift-workload-defects = Defects: { $chattering ->
    [one] 1 chattering source
   *[other] { $chattering } chattering sources
}, { $stale ->
    [one] 1 stale alert
   *[other] { $stale } stale alerts
}, { $duplicates ->
    [one] 1 duplicate alert
   *[other] { $duplicates } duplicate alerts
}.

# Map

shift-heading-map = Map
shift-map-reading = Select a line or a symbol for details. The button at the top right selects layers. Relief from the terrain model.
shift-map-live = The same terrain, tracks and alerts on the live map: run the command in the folder of this file, then open the address on the same machine.
shift-map-script = The map needs JavaScript, which is inside this file. Everything else on this page works without it.
shift-legend-dead-ground = dead ground
shift-shades = Fraction of the segment’s area in dead ground:
shift-shade = { PERCENT($low) } to { PERCENT($high) }
shift-shade-unknown = unknown
shift-row-chainage = along the border
shift-row-chainage-value = { DECIMAL($start, digits: 1) } to { DECIMAL($end, digits: 1) } km
shift-row-dead-ground = dead ground
shift-row-alerts = alerts
shift-row-kind = kind
shift-row-range = range
shift-row-height = antenna height above ground
shift-row-reports = reports
shift-row-reports-every = every { DURATION($period) }
shift-row-reports-event = on events only
shift-row-class = probable class
shift-row-seen = tracked
shift-row-raised = raised
shift-row-status = status
shift-row-priority = priority
shift-row-certainty = evidence
shift-certainty-reading = Evidence counts five signs: existence of at least { PERCENT($existence) }, { $sensors } sensors or more, class of at least { PERCENT($class) }, position error of at most { DISTANCE($error) } (95%), and a detection now, which no track has in a report.

# Dead ground

shift-heading-dead-ground = Dead ground
shift-dead-ground-not-computed = Dead ground was not computed for this report. This does not mean that there is none.
shift-dead-ground-unknown = Visibility is unknown for the whole area along the border.
shift-dead-ground = With all sensors of this layout working, { PERCENT($fraction) } of the area within { DISTANCE($belt) } of the border is dead ground. It exceeds half of the area in { $dark } of { $known ->
    [one] 1 segment
   *[other] { $known } segments
}.
shift-dead-ground-worst = Most dead ground: { $segments }.
shift-dead-ground-segment = segment { $segment } ({ PERCENT($fraction) })
shift-dead-ground-unknown-part = Visibility is unknown for { PERCENT($fraction, digits: 1) } of the area.
shift-dead-ground-formula = dead ground = 1 − (cells in line of sight of at least one sensor) ÷ (cells of known visibility)
shift-dead-ground-limit-sight = A cell is in line of sight if at least one working sensor has it within range and field of view, with a clear line over the terrain model to a standing person there. Line of sight is not detection.
shift-dead-ground-limit-bare = The ground is assumed bare and the person upright: trees, buildings and crawling increase dead ground, so the true fraction is higher. Weather, outages and camouflage further reduce detection.
shift-dead-ground-limit-ground-sensor = A ground sensor counts for the whole cell in which it stands, although it senses only tens of metres: the figure is optimistic.
shift-dead-ground-limit-cells = Hollows smaller than a cell of the terrain model are not resolved. Cells behind a void in the terrain are unknown and excluded from both counts.

# Tracking quality and latency

shift-heading-quality = Tracking quality and latency
shift-gospa-unknown = Without ground truth the tracking error is not known.
shift-gospa = GOSPA compares tracks with the simulated targets at { $instants ->
    [one] 1 instant
   *[other] { $instants } instants
}: { DECIMAL($mean, digits: 1) } m on average (lower is better). It combines the distance of tracks to their targets, missed targets and false tracks. The largest part is { $part ->
    [localisation] localisation
    [missed] missed targets
   *[false] false tracks
} ({ PERCENT($fraction) }). Targets in dead ground count as missed.
shift-latency-alert = Latency is measured from the observation of a detection to the publication of the alert.
shift-latency-picture = Latency is measured from the sending of a scan to its inclusion in the stored tracks (wall-clock time).

# Messages

shift-heading-messages = Message accounting
shift-balanced = Balanced.
shift-not-balanced = Not balanced.
shift-not-checked = Not checked.
shift-receipts = Receipts: { $received } received = { $journaled } journaled + { $duplicate } duplicate + { $dead_lettered } dead-lettered + { $shed } dropped.
shift-messages = Messages: { $published } published = { $journaled } journaled + { $dead_lettered } dead-lettered + { $shed } dropped, each counted once.
shift-messages-unknown = Messages: the number that the senders published is not known.
shift-column-sensor = Sensor
shift-column-published = published
shift-column-received = received
shift-column-journaled = journaled
shift-column-duplicate = duplicate
shift-column-dead_lettered = dead-lettered
shift-column-shed = dropped
shift-column-balanced = balanced
shift-yes = yes
shift-no = no
shift-all-sensors = All sensors
shift-no-known-sensor = (unknown sensor)
shift-colophon = Generated by Watchline from the journal and the stores of this run. Vertical datum: { $datum }; cells of { DISTANCE($cell) }. Layout: { $layout }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}. { $zone ->
    [UTC] Times are in UTC.
   *[other] Times are in UTC first, then in { $zone }.
} Map: Leaflet (BSD 2-Clause), drawn by folium. Figures: matplotlib.

# Figures

shift-figure-gospa = Tracking error over time
shift-figure-gospa-alt = GOSPA over time in metres: mean { DECIMAL($mean, digits: 1) }, lowest { DECIMAL($low, digits: 1) }, highest { DECIMAL($high, digits: 1) }, split into localisation error, missed targets and false tracks.
shift-figure-gospa-caption = Lower is better. The line is GOSPA; the bands show its parts.
shift-figure-gospa-thinned = Each point is the power mean of { $count } instants.
shift-gospa-localisation = localisation
shift-gospa-missed = missed
shift-gospa-false = false
shift-axis-minutes = minutes from the start
shift-axis-gospa = GOSPA [m]
shift-figure-latency = Latency
shift-figure-latency-alt = Latency of { $samples ->
    [one] 1 sample
   *[other] { $samples } samples
}: median { DECIMAL($median) } ms, 99th percentile { DECIMAL($high) } ms.
shift-figure-latency-caption = Bars: number of samples. Lines: percentiles.
shift-latency-median = median { DECIMAL($value) } ms
shift-latency-p99 = p99 { DECIMAL($value) } ms
shift-axis-latency = milliseconds (logarithmic)
shift-axis-count = count
shift-figure-sensors = Messages per sensor
shift-figure-sensors-alt = Messages journaled per sensor: { $sensors }.
shift-figure-sensors-caption = Scans without detections are counted too.
shift-sensor-count = { $sensor } { DECIMAL($count) }
shift-more-sensors = { $count } more
shift-axis-journaled = messages journaled
shift-figure-border = Alerts and dead ground along the border
shift-figure-border-alt = { $alerts ->
    [one] 1 alert
   *[other] { $alerts } alerts
} along { $segments ->
    [one] 1 segment
   *[other] { $segments } segments
}, { DECIMAL($length, digits: 1) } km.
shift-figure-border-worst = Most dead ground: segment { $segment }, { PERCENT($fraction) } of its area.
shift-figure-border-caption = Few alerts above a tall dead-ground bar indicate missing coverage, not low activity.
shift-other-rules = other
shift-axis-alerts = alerts
shift-axis-dead-ground = dead ground
shift-axis-chainage = km along the border
shift-not-computed = not computed

## Incidents

shift-incidents =
    { $count ->
        [0] No incidents.
        [one] { $count } incident; { $open } not closed, { $system } closed by the system without operator action.
       *[other] { $count } incidents; { $open } not closed, { $system } closed by the system without operator action.
    }
shift-incidents-disposition = { $disposition ->
    [apprehended] apprehended
    [turn_back] turned back
    [got_away] got away
    [no_threat] no threat
    [rescue] rescue
    [lost] lost
    [nuisance] nuisance alarm
    [restored] equipment restored
    [unresolved] unresolved
   *[merged] merged
} { $count }
shift-incidents-dispositions = Dispositions: { $dispositions }.
shift-incidents-operational = Interdiction effectiveness rate of detected crossings: { $part } of { $whole }, { PERCENT($value) } (95% interval { PERCENT($low) } to { PERCENT($high) }).
shift-incidents-no-rate = Interdiction effectiveness rate: not known; no incident was closed as apprehended, turned back or got away.
shift-incidents-statutory-unknown = Unlawful border crossing effectiveness rate: not known without the number of undetected crossings.
shift-incidents-acknowledged = Time to acknowledgement: median { DURATION($median) }, 90% within { DURATION($most) } ({ $count ->
    [one] { $count } incident
   *[other] { $count } incidents
}).
shift-incidents-closed = Time to disposition: median { DURATION($median) }, 90% within { DURATION($most) } ({ $count ->
    [one] { $count } incident
   *[other] { $count } incidents
}).
