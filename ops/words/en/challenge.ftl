# watchline challenge: measures of a border's terrain for any layout, and of one layout on it.

# Printed lines
challenge-headline = 
    Coverage gaps on { $gaps } of { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    }: crossing Pd below { $required }.
challenge-headline-none = No coverage gap: crossing Pd is at least { $required } on every known segment.
challenge-headline-all-unknown = Coverage gaps are unknown: crossing Pd is unknown on every segment that can be crossed.
challenge-headline-unknown = Crossing Pd is unknown on { $unknown ->
    [one] 1 segment
   *[other] { $unknown } segments
}.
challenge-barrier = Barrier resilience k = { $k }.
challenge-barrier-bounds = Barrier resilience k is at least { $low }, at most { $high }: the line of sight of a sensor is unknown.
challenge-barrier-unknown = Barrier resilience is unknown.
challenge-barrier-caution = The lowest crossing Pd is nevertheless only { DECIMAL($least, digits: 2) }: k counts sensor footprints, not detections.
challenge-progress-movement = roads and response
challenge-progress-sections = sub-sections
challenge-progress-files = files

# Names
challenge-path = { $kind ->
    [minimum_detection] minimum-detection path
    [minimum_time] minimum-time path
   *[most_vulnerable] most vulnerable path
}
challenge-path-title = { $kind ->
    [minimum_detection] Minimum-detection path
    [minimum_time] Minimum-time path
   *[most_vulnerable] Most vulnerable path
}
challenge-score = { $score ->
    [crossing_ease] Crossing ease
    [surveillance_difficulty] Surveillance difficulty
   *[response_difficulty] Response difficulty
}
challenge-direction = { $direction ->
    [inward] inbound
   *[outward] outbound
}
challenge-mover = { $mover ->
    [walker] on foot
   *[vehicle] by vehicle
}
challenge-state = { $state ->
    [unreachable] no crossing possible
    [unknown] unknown
   *[crossed] crossing possible
}
challenge-of-segment = segment { $number }
challenge-never = never
challenge-value-minutes = { DECIMAL($value, digits: 0) } min
challenge-value-metres = { DECIMAL($value, digits: 0) } m
challenge-value-km = { DECIMAL($value, digits: 2) } km
challenge-value-percent = { PERCENT($value) }
challenge-value-count = { DECIMAL($value, digits: 0) }
challenge-value-count-bounds = { DECIMAL($low, digits: 0) } to { DECIMAL($high, digits: 0) }
challenge-value-at-least = at least { $value }
challenge-value-band = { DECIMAL($value, digits: 2) } ({ DECIMAL($low, digits: 2) }–{ DECIMAL($high, digits: 2) })
challenge-value-ratio = { $part } of { $whole }

# Published numbers: names
challenge-record-known-terrain = Fraction of the area with known terrain
challenge-record-dead-ground-any-layout = Dead ground for any layout, targets { DECIMAL($height, digits: 1) } m tall
challenge-record-least-crossing-time = Shortest crossing time
challenge-record-uncrossable = Segments that cannot be crossed
challenge-record-median-response = Median response time of the segments
challenge-record-outside-reference = Segments outside the reference table: { $score }
challenge-record-composite-correlation = Composite: lowest rank correlation
challenge-record-composite-stable = Composite: fraction of the top tenth that remains
challenge-record-gap-segments = Segments with crossing Pd below { $required }
challenge-record-gap-length = Border length with crossing Pd below { $required }
challenge-record-unknown-segments = Segments with unknown crossing Pd
challenge-record-least-detection = Lowest Pd of a crossing
challenge-record-least-interruption = Lowest probability of interruption
challenge-record-path-time = Crossing time, { $path }
challenge-record-path-detection = Pd, { $path }
challenge-record-path-interruption = Probability of interruption, { $path }
challenge-record-path-confirmed = Probability of a confirmed track, { $path }
challenge-record-dead-ground-layout = Dead ground of this layout
challenge-record-covered = Area with cumulative Pd ≥ { $required } (exposure time { DURATION($exposure) })
challenge-record-resilience = Barrier resilience k
challenge-record-contribution = Marginal contribution (mean loss of Pd without the sensor)
challenge-record-opened = Fraction of segments where its loss opens a coverage gap

