# Maps in reports, on paper and on the live map: symbols, layers, legends.

map-symbol = { $kind ->
    [radar] radar
    [camera] camera
    [ground_sensor] ground sensor
    [radio] radio direction finder
    [human] observer
    [relay] radio relay
    [base] patrol base
    [alert] alert
   *[other] other
}
map-relief = Shaded relief of the terrain
map-layer-dead-ground = Dead ground (no line of sight)
map-layer-unknown-ground = No terrain data
map-layer-fields = Sensor range and field of view
map-layer-truth = Ground truth (simulation)
map-layer-tracks = Tracks
map-layer-border = Border segments
map-layer-bases = Patrol bases
map-layer-sensors = Sensors
map-layer-alerts = Alerts
map-segment = Segment { $number }
map-outer-edge = Outer edge of the zone
map-zoom-in = Zoom in
map-zoom-out = Zoom out

# Rows of a popup
map-row-kind = Kind
map-row-antenna-height = Antenna height above ground
map-row-range = Maximum range
map-row-period = Scan period
map-row-availability = Availability
map-row-chainage = Along the border

map-km-range = km { DECIMAL($start, digits: 2) } to { DECIMAL($end, digits: 2) }
map-place = segment { $number } (km { DECIMAL($start, digits: 1) } to { DECIMAL($end, digits: 1) })
map-place-in = segment { $number } (km { DECIMAL($start, digits: 1) } to { DECIMAL($end, digits: 1) }, { $section })
map-unknown = unknown
map-number = { $value }
map-height = { HEIGHT($height) }

# Legends of coverage maps
map-class-none = 0: no sensor detects
map-class-span = { $low } to { $high }
map-class-span-required = { $low } (required) to { $high }
map-class-change = { $low } to { $high }, change
map-class-count = { $count }
map-class-count-more = { $count } or more
map-class-line-of-sight = in line of sight of a sensor
map-class-dead-ground = dead ground (no line of sight)
map-class-unknown = unknown (terrain data missing)
map-class-unknown-none = unknown (none here)
map-class-no-line-of-sight-person = dead ground: no line of sight to a person
map-class-response = within { $minutes } min
map-border = border
map-belt = { DISTANCE($belt) } from the border

map-not-in-browser = The map needs JavaScript; all of it is inside this file.
map-legend = Legend
map-legend-of = { $title }:

# Vertical datum of a terrain
map-datum = { $datum ->
    [egm96-geoid] EGM96 geoid
    [egm2008-geoid] EGM2008 geoid
    [egm96-height] EGM96 geoid
    [egm2008-height] EGM2008 geoid
    [egm84-height] EGM84 geoid
    [unknown] unknown
   *[other] { $name }
}
map-datum-ellipsoid = ellipsoid of { $name }
