# watchline coverage, and what every analysis states of links and of the ground. Gap and "meets" refer to the required
# probability of detection (Pd); dead ground always means: no line of sight.

coverage-summary = { PERCENT($covered, digits: 1) } of the area within { DISTANCE($belt) } of the border meets Pd ≥ { $required } ({ $target }, { DURATION($exposure) }). Dead ground: { PERCENT($dead, digits: 1) }. Unknown and not included: { PERCENT($unknown, digits: 1) }.
coverage-summary-unknown = Coverage is unknown over the whole area within { DISTANCE($belt) } of the border: terrain data are missing.
coverage-gap = The largest gap is at { $place }: { PERCENT($gap, digits: 1) } of its area does not meet the requirement.
coverage-gap-none = Every known segment meets the requirement over its whole area.
coverage-gap-unknown = Where the largest gap is cannot be known.
coverage-progress-sensors = sensors
coverage-progress-files = files

coverage-condition = { $name ->
    [day] day
    [night] night
    [haze] haze
    [fog] fog
    [rain] rain
    [humid] high humidity
    [wind] wind
   *[other] { $name }
}

# Links of sensors to bases
coverage-links-unchecked = { $reason ->
    [no_bases] Links were not checked and every sensor is counted: the sector has no bases.
   *[off_terrain] Links were not checked and every sensor is counted: no base of the sector is on the terrain.
}
coverage-links-complete = Every sensor has a link to a base.
coverage-links-missing = { $count ->
    [one] 1 sensor or relay has no link to a base and is excluded: { $names }.
   *[other] { $count } sensors and relays have no link to a base and are excluded: { $names }.
}
coverage-links-remedy = To find relay sites, run `watchline plan --start LAYOUT --item radio_relay`, or state `reports_by` in the layout.
coverage-links-by-hand = { $count ->
    [one] 1 sensor reports by hand, with a delay: { $names }.
   *[other] { $count } sensors report by hand, with a delay: { $names }.
}
coverage-bases = { $origin ->
    [sector] Responders come from { $count ->
        [one] 1 base
       *[other] { $count } bases
    } of the sector.
    [example] The sector has no bases on the terrain. An example base on level ground behind the border is assumed.
   *[none] The sector has no bases on the terrain, and no place for an example base was found.
}

# Border and area outside the terrain
coverage-off-terrain-line = { DISTANCE($length) } of the border is outside the terrain and is excluded.
coverage-off-terrain-belt = { PERCENT($fraction, digits: 1) } of the area within { DISTANCE($belt) } of the border is outside the terrain and is excluded from every figure.
coverage-frame = In the frame { $frame }, distances along the border deviate from ground distances by up to { PERCENT($scale, digits: 3) } and angles by up to { DECIMAL($angle, digits: 2) }°.

# Data from which movement is computed
coverage-ground-kind = { $kind ->
    [roads] roads
    [rivers] rivers
    [fords] fords
    [land_cover] land cover
    [canopy_height] canopy height
   *[other] { $kind }
}
coverage-ground-lines = { coverage-ground-kind } ({ $file }, { $count ->
    [one] 1 feature
   *[other] { $count } features
})
coverage-ground-layer = { coverage-ground-kind } ({ $file })
coverage-ground-bare = elevation only; not available: { $missing }
coverage-ground-partial = elevation, { $used }; not available: { $missing }
coverage-ground-complete = elevation, { $used }

# Maps of coverage
coverage-map-pd = Cumulative Pd, all sensors
coverage-map-pd-reading = Cumulative probability of at least one detection; each sensor is assumed to be working or down for the whole exposure time, according to its availability. Misses of sensors are assumed independent, which is optimistic: compare the map of the best single sensor.
coverage-map-best = Cumulative Pd of the best single sensor
coverage-map-best-reading = Cumulative probability of detection by the best single sensor, all sensors working. No independence is assumed.
coverage-map-count = Number of sensors able to detect
coverage-map-count-reading = Sensors with a clear line of sight and a detection rate above 0 in these conditions, all sensors working.
coverage-map-dead = Dead ground of the layout
coverage-map-dead-reading = Ground without a line of sight to any sensor, whatever the weather. A line of sight alone is not a detection.

coverage-map-heading = { $title }: { $target }, { $conditions }, exposure time { DURATION($exposure) }
coverage-map-subheading = { $sector }, layout { $layout }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}
coverage-map-footer = Vertical datum: { $datum }; cells of { DECIMAL($cell, digits: 0) } m; { $canopy ->
    [yes] canopy from the terrain data
   *[no] bare ground, without trees or buildings
}. Grid north. Watchline { $version }.

# The interactive map
coverage-page-eyebrow = Watchline coverage
coverage-page-title = Coverage: { $sector }
coverage-page-about = Layout { $layout }, { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}. Target: { $target }. Conditions: { $conditions }. Exposure time: { DURATION($exposure) }. Required Pd: { $required }. Area: within { DISTANCE($belt) } of the border.
coverage-page-map = Map
coverage-page-map-hint = Click or tap the border or a symbol for details. Choose layers with the button at the top right.
coverage-page-limits = Limitations
coverage-heading-figures = Figures
coverage-formula = Covered = cells with cumulative Pd (all sensors) of at least the required Pd ÷ cells where this is decided. Gap = 1 − covered. Dead ground = cells without a line of sight to any sensor ÷ cells where this is known. Unknown = undecided cells ÷ all cells.
coverage-table-belt = The whole area
coverage-table-gaps = The segments with the largest gaps
coverage-column-side = side of the border
coverage-column-covered = covered
coverage-column-dead = dead ground
coverage-column-unknown = unknown
coverage-column-cells = cells
coverage-column-segment = segment
coverage-column-gap = gap
coverage-column-mean = mean Pd
coverage-side = { $side ->
    [both] both sides
    [home] own side
   *[away] other side
}
coverage-value-fraction = { PERCENT($value, digits: 1) }
coverage-value-count = { DECIMAL($value, digits: 0) }
coverage-page-independence = Misses of different sensors and scans are assumed independent. Shared masking, posture, vegetation and weather make real misses coincide, so combined values are optimistic: compare the best single sensor.
coverage-page-colophon = Vertical datum: { $datum }; cells of { DECIMAL($cell, digits: 0) } m; { $canopy ->
    [yes] canopy from the terrain data
   *[no] bare ground, without trees or buildings
}. Watchline { $version }. Map: Leaflet (BSD 2-Clause), drawn with folium.
coverage-shades = Fraction of the segment’s area with a coverage gap:
coverage-shade = { PERCENT($low) } to { PERCENT($high) }
coverage-shade-unknown = unknown
coverage-row-covered = Area that meets the requirement
coverage-row-dead = Dead ground
coverage-row-unknown = Unknown
coverage-row-mean = Mean cumulative Pd
coverage-row-mean-best = Mean, best single sensor while it works

coverage-value-metres = { $value } m
coverage-value-distance = { DISTANCE($value) }
coverage-value-seconds = { $value } s
coverage-value-percent = { PERCENT($value) }
coverage-value-probability = { DECIMAL($value, digits: 2) }
coverage-value-area = { DECIMAL($value, digits: 2) } km²
coverage-row-least = Lowest cumulative Pd
coverage-row-area = Area assessed