# Published numbers: intervals
challenge-interval-census = none: every case is counted, none is sampled
challenge-interval-phase = random phase of the scans: lower and upper end
challenge-interval-samples = 5% to 95% of Monte Carlo samples of elevation errors
challenge-interval-samples-outside = 5% to 95% of Monte Carlo samples of elevation errors; the value is outside because such errors shift the measure on average (bias)
challenge-interval-by-segment = none for the whole border; intervals of each segment are in records_by_segment.parquet
challenge-interval-not-sampled = none: no elevation errors were sampled
challenge-interval-uncrossable = none: in some samples no crossing is possible or the terrain is unknown
challenge-interval-one-path = none: one path
challenge-interval-wilson = Wilson 95% interval of simulated crossings
challenge-interval-strips = sensitivity to the number of strips: { $strips }, half and twice as many; not a confidence interval
challenge-interval-strips-unknown = none: unknown for some number of strips
challenge-interval-sight = bounds: lines of sight that are unknown count as none, and as all
challenge-interval-none = none: { $reason }

# Published numbers: limitations and reasons
challenge-limit-no-bases = The sector has no bases on the terrain, so response times are unknown.
challenge-limit-no-crossing = No crossing of the segment is possible, so there is nothing to detect.
challenge-limit-all-paths-unknown = The terrain, or the sensors' line of sight, is unknown on every path.
challenge-limit-none-crossable = No segment can be crossed, as far as is known.
challenge-limit-every-unknown = Every segment is unknown.
challenge-limit-no-segment = There is no segment.
challenge-limit-no-cell = The area has no cells.
challenge-limit-all-terrain-unknown = All terrain in the area is unknown.
challenge-limit-sight-unknown = The line of sight to every cell is unknown.
challenge-limit-undecided = Unknown and not included: { PERCENT($unknown, digits: 1) } of the area, which a sensor with an unknown line of sight may cover. With it, { PERCENT($low, digits: 1) } to { PERCENT($high, digits: 1) }.
challenge-limit-best-sites = Best observation sites of each segment; see the settings of the terrain measures.
challenge-limit-measure-unknown = The measure is unknown.
challenge-limit-terrain-or-access = The terrain is unknown, or no path leads there.
challenge-limit-headline-unknown = The measure on which the score is based is unknown.
challenge-limit-within-border = Rank within this border only.
challenge-limit-reference = Reference table: { $table ->
    [pyrenees-maritime-alps-srtm3] Pyrenees and Maritime Alps (SRTM, 3 arc-seconds), version { $version }
   *[other] { $table } { $version }
}.
challenge-limit-weights = Weights: { $weights }; each changed by ±{ PERCENT($change) }.
challenge-limit-excluded = { $count ->
    [one] 1 unknown segment is excluded.
   *[other] { $count } unknown segments are excluded.
}
challenge-limit-lower-bound = Lower bound: the line of sight of a sensor is unknown over { DISTANCE($length) }.
challenge-limit-lower-bound-path = Lower bound: the line of sight of a sensor is unknown on the path.
challenge-limit-at-least = Lower bound.
challenge-limit-one-detection = At least one detection; a confirmed track is less likely.
challenge-limit-three-paths = Lowest value on three paths, not a proven worst case.
challenge-limit-slower = { DECIMAL($value, digits: 2) } with a response { $factor } times as slow.
challenge-limit-overlength = The computed path is up to { PERCENT($overlength, digits: 2) } too long.
challenge-limit-tasks = Task times independent and normally distributed.
challenge-limit-detection-unknown = Detection is unknown: on every path, the terrain or a sensor's line of sight is unknown.
challenge-limit-response-unknown = The response time is unknown: the terrain is unknown there, or on every possible path there.
challenge-limit-interruption-unknown = In every segment that can be crossed, detection or the response time is unknown.
challenge-limit-no-response = The response time or the path time is unknown.
challenge-limit-no-coverage-on-path = No sensor covers the path.
challenge-limit-not-simulated = Not simulated.
challenge-limit-simulation-unknown = The line of sight of the sensors on the path is unknown.
challenge-limit-simulated = One crosser, without false alarms or other traffic; sensors that do not cover the path are omitted; the tracker assumes clear-day conditions; a camera that fails to find the crosser in one search does not search again.
challenge-limit-footprints = A footprint is every cell in which a single look may detect (Pd above 0); k is the number of footprints that a crosser must enter, not the number of detections.
challenge-limit-upper-bound = Upper bound: the border was computed in sub-sections.
challenge-limit-barrier-bounds = Lower bound: k is at most { $high }, and the line of sight of a sensor is unknown.
challenge-limit-resilience-unknown = Barrier resilience is unknown: the border has no two ends, or part of it is outside the terrain.
challenge-limit-bound-time = Upper bound: a path beyond the overlap of the sub-section may be faster.
challenge-limit-bound-detection = Upper bound: a path beyond the overlap of the sub-section may have a lower Pd.
challenge-limit-bound-interruption = Paths within the overlap of the sub-section only: one beyond it may be worse.
challenge-cut-set = minimum cut set: { $sensors }
challenge-cut-set-empty = an undetected path exists

