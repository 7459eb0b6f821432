# Sectors: opening, checking, creating and previewing one; links of a layout; the equipment catalogue.


sector-zone = The border is a zone with two edges. Tracks, alerts and forecasts refer to its inner edge, on the own side, which the live map draws; `coverage`, `challenge`, `compare` and `plan` use the whole zone.

## Defaults that often surprise

sector-default-mast = { $count ->
    [one] 1 sensor has no mast_height_m; { $value } m above ground is assumed: { $sensors }.
   *[other] { $count } sensors have no mast_height_m; { $value } m above ground is assumed: { $sensors }.
}
sector-default-period = { $count ->
    [one] 1 radar or camera has no period_s and counts as event-only, so silence is not a miss: { $sensors }.
   *[other] { $count } radars or cameras have no period_s and count as event-only, so silence is not a miss: { $sensors }.
}
sector-default-probability = { $count ->
    [one] 1 sensor has no detection_probability; a single-look Pd of { $value } is assumed: { $sensors }.
   *[other] { $count } sensors have no detection_probability; a single-look Pd of { $value } is assumed: { $sensors }.
}

## Notices of a check

sector-notice-gaps = { $count ->
    [one] The border line has a gap of { DISTANCE($length) } at { $places }
   *[other] The border line has { $count } gaps of up to { DISTANCE($length) } at { $places }
} (latitude and longitude). Ground beside a gap belongs to no segment, and no alert is raised there.
sector-notice-voids = { PERCENT($fraction, digits: 1) } of the area within { DISTANCE($belt) } of the border has no elevation (voids in the terrain). Lines of sight across a void are unknown, and so is the coverage behind it.
sector-notice-no-bases = The sector has no bases: links are not checked, and response times are unknown.
sector-notice-bases-off = { $count ->
    [one] 1 base is outside the terrain and is excluded from every analysis: { $bases }.
   *[other] { $count } bases are outside the terrain and are excluded from every analysis: { $bases }.
}
sector-notice-areas-off = { $count ->
    [one] 1 area is outside the terrain: { $areas }.
   *[other] { $count } areas are outside the terrain: { $areas }.
}
sector-notice-base-map-off = The base map does not cover the terrain.
sector-notice-credit = Map files come from OpenStreetMap, whose licence requires a credit line; set map_credit = "{ $credit }".
sector-notice-map-empty = The map file of { $kind ->
    [roads] roads
    [rivers] rivers
    [fords] fords
   *[settlements] settlements
} has no feature on the terrain.
sector-notice-no-sensors = The layout has no sensors.
sector-notice-topic = { $count ->
    [one] 1 sensor cannot send over MQTT because of its id: { $sensors }. Use letters, digits, dots, underscores and hyphens.
   *[other] { $count } sensors cannot send over MQTT because of their ids: { $sensors }. Use letters, digits, dots, underscores and hyphens.
}
sector-notice-errors = { $count ->
    [one] 1 sensor has no measurement error (range_sd_m, azimuth_sd_deg), so `demo` and `simulate` cannot use the layout: { $sensors }.
   *[other] { $count } sensors have no measurement error (range_sd_m, azimuth_sd_deg), so `demo` and `simulate` cannot use the layout: { $sensors }.
}
sector-notice-unlinked = { $count ->
    [one] 1 sensor or relay has no link to a base and is excluded from every analysis: { $sensors }.
   *[other] { $count } sensors or relays have no link to a base and are excluded from every analysis: { $sensors }.
} Add a relay, or state `reports_by` in the layout.
sector-notice-side =
    { $count ->
        [one] 1 of { $total } sensors and bases is
       *[other] { $count } of { $total } sensors and bases are
    } on the far side of the border. Is home_side correct?
sector-notice-frame = The coordinate system { $frame } distorts distances along the border by up to { PERCENT($scale, digits: 2) }.

## watchline sector check

sector-check-ok = No errors in { $count ->
    [one] 1 file
   *[other] { $count } files
}.
sector-check-errors = { $count ->
    [one] 1 error:
   *[other] { $count } errors:
}
sector-check-notices = { $count ->
    [one] 1 notice:
   *[other] { $count } notices:
}

## watchline sector init