# Published numbers: sources and assumptions
challenge-source-terrain = terrain (vertical datum: { $datum }), cells of { DECIMAL($cell, digits: 0) } m
challenge-source-layout = layout { $layout }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}, on that terrain
challenge-assume-movement = movement { $mover } over { $ground }
challenge-assume-belt = area within { DISTANCE($belt) } of the border
challenge-assume-settings = terrain measures: openness radius { DISTANCE($openness_radius_m) }, ruggedness window { $window } cells, { $sites } observation sites per segment with antennas at { DECIMAL($mast_m, digits: 0) } m and range { DISTANCE($sight_m) }, targets { $heights } m tall, effective Earth radius factor k = { DECIMAL($curvature_k, digits: 3) }, { $neighbours } neighbours per cell
challenge-assume-errors = elevation errors: standard deviation { DECIMAL($sd, digits: 1) } m, correlated over { DISTANCE($correlation) }, { $samples } Monte Carlo samples
challenge-assume-no-errors = elevation errors: not sampled
challenge-assume-target = target { $target }; conditions { $conditions }; { $direction } crossing
challenge-assume-independence = misses of sensors and scans independent
challenge-assume-named-settings = named settings of the sensors: summary.json
challenge-assume-crew = response by a crew from the base nearest in time, by vehicle as far as that saves time, then on foot
challenge-assume-off-road = vehicle off road: { DECIMAL($speed, digits: 1) } m/s on level open ground, multiplied by exp(−{ $decline } |gradient|), on gradients up to { $limit }
challenge-assume-on-road = vehicle on a road: speed of the road class
challenge-assume-on-foot = on foot: Tobler's walking speed, multiplied by { $factor } off paths
challenge-assume-turnout = turnout { DURATION($turnout) }; leaving the vehicle { DURATION($dismount) }
challenge-assume-response-ground = response over { $ground }
challenge-assume-seen = crossers were seen at { SPEED($speed) }: for the interruption, a crossing takes no longer than its path at that speed
challenge-assume-strips = { $strips } strips of { DISTANCE($depth) }; a detection counts with a fraction { $position } of the strip's time remaining
challenge-assume-spread = standard deviation of strip and response times: { PERCENT($sd) } of the mean; independent
challenge-assume-communication = probability that an alarm is passed on: { PERCENT($communication) }
challenge-assume-end = the response goes to where the path leaves the area

# The report
challenge-page-eyebrow = Watchline geography challenge
challenge-page-title = Geography challenge: { $sector }
challenge-answer-detection = The border is weakest at { $place }: a crosser is detected there with probability { PROBABILITY($value) }.
challenge-answer-detection-at-least = The border may be weakest at { $place }: a crosser is detected there with probability at least { PERCENT($value) }; the line of sight of a sensor is unknown over { DISTANCE($length) } of the path.
challenge-answer-detection-unknown = Where the border is weakest is unknown: no segment has a known crossing Pd.
challenge-answer-interruption = { $excluded ->
    [0] The response
   *[other] Of the segments where it is known, the response
} is least likely to interrupt a crossing at { $place }: probability { PROBABILITY($value) }.
challenge-answer-interruption-at-least = { $excluded ->
    [0] The response
   *[other] Of the segments where it is known, the response
} may be least likely to interrupt a crossing at { $place }: probability at least { PERCENT($value) }; the line of sight of a sensor is unknown over { DISTANCE($length) } of the path.
challenge-answer-interruption-unknown = The probability of interruption is unknown. { $why }
challenge-answer-gap = { $count ->
    [one] The one coverage gap is { DECIMAL($km, digits: 1) } km long (km { DECIMAL($start, digits: 1) } to { DECIMAL($end, digits: 1) })
   *[other] The longest of { $count } coverage gaps is { DECIMAL($km, digits: 1) } km long (km { DECIMAL($start, digits: 1) } to { DECIMAL($end, digits: 1) })
}: crossing Pd is below { $required } there.
challenge-answer-no-gap = There is no coverage gap: crossing Pd is at least { $required } on every known segment.
challenge-answer-unknown = { $count ->
    [0] Crossing Pd is known on every segment
    [one] Crossing Pd is unknown on 1 segment
   *[other] Crossing Pd is unknown on { $count } segments
}; the effect of these, without data, is unknown: { $missing }.
challenge-answer-unknown-segments = { $count ->
    [0] Crossing Pd is known on every segment.
    [one] Not known: crossing Pd on 1 segment.
   *[other] Not known: crossing Pd on { $count } segments.
}
challenge-page-about = Layout { $layout }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}. Target: { $target }, { $direction }. Conditions: { $conditions }. Required Pd: { $required }. { $segments } segments over { DECIMAL($km, digits: 1) } km. { $zone ->
    [yes] The border is a zone with two edges; the area extends { DISTANCE($belt) } beyond each. Segments and chainage refer to the inner edge.
   *[no] Area: within { DISTANCE($belt) } of the border.
}
challenge-page-tiles = Key figures
challenge-page-map = Map
challenge-page-map-hint = Click or tap the border, a path or a symbol for details. Choose layers with the button at the top right.
challenge-page-limits = Limitations
challenge-page-colophon = Vertical datum: { $datum }; cells of { DECIMAL($cell, digits: 0) } m. { $code }. Data: { $data }. Times in this report are durations. Map: Leaflet (BSD 2-Clause), drawn with folium; figures: matplotlib.
challenge-shades = Probability of no detection on the minimum-detection path:
challenge-shade = { DECIMAL($low, digits: 2) } to { DECIMAL($high, digits: 2) }
challenge-shade-unknown = unknown, or no crossing possible
challenge-layer-paths = Crossing paths
challenge-unknown = unknown

challenge-tile-dead-ground-any-layout = Dead ground, any layout
challenge-tile-dead-ground-layout = Dead ground, this layout
challenge-tile-gap-segments = Segments with a coverage gap
challenge-tile-least-detection = Lowest Pd of a crossing
challenge-tile-least-interruption = Lowest P(interruption)
challenge-tile-resilience = Barrier resilience k

challenge-row-chainage = Along the border
challenge-row-through = Crosses
challenge-row-time = Crossing time
challenge-row-length = Length
challenge-row-detection = Pd
challenge-row-outages = Pd with outages
challenge-row-interruption = P(interruption)
challenge-row-least-time = Shortest crossing time
challenge-row-least-detection = Lowest crossing Pd
challenge-row-least-interruption = Lowest P(interruption)
challenge-row-resilience = Sensor footprints in depth (k)
challenge-row-response = Response time

challenge-sheet-terrain = The terrain, for any layout
challenge-terrain-intro = Difficulty of each segment for any layout. Crossing ease is based on the minimum-time path, surveillance difficulty on the dead ground left by the best few observation sites, response difficulty on the response time from the nearest base.
challenge-terrain-no-reference = No reference table.
challenge-terrain-reference = Reference table: { $table ->
    [pyrenees-maritime-alps-srtm3] Pyrenees and Maritime Alps (SRTM, 3 arc-seconds), version { $version }
   *[other] { $table } { $version }
}.
challenge-terrain-reference-cells = The reference table does not apply: its cells are { DECIMAL($expected, digits: 0) } m, those of this terrain { DECIMAL($cell, digits: 0) } m.
challenge-terrain-reference-settings = The reference table does not apply: it was made with other settings.
challenge-terrain-no-bases = Response difficulty is unknown: the sector has no bases on the terrain.
challenge-terrain-composite = Composite with the weights { $weights }. If each weight is changed by ±{ PERCENT($change) }, the rank correlation is at least { DECIMAL($correlation, digits: 2) } and { PERCENT($stable) } of the top tenth remain.
challenge-weight = { $score } { $value }
challenge-alt-scores = Maps of the border, coloured by score
challenge-alt-terrain = Maps of ruggedness, openness, dead ground, crossing and response times