sector-init-ask-terrain = Terrain: raster of elevations (DEM)
sector-init-ask-border = Border: map file of lines
sector-init-ask-where = Filter of its lines, as in SQL (empty: all lines)
sector-init-ask-side = Own side: left or right of the line, or a position on it as LON,LAT
sector-init-starts = Opening terrain and border, and choosing sites with a view of the border. The first run after an installation takes one to two minutes.
sector-init-written = Sector { $name } written to { $folder }: { $files }.
sector-init-border = Border: { DISTANCE($length_m) } on the terrain, own side on the { $side ->
    [left] left
   *[right] right
} of the line, { $compass ->
    [n] to its north
    [ne] to its north-east
    [e] to its east
    [se] to its south-east
    [s] to its south
    [sw] to its south-west
    [w] to its west
    [nw] to its north-west
   *[none] in no single direction from it
}.
sector-init-assumptions = Assumptions (change them in the files):
sector-init-side = The own side is not stated; the { $side ->
    [left] left
   *[right] right
} of the line is assumed.
sector-init-sites = The example layouts use the positions with the best view of the border among { $tried } candidates. Access, power and ownership are not considered.
sector-init-links = Towers report by cable and ground sensors by satellite, so no radio link is needed (`reports_by`).
sector-init-credit = Map files state that they come from OpenStreetMap: map_credit is "{ $credit }". --credit sets another.
sector-init-base = { $reason ->
    [settlement] The example base is at { $place }, the nearest settlement on the own side.
    [nameless] The example base is at the nearest settlement on the own side, which has no name in the map file.
   *[ground] The example base is on level ground on the own side; no settlement was found.
}
sector-init-equipment = Equipment and its figures are those of the shipped catalogue: { $items }.
sector-init-next = Next: { $commands }

## watchline sector preview

sector-preview-title = Preview: { $name }
sector-preview-eyebrow = Watchline sector preview
sector-preview-about = Layout { $layout }: { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}. Border: { DISTANCE($length_m) }, { $segments ->
    [one] 1 segment
   *[other] { $segments } segments
}. { $bases ->
    [0] No bases.
    [one] 1 base.
   *[other] { $bases } bases.
}
sector-preview-map = Map
sector-preview-reading = Green: at least one sensor has a line of sight to a person standing there. Arrows show the direction of the border line; the tinted side of the border is the own side. Click or tap a symbol for details.
sector-preview-visible = line of sight to a sensor
sector-preview-own-side = own side
sector-preview-direction = direction of the border line
sector-preview-link = link to a base
sector-preview-no-link = no link to a base
sector-preview-dead = { PERCENT($fraction) } of the area within { DISTANCE($belt_m) } of the border is dead ground (no line of sight to any sensor).
sector-preview-unknown-dead = Dead ground is unknown: no terrain data along the border.
sector-preview-segment = { PERCENT($low) } to { PERCENT($high) } of the segment’s area is dead ground
sector-preview-chainage = along the border
sector-preview-dead-ground = dead ground
sector-preview-base = patrol base
sector-preview-checks = Errors and notices
sector-preview-nothing = No errors and no notices.
sector-preview-limits = Sensors without a link to a base are excluded. Bare ground: trees and buildings are not included. In line of sight does not mean detected; see `watchline coverage`.
sector-preview-script = The map needs JavaScript, all of which is inside this file.
sector-preview-written = Preview: { $page } and { $picture }. { PERCENT($fraction) } of the area within { DISTANCE($belt_m) } of the border is dead ground.

## watchline catalogue

equipment-heading = { $count ->
    [one] 1 item
   *[other] { $count } items
}, prices in { $currency }, from { $shipped ->
    [yes] the shipped catalogue
   *[no] { $catalogue } and the shipped catalogue
}.
equipment-confidence-key = Confidence: H official or reproduced, M press, vendor or derived, L assumption.
equipment-item = item
equipment-kind = kind
equipment-title = description
equipment-price = price
equipment-yearly = per year
equipment-availability = availability
equipment-range = range
equipment-confidence = confidence
equipment-kind-name = { $kind ->
    [radar] radar
    [camera] camera
    [ground_sensor] ground sensor
    [radio] radio direction finder
    [human] observer
    [relay] relay
    [patrol] patrol
    [drone] drone
    [barrier] barrier
    [programme] programme
   *[other] { $kind }
}
equipment-figure = figure
equipment-value = value
equipment-source = source
equipment-confidence-name = { $grade ->
    [H] high (official or reproduced)
    [M] medium (press, vendor or derived)
   *[L] low (assumption)
}
equipment-priced = Prices of { $date }. Source: { $source }. Confidence: { $grade }.
equipment-placed = In a layout: "catalogue": "{ $item }". Keys in the layout take precedence over the catalogue.
equipment-not-placed = This item has no position in a layout.
equipment-layout-keys = Values in a layout