challenge-sheet-layout = This layout
challenge-layout-intro = Performance of this layout on this terrain.
challenge-layout-no-paths = No crossing is possible, as far as is known: there are no paths to show.
challenge-layout-resilience = Barrier resilience k = { $k }{ $bound ->
    [yes] {" "}at most (computed in sub-sections)
   *[no] {""}
}; { $cut }.
challenge-layout-single-points = Single points of failure: { $sensors }.
challenge-layout-gaps = { $count ->
    [one] 1 coverage gap of { DECIMAL($km, digits: 1) } km.
   *[other] { $count } coverage gaps, { DECIMAL($km, digits: 1) } km in total.
}
challenge-layout-no-gaps = No coverage gap on known segments.
challenge-layout-unknown = { $count ->
    [one] 1 run of segments is unknown.
   *[other] { $count } runs of segments are unknown.
}
challenge-layout-bounds = The border was computed in sub-sections. Of { $segments } segments, figures are bounds for: { $figures }. A path beyond the overlap of the sub-section may be better for the crosser; the segments are marked in segments.csv, in the columns ending in _proven.
challenge-layout-bound = { $figure ->
    [crossing_time] crossing time
    [detection_probability] Pd
   *[least_interruption] interruption
} ({ $count })
challenge-alt-layout = Maps of this layout: cumulative Pd, dead ground, lowest crossing Pd, time margin
challenge-alt-crossings = Map of the minimum-detection, minimum-time and most vulnerable paths
challenge-alt-profiles = Scores, Pd, interruption and barrier depth along the border

challenge-sheet-statistics = Statistics
challenge-statistics-intro = Every figure with its numerator, denominator, interval and limitations. Assumptions, sources and versions of each are in records.json; those of every segment in records_by_segment.parquet.
challenge-statistics-terrain = Assumptions of the terrain measures:
challenge-statistics-response = Assumptions of response and interruption:

challenge-limits-percentile = A percentile ranks the segments of this border and cannot be compared between borders. The percentile in the reference table compares with segments measured with the same settings and cell size.
challenge-limits-scores = The three scores are not combined: rugged terrain slows crossers, conceals them, and slows responders. A composite depends on the weights chosen by the reader.
challenge-limits-detection = Pd is the probability of at least one detection with every sensor working and independent misses. Shared masking, weather and vegetation make real misses coincide, so it is optimistic. A confirmed track is less likely.
challenge-limits-paths = Paths run between cell centres and are up to { PERCENT($overlength, digits: 2) } too long, which raises their Pd. Interruption is the lowest value on three paths, not a proven worst case.
challenge-limits-unknown = Where the terrain or a line of sight is unknown, the result is unknown, never 0. A segment that cannot be crossed has no Pd and is not a coverage gap.
challenge-limits-errors = Elevation errors are assumed to be correlated over { DISTANCE($correlation) } (low confidence). Intervals exclude errors of sensors, weather, walking speeds and response times.
challenge-limits-people = The figures describe terrain and equipment. They say nothing about the identity or intent of people.
challenge-limits-movement = Movement and response over: { $ground }.

# Tables
challenge-table-hardest = { $score }: top { $count } segments
challenge-table-hardest-caption = { $score }: top { $count } segments; segments.csv has all of them. * outside the range of the reference table.
challenge-column-segment = Segment
challenge-column-percentile = Percentile
challenge-column-crossing-time = Shortest crossing time
challenge-column-dead-ground = Dead ground
challenge-column-response = Response time
challenge-column-ruggedness = Ruggedness
challenge-column-time-reference = Crossing time, percentile in reference
challenge-column-dead-reference = Dead ground, percentile in reference
challenge-cell-segment = { $number } (km { DECIMAL($km, digits: 1) })
challenge-table-paths = Crossing paths
challenge-table-paths-caption = The three paths. Time margin: time to spare if the crosser is detected at the edge of the area. The paths are in crossings.parquet.
challenge-column-path = Path
challenge-column-time = Time
challenge-column-length = Length
challenge-column-pd = Pd
challenge-column-outages = Pd with outages
challenge-column-confirmed = Confirmed track
challenge-column-by-kind = Pd by sensor kind alone
challenge-column-interruption = P(interruption), response { $factors }
challenge-column-margin = Time margin
challenge-column-half = 50% of cumulative detection at
challenge-cell-confirmed = { $count } of { $runs } ({ DECIMAL($low, digits: 2) }–{ DECIMAL($high, digits: 2) })
challenge-cell-no-coverage = { DECIMAL($value, digits: 2) }: no coverage
challenge-cell-half = { DECIMAL($start, digits: 0) }–{ DECIMAL($end, digits: 0) } min { $sensors }
challenge-cell-kind = { $kind } { $value }
challenge-cell-nowhere = no detection
challenge-table-gaps = Coverage gaps
challenge-table-gaps-caption = Runs of segments with crossing Pd below { $required }.
challenge-column-segments = Segments
challenge-column-chainage = Along the border
challenge-column-least = Lowest Pd
challenge-column-in-segment = In segment
challenge-table-sensors = Sensors
challenge-table-sensors-caption = Marginal contribution of each sensor: each left out in turn; the crosser adapts.
challenge-column-sensor = Sensor
challenge-column-contribution = Mean loss of Pd without it
challenge-column-reduced = Segments with reduced Pd
challenge-column-opened = Segments where a coverage gap opens
challenge-table-trade = Crossing time against detection
challenge-table-trade-caption = Paths that no other path beats in both time and detection; corners of the curve.
challenge-column-expected = Expected detections
challenge-table-records = Figures for the whole border
challenge-table-records-sensors = Figures for each sensor
challenge-column-number = Figure
challenge-column-value = Value
challenge-column-ratio = Numerator / denominator
challenge-column-n = n
challenge-column-interval = Interval
challenge-column-limits = Limitations
challenge-cell-interval = { $low } to { $high }; { $interval }
challenge-cell-named = { $name }, { $of }
challenge-cell-unit = { $value } { $unit }

# Pictures
challenge-panel-ruggedness = Ruggedness (TRI)
challenge-panel-openness = Positive openness
challenge-panel-dead-any = Dead ground for any layout, targets 1.7 m tall
challenge-panel-crossing = Shortest crossing time through each position
challenge-panel-response = Response time from the nearest base
challenge-panel-pd = Cumulative Pd within the exposure time
challenge-panel-dead-layout = Dead ground of this layout
challenge-panel-through = Lowest crossing Pd through each position
challenge-panel-margin = Time margin of the response (above 0: in time)
challenge-panel-composite = Composite, with the given weights
challenge-state-sight = line of sight
challenge-state-dead = dead ground
challenge-unit-probability = probability
challenge-unit-percentile = percentile
challenge-unit-metres = m
challenge-unit-degrees = °
challenge-unit-minutes = min
challenge-unit-lowest-pd = lowest Pd
challenge-hatch-unknown = { $title } (×× unknown)
challenge-hatch-no-path = { $title } (.. no path)
challenge-hatch-no-response = { $title } (.. no response)
challenge-scores-note = Percentile within this border from 0 (low) to 1 (high); grey: unknown.
challenge-path-label = { $path }: { DECIMAL($minutes, digits: 0) } min, Pd { $pd }
challenge-legend-half = 50% of cumulative detection
challenge-footer = { $sector }, layout { $layout }; { $target }, { $conditions }, { $direction }; area within { DISTANCE($belt) } of the border; cells of { DECIMAL($cell, digits: 0) } m; datum { $datum }. Terrain data: { $ground }. Grid north.

challenge-profile-axis = km along the border
challenge-profile-scores = Terrain, any layout: scores within this border{ $bands ->
    [yes] {" "}(bands: 5% to 95% under elevation errors{ $moved ->
        [0] )
        [one] ; 1 score is outside its band)
       *[other] ; { $moved } scores are outside their bands)
    }
   *[no] {""}
}
challenge-profile-percentile = percentile
challenge-profile-probability = probability
challenge-profile-sensors = sensors
challenge-profile-phase = phase of the scans
challenge-profile-least = lowest crossing Pd
challenge-profile-outages = with outages
challenge-profile-required = required: { $required }
challenge-profile-unknown = unknown
challenge-profile-no-crossing = no crossing possible
challenge-profile-unknown-no-crossing = unknown or not crossable
challenge-profile-detection = This layout: Pd on the minimum-detection path
challenge-profile-interruption = This layout: lowest probability of interruption on three paths
challenge-profile-response = response as computed
challenge-profile-slower = { $factor } times as slow
challenge-profile-footprints = footprints (k)
challenge-profile-footprints-at-most = at most (line of sight unknown)
challenge-profile-no-terrain = no terrain
challenge-profile-depth = This layout: sensor footprints that a crosser must enter in each segment (k), which are not detections
