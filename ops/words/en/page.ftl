# The live map: every word of the page, its titles and its labels for screen readers.

## Frame

page-document-name = { $demo ->
    [yes] DEMO: Watchline { $sector }
   *[no] Watchline { $sector }
}
page-document-title = { $waiting ->
    [0] { page-document-name }
   *[other] ({ $waiting }) { page-document-name }
}
page-skip =
    .aria-label = Skip links
page-skip-alerts = Skip to alerts
page-skip-map = Skip to map
page-skip-details = Skip to details
page-demo = DEMO: simulated
page-layout = Layout { $layout }
page-operator = { $operator ->
    [operator] Unnamed operator
   *[named] { $operator }
}
page-role = { $role ->
    [viewer] viewer
    [operator] operator
    [supervisor] supervisor
    [planner] planner
    [analyst] analyst
    [auditor] auditor
    [admin] administrator
   *[other] { $role }
}
page-account-of = { $name }, { page-role }: password, second factor, sessions
page-log-out = Log out
page-log-out-button =
    .aria-label = { page-log-out }
    .title = { page-log-out }
page-local = Local
page-buttons =
    .aria-label = Page
page-plan = Planner
    .title = Compare and optimise sensor layouts
page-help = Help
page-help-button =
    .aria-label = { page-help }
    .title = { page-help } (?)
page-settings = Settings
page-settings-button =
    .aria-label = { page-settings }
    .title = { page-settings }
page-warnings =
    .aria-label = Warnings
page-close = Close
page-cancel = Cancel

## Settings

page-settings-language = Language
page-settings-browser = Browser language
page-settings-units = Units
page-settings-units-of = { $units ->
    [nautical] Nautical (NM, kn)
    [imperial] Imperial (mi, ft, mph)
   *[metric] Metric (km, m, km/h)
}
page-settings-keys = Single-key shortcuts (L, M, D, T, S, F, Y, G, V, R, J, K, N, B, W, 1–5, / and ?)

## Sound and palette

page-sound =
    .aria-label = { $state ->
        [on] Sound on
        [blocked] Sound blocked
       *[off] Sound off
    }
    .title = { $state ->
        [on] Sound for new alerts is on
        [blocked] Sound blocked: the browser allows it once you press a key or click on this page
       *[off] Sound for new alerts is off
    }
page-palette =
    .title = { $palette ->
        [day] Switch to the day palette
       *[night] Switch to the night palette
    }
    .aria-label = { $palette ->
        [day] Switch to the day palette
       *[night] Switch to the night palette
    }

## State of the stream

page-stream = { $state ->
    [live] LIVE, { $age } s old
    [stale] STALE, { $age } s old
    [lost] LOST, { $age } old
    [lost-empty] LOST
    [starting] STARTING: { $parts }
    [down] FAILED: { $parts }
   *[connecting] Connecting…
}
page-part = { $part ->
    [broker] broker
    [ingest] ingest
    [fusion] fusion
    [map] map
    [api] API
    [simulator] simulator
   *[other] { $part }
}
page-part-why = { $part } ({ $why })
page-problem-of = { $name }: { $problem }
page-banner-lost = { $picture ->
    [yes] Connection lost. { $why } The picture below is out of date. New alerts do not arrive. Reconnecting…
   *[no] Connection lost. { $why } No data to show. New alerts do not arrive. Reconnecting…
}
page-banner-starting = Starting: { $parts } (compiling kernels after an installation or update, which can take minutes). The picture is not updated until then. Incoming messages are stored and processed afterwards.
page-banner-down = Failed: { $parts }. Detections may be missing, and alerts may not reach field units. If this lasts for more than a minute, call the administrator.
page-banner-stale-down = The picture is stale. { page-banner-down }
page-banner-stale = { $why ->
    [fusion] The picture is stale: server connected, no new output from fusion. Current movements are not shown.
   *[server] The picture is stale: no data from the server. Current movements are not shown.
}
page-banner-disk = SERVER DISK FULL. New detections are queued at the sensors and NOT displayed. Distress calls, alerts and your actions still work. Free disk space to resume.
page-banner-clock = { $ahead ->
    [yes] This computer’s clock is { DURATION($by) } ahead of the server. All times shown are server times.
   *[no] This computer’s clock is { DURATION($by) } behind the server. All times shown are server times.
}
page-banner-parts = Not shown: { $parts }. { $why }
page-missing = { $part ->
    [sector] data of the sector
    [border] border
    [layout] ranges of sensors
    [segments] coverage by border segment
   *[layers] ground and dead ground
}

## What failed

page-net-timeout = The server did not answer in time.
page-net-unreachable = The server cannot be reached.
page-net-status = The server answered { $path } with status { $status }.
page-net-unreadable = The server’s answer could not be read.
page-net-refused = { $sentence }
page-net-silent = No data received from the server.
page-net-ended = The server ended the stream.
page-net-closed = This page has closed its stream.
page-net-behind = This page is too far behind the stream.
page-net-page = The page could not follow the server.
page-no-canvas = This browser cannot draw on a canvas.

## Coverage line

page-coverage = Coverage
page-coverage-region =
    .aria-label = Coverage: sensors offline or muted, dead ground, missing terrain data, tracks without detections
page-coverage-dead-ground = { $within ->
    [yes] { PERCENT($fraction, digits: 1) } of the ground within { DISTANCE($buffer) } of the border is dead ground (shaded)
   *[no] { PERCENT($fraction, digits: 1) } of the ground along the border is dead ground (shaded)
}
page-coverage-dead-ground-unknown = Dead ground not computed yet
page-coverage-unknown = { PERCENT($fraction, digits: 1) } unknown: terrain data missing (cross-hatched)
page-coverage-no-sensors = No sensor data yet
page-coverage-online = { $count ->
    [one] { $count } sensor online
   *[other] All { $count } sensors online
}
page-coverage-lost = { $what ->
    [degraded] { $lost } of { $all ->
        [one] { $all } sensor
       *[other] { $all } sensors
    } degraded (hatched): { $named }
    [muted] { $lost } of { $all ->
        [one] { $all } sensor
       *[other] { $all } sensors
    } muted (hatched): { $named }
    [mixed] { $lost } of { $all ->
        [one] { $all } sensor
       *[other] { $all } sensors
    } offline, muted or degraded (hatched): { $named }
    [offline] { $lost } of { $all ->
        [one] { $all } sensor
       *[other] { $all } sensors
    } offline (hatched): { $named }
   *[both] { $lost } of { $all ->
        [one] { $all } sensor
       *[other] { $all } sensors
    } offline or degraded (hatched): { $named }
}
page-coverage-as-of = { $coverage }, as of the last picture
page-coverage-tracks = { $predicted } of { $all ->
    [one] { $all } track
   *[other] { $all } tracks
} without current detections: position predicted
page-sensor-state-faults = { sensor-state } ({ $faults })
page-sensor-state-since = { sensor-state } for { DURATION($since) }
page-sensor-state-muted = { $state ->
    [ended] mute ended { $until } UTC, no data since
   *[muted] muted until { $until } UTC
}
page-sensor-named = { $sensor } { $state }

## Alerts

page-alerts = Alerts
page-alerts-waiting = { $what ->
    [alerts] Unacknowledged alerts by priority
   *[incidents] Unacknowledged incidents by priority
}
page-alerts-waiting-of = { $priority ->
    [distress] Distress
    [high] High
    [medium] Medium
   *[low] Low
}: { $count } unacknowledged { $what ->
    [alerts] { $count ->
        [one] alert
       *[other] alerts
    }
   *[incidents] { $count ->
        [one] incident
       *[other] incidents
    }
}
page-alerts-which =
    .aria-label = Show alerts
page-alerts-open = Open alerts
page-alerts-closed = Closed alerts
page-alerts-loading = Loading alerts…
page-alerts-unreadable = Alerts could not be loaded. { $why }
page-alerts-none = No open alerts. Areas without coverage cannot raise alerts; see Coverage above.
page-alerts-none-closed = No closed alerts.
page-alerts-first = Showing the first { $shown } of { $all }.
page-alerts-older = Older alerts are not shown.
page-priority = { $priority ->
    [distress] DISTRESS
    [high] High
    [medium] Medium
   *[low] Low
}
page-alert-kind = { $priority ->
    [distress] DISTRESS alert
    [high] High-priority alert
    [medium] Medium-priority alert
   *[low] Low-priority alert
}
page-alert-handled = { $status ->
    [acknowledged] Acknowledged
    [cleared] Cleared
   *[rejected] Rejected
}
page-alert-handled-by = { page-alert-handled } by { $by }
page-alert-reason = { $handled }: { $reason }
page-alert-acknowledge = Acknowledge
page-alert-reject = Reject…
page-alert-sending = Sending…
page-alert-unchanged = The server accepted the action, but the alert has not changed yet.
page-alert-no-text = No description.
page-alert-outdated = As of { DURATION($age) } ago. Current times and response unknown.
page-announce = { $priority ->
    [distress] Distress alert: { $alert }
    [high] High-priority alert: { $alert }
    [medium] Medium-priority alert: { $alert }
   *[low] Low-priority alert: { $alert }
}
page-announce-more = { $count ->
    [one] { $count } more alert.
   *[other] { $count } more alerts.
}
page-reject-title = Reject alert
page-reject-reason = Reason for rejecting (required, 3 to 500 characters; recorded with the alert)
page-reject-short = Enter a reason of at least three characters.
page-reject-send = Reject

## Incidents

page-incidents = Incidents
page-incidents-loading = Loading incidents…
page-incidents-unreadable = Incidents could not be loaded. { $why }
page-incidents-none = No open incidents. Areas without coverage cannot raise alerts; see Coverage above.
page-incidents-none-found = No incident matches the filter.
page-incident-filters =
    .aria-label = Filter incidents
page-incident-search =
    .aria-label = Filter incidents by text
    .placeholder = Filter
page-incident-state =
    .aria-label = State
page-incident-class =
    .aria-label = Target class
page-incident-section =
    .aria-label = Border section
page-incident-not-closed = Not closed
page-incident-any-class = All classes
page-incident-any-section = All sections
page-incident-mine = Mine
page-incident-what = { $rule }, { $class ->
    [person] person
    [group] group
    [vehicle] vehicle
    [animal] animal
    [other] other
   *[unknown] unclassified
}
page-incident-what-sensor = { $rule }, { $sensor }
page-incident-state-choice = { $state ->
    [open] Open
    [acknowledged] Acknowledged
    [assigned] Assigned
    [en_route] En route
    [on_scene] On scene
   *[closed] Closed
}
page-incident-segment = Seg. { $segment }
page-incident-left = { DURATION($time) } left
page-incident-past = Time expired
page-incident-owner = { $owner }
page-incident-unit = Unit { $unit }
page-incident-escalated = escalated
page-incident-alert = Lead alert
page-incident-candidate = ETA { $time }, P(interruption) { $chance }
page-incident-choose = Select…
page-incident-other-unit = Another unit
page-incident-unknown = The action is stored; its outcome is not known yet.
page-incident-edited = The action is done. Your later changes have not been sent.
page-incident-do = { $action ->
    [acknowledge] Claim
    [assign] Assign…
    [en_route] En route
    [on_scene] On scene
    [close] Close…
    [note] Note…
    [attach] Attach…
    [link] Link…
    [merge] Merge…
    [hand_over] Hand over…
    [undo] Undo
    [mark] Marking…
    [trace] Goods found…
   *[reopen] Reopen…
}
page-incident-dialog = { $action ->
    [assign] Assign a unit to { $name }
    [close] Close { $name }
    [note] Note on { $name }
    [attach] Attach a file to { $name }
    [link] Link { $name } to another incident
    [merge] Merge { $name } into another incident
    [hand_over] Hand over { $name }
    [mark] Releasability of { $name }
    [trace] Goods found at { $name }
   *[reopen] Reopen { $name }
}
page-incident-choice = { $action ->
    [close] Disposition (required)
    [link] Other incident
    [merge] Incident that remains open
    [mark] Marking
   *[assign] Unit or patrol base
}
page-incident-name-of = { $action ->
    [assign] Unit
   *[hand_over] Person
}
page-incident-text-of = { $action ->
    [close] Reason (required for a nuisance alarm)
    [note] Note
    [attach] Address or name of the file
    [hand_over] Reason
   *[reopen] Reason (required)
}
page-marking-none = none
page-marking-up-to = unmarked and up to { $marking }
page-tracing-send = Save
page-tracing-released = { $released ->
    [yes] yes
   *[no] no
}
page-incident-no-other = Select the other incident.
page-incident-no-file = Enter the address or name of the file.
page-workload-line =
    .title = Alerts raised in the last 10 minutes. EEMUA 191 for one operator: 1 acceptable, 2 manageable, up to 5 over-demanding
page-workload = { $raised ->
    [one] 1 alert
   *[other] { $raised } alerts
} in 10 min: { $verdict ->
    [acceptable] acceptable
    [manageable] manageable
    [over-demanding] over-demanding
   *[unmanageable] unmanageable
}
page-workload-unknown = Workload: unknown
page-snooze = Snooze
    .title = Silence repeated alarms for a short time
page-snoozed = Snoozed { DURATION($time) }

## Map

page-map = Map
page-map-region =
    .aria-label = Map
page-map-title = Map: arrow keys pan, plus and minus zoom, Enter selects at the crosshair
page-map-loading = Loading the map…
page-map-failed = The map could not be started. Alerts, tracks and sensors are listed as usual.
page-map-no-webgl = This browser cannot draw the map: WebGL 2 is missing or disabled. Alerts, tracks and sensors are listed as usual.
page-map-tools =
    .aria-label = Map tools
page-zoom-in =
    .aria-label = Zoom in
    .title = Zoom in
page-zoom-out =
    .aria-label = Zoom out
    .title = Zoom out
page-zoom-sector = Sector
    .title = Show the whole sector
page-measure = Measure
    .title = Distance and bearing
page-sight = Line of sight
    .title = Line of sight and elevation profile between two points
page-tool =
    .aria-label = Tool
page-map-cluster = { $kind ->
    [sensor] Cluster of { $count } sensors opened.
    [unit] Cluster of { $count } units opened.
   *[track] Cluster of { $count } tracks opened.
}
page-base-map-broken = Base map { $file } cannot be shown: the file is damaged, incomplete or not a PMTiles archive. The rest of the map is complete.
page-base-map-gaps = Parts of base map { $file } could not be loaded.
page-map-gaps-failed = Some map tiles could not be loaded. Dead ground is not shaded there.
page-map-gaps-computing = Dead ground and coverage are being computed. They are not drawn yet.
page-map-gaps-loading = Map tiles are loading. Dead ground may not be shaded yet.
page-map-detail = Trails, ellipses and vectors for { $shown } of { $all } tracks: those with alerts and those nearest the map centre.
page-map-detail-dots = { $all } tracks. Those without an alert are dots or gather in clusters; click a cluster, or press Enter on it, to open it.
page-map-side = { $side ->
    [own] own side
   *[far] far side
}
page-map-in = in { DURATION($time) }
page-map-track = { $known ->
    [ended] { $track } (track terminated)
    [unknown] { $track } (track status unknown)
   *[present] { $track }
}
page-map-sensor = { $sensor } ({ $state })
page-map-sensor-old = { $sensor } (position { DURATION($age) } old)
page-map-end = { $end ->
    [observer] observer
   *[target] target
}
page-elevation = Elevation { $height }
page-elevation-unknown = Elevation unknown

## Tools

page-tool-undo = Remove last
page-tool-clear = Clear
page-measure-hint = { $points ->
    [0] Click the start point.
   *[other] Click the next point.
} Keyboard: move the map under the crosshair and press Enter.
page-measure-leg = Leg
page-measure-leg-of = { $from }–{ $to }
page-measure-distance = Distance
page-measure-true = True bearing
page-measure-grid = Grid bearing, { $grid }
page-measure-mils = Grid, mils
page-measure-total = Total { $distance }, measured along the WGS 84 ellipsoid; slopes are not included.
page-sight-title = Line of sight
page-sight-hint = { $end ->
    [observer] Click the observer’s position.
   *[target] Click the target’s position.
} Keyboard: move the map under the crosshair and press Enter.
page-sight-asking = Computing…
page-sight-observer = Observer height above ground
page-sight-target = Target height above ground
page-sight-visible = Visible. { $distance } at { $bearing } true.
page-sight-unknown = Unknown: the terrain between the points is not fully known. { $distance } at { $bearing } true.
page-sight-blocked = Not visible: blocked by terrain { DISTANCE($blocked) } from the observer. { page-sight-needed } { $distance } at { $bearing } true.
page-sight-blocked-somewhere = Not visible. { page-sight-needed } { $distance } at { $bearing } true.
page-sight-needed = { $known ->
    [yes] Visible only if at least { $needed } above ground level.
   *[no] {""}
}
page-sight-flat = Bare ground, no vegetation, flat Earth. Elevations above the datum of the terrain model.
page-sight-earth = Bare ground, no vegetation. Refraction: effective Earth radius factor k = { DECIMAL($k, digits: 2) }; the sight line is drawn curved. Elevations above the datum of the terrain model.
page-sight-chart = Terrain from { $low } to { $high } over { DISTANCE($length) }

## Panels

page-panels =
    .aria-label = Panels
page-tab-alerts = Alerts
page-tab-details = Details
page-tab-tracks = Tracks
page-tab-sensors = Sensors
page-tab-layers = Layers

## Tracks

page-tracks-waiting = Waiting for the first picture…
page-tracks-none = No tracks.
page-tracks-count = { $all ->
    [one] { $all } track
   *[other] { $all } tracks
}, { $confirmed } confirmed; those with alerts first, then by probability of existence.
page-tracks-count-first = { $all } tracks, { $confirmed } confirmed; the first { $shown } are listed: those with alerts first, then by probability of existence.
page-tracks-unreadable = { $count ->
    [one] { $count } track could not be read.
   *[other] { $count } tracks could not be read.
}
page-class = { $class ->
    [person] Person
    [group] Group
    [vehicle] Vehicle
    [animal] Animal
    [other] Other
   *[unknown] Unclassified
}
page-track-look = { $look ->
    [confirmed] confirmed
    [tentative] tentative
    [coasting] coasting
   *[stale] stale
}
page-track-summary = { page-track-look }, existence { PROBABILITY($existence) }, { SPEED($speed) }, segment { $segment }
page-track-summary-no-speed = { page-track-look }, existence { PROBABILITY($existence) }, segment { $segment }
page-track-summary-no-segment = { page-track-look }, existence { PROBABILITY($existence) }, { SPEED($speed) }
page-track-summary-short = { page-track-look }, existence { PROBABILITY($existence) }

## Bearings without position

page-bearings = Bearings without position
page-bearings-count = { $count ->
    [one] { $count } direction
   *[other] { $count } directions
} without a known range and not part of any track; newest first.
page-bearing-title = { $sensor }, { BEARING($azimuth) } true
page-bearing-summary = ±{ $error } (95%), { DURATION($age) } ago
page-kind-bearing = Bearing without position
page-lead-bearing = Direction only: the target may be anywhere along this line. Last detection { DURATION($age) } ago.
page-section-bearing = Bearing
page-fact-azimuth = Azimuth
page-fact-azimuth-of = { $azimuth } true, ±{ $error } (95%)
page-fact-range-unknown = unknown, up to { DISTANCE($far) }
page-fact-bearings = Detections in this direction
page-fact-positions = Possible positions
page-fact-positions-of = { $count ->
    [0] none: no bearing of another sensor crosses this one
    [one] { $count } crossing with another sensor’s bearing, not confirmed
   *[other] { $count } crossings with other sensors’ bearings, not confirmed
}
page-fact-lifetime = Removed if not detected for
page-fact-bearing-sensor = Sensor

## Sensors

page-sensors-none = No sensor data yet.
page-sensors-online = { $count ->
    [one] { $count } sensor, online.
   *[other] { $count } sensors, all online.
}
page-sensors-lost = { $count ->
    [one] { $count } sensor
   *[other] { $count } sensors
}, { $lost } offline, muted or degraded.
page-sensor-kind = { $kind ->
    [radar] Radar
    [camera] Camera
    [ground_sensor] Ground sensor
    [radio] Radio direction finder
    [human] Observer
    [relay] Relay
   *[other] { $kind }
}
page-sensor-kind-consequence = { page-sensor-kind }: { $consequence }
page-sensor-coverage-lost = its coverage is lost
page-counts-caption = Messages by sensor
page-counts-sensor = Sensor
page-counts-received = received
page-counts-journaled = journaled
page-counts-duplicate = duplicate
page-counts-dead = dead letters
page-counts-shed = dropped
page-counts-no-sensor = (no sensor)
page-counts-none = { $past ->
    [yes] Message counts are shown for the present only.
   *[no] No message counts yet.
}
page-counts-balanced = Every message is accounted for: for each sensor, received = journaled + duplicate + dead letters + dropped.
page-counts-unbalanced = MESSAGE COUNTS DO NOT BALANCE for { $sensors }.

## Layers

page-layers-loading = Loading layers…
page-layers-terrain = Terrain and coverage
page-layers-objects = Objects
page-layers-symbols = Symbols
page-layer = { $layer ->
    [tracks] Tracks
    [trails] Trails, last 10 min
    [vectors] Velocity vectors (time below the map)
    [ellipses] Position error, 95% ellipse
    [crossings] Predicted crossings, next 10 min
    [bearings] Bearings without position, 95% error
    [views] Sensor fields of view
    [sensors] Sensors
    [border] Border, chainage, sides
    [units] Own units
    [bases] Patrol bases
    [contours] Contour lines
    [rivers] Rivers
    [roads] Roads and paths
    [settlements] Settlements
    [grid] Grid lines, MGRS
    [base-map] Base map
    [levels] Impact level of border sections
    [areas] Named areas
   *[segments] Segments by dead ground
}
page-raster = { $layer ->
    [hillshade] Terrain relief
    [elevation] Elevation
    [response] Response time from the nearest base
    [visible] Dead ground: all sensors
    [visible-radar] Dead ground: radars
    [visible-camera] Dead ground: cameras
    [visible-ground_sensor] Dead ground: ground sensors
    [visible-radio] Dead ground: radio direction finders
    [visible-human] Dead ground: observers
    [coverage] Detection probability: all sensors
    [coverage-radar] Detection probability: radars
    [coverage-camera] Detection probability: cameras
    [coverage-ground_sensor] Detection probability: ground sensors
    [coverage-radio] Detection probability: radio direction finders
    [coverage-human] Detection probability: observers
   *[other] { $title }
}
page-legend-dead-ground = { $within ->
    [yes] Dead ground within { DISTANCE($buffer) } of the border: no line of sight from any working sensor
   *[no] Dead ground along the border: no line of sight from any working sensor
}
page-legend-unknown = Unknown: no terrain data
page-legend-probability = Pd { PERCENT($low) } to { PERCENT($high) }
page-symbol = { $symbol ->
    [person] Person, confirmed
    [group] Group
    [vehicle] Vehicle
    [animal] Animal
    [other] Other
    [alerted] With an open alert
    [tentative] Tentative
    [coasting] Coasting: no current detection, position predicted
    [stale] Stale: no detection for a long time
    [cluster] Cluster of several tracks: activate it to open it
    [sensor-cluster] Cluster of several sensors
    [unit-cluster] Cluster of several own units
    [lost] Sensor offline or degraded
    [muted] Sensor muted: its messages are not read
    [bearing] Bearing without position, 95% error; fades with age
    [danger-area] Danger area
    [named-area] Other named area
   *[unknown] Unclassified
}
page-border-state = { $state ->
    [alert] Border: segment with an open alert, in the colour of its priority
    [lost] Border: coverage lost, sensor not working
    [unknown] Border: unknown, no terrain data or not computed yet
    [dead] Border: mostly dead ground
   *[watched] Border: mostly in line of sight of a working sensor
}
page-area = { $name } ({ $kind ->
    [danger] danger area
    [restricted] restricted area
    [watch] watch area
   *[crossing_point] crossing point area
})

## Details

page-details-empty = Nothing selected. Select an incident, alert, track, bearing, sensor or border segment on the map or in a list.
page-details-gone = { $kind ->
    [track] This track is no longer in the picture: it has been terminated.
    [incident] This incident is no longer in the list.
    [bearing] This bearing is no longer in the picture: it is too old, or it now belongs to a track.
    [sensor] This sensor is no longer in the picture.
    [unit] This unit is no longer listed: no message for a long time.
    [base] This base is no longer in the picture.
    [section] This section is no longer in the picture.
    [segment] This segment is no longer in the picture.
   *[alert] This alert is no longer in the picture.
}
page-details-unknown = { $kind ->
    [track] Waiting for the first picture. This track may no longer exist.
    [bearing] Waiting for the first picture. This bearing may no longer exist.
    [sensor] Waiting for sensor data. This sensor may no longer exist.
    [unit] Waiting for the units. This unit may no longer be listed.
    [base] Waiting for the bases.
    [section] Waiting for the sections.
    [segment] Waiting for the border. This segment may no longer exist.
   *[alert] Waiting for the alerts. This alert may no longer exist.
}
page-details-show = Show on map
page-details-deselect = Deselect
page-details-classes = Class probabilities
page-details-track = Track { $track }
page-details-sensor = Sensor { $sensor }
page-details-alert = Alert: { $rule }
page-details-classed = { page-class } { $track }
page-kind-track = Track, standard identity: unknown
page-kind-segment = Border segment
page-lead-track = { $look ->
    [confirmed] Confirmed; last detection { DURATION($age) } ago.
    [tentative] Tentative: too few detections to confirm. Last detection { DURATION($age) } ago.
    [coasting] Coasting: no detection for { DURATION($age) }, position predicted.
   *[stale] Stale: no detection for { DURATION($age) }, position unreliable.
}
page-section-confidence = Confidence
page-section-motion = Motion
page-section-position = Position
page-section-incident = Incident
page-section-candidates = Response options, as of { $time }
page-section-notes = Notes
page-section-tracing = Goods found
page-section-history = History
page-section-alert = Alert
page-section-response = { $current ->
    [yes] Response
   *[no] Response as of { DURATION($age) } ago; current response unknown
}
page-section-forecast = { $current ->
    [yes] Predicted crossing
   *[no] Predicted crossing as of { DURATION($age) } ago; current prediction unknown
}
page-section-gaps = Coverage gaps
page-section-confidence-then = { $known ->
    [ended] Confidence at last update (track terminated)
    [unknown] Confidence at last update (track status unknown)
   *[present] Confidence at last update
}
page-section-position-then = Position at last update
page-section-mute = Mute
page-section-faults = Faults
page-section-view = Field of view
page-section-messages = Messages
page-section-segment = Segment
page-fact-existence = Probability of existence
page-fact-class = Class
page-fact-class-of = { target-class }, { PROBABILITY($probability) }
page-fact-error = Position error (95%)
page-fact-error-of = ±{ $major } by ±{ $minor }
page-fact-axis = Major axis
page-fact-axis-of = { BEARING($azimuth) } true
page-fact-detected = Last detection
page-fact-ago = { DURATION($age) } ago
page-fact-stated = Position stated
page-fact-sensors = Detected by
page-fact-not-reported = Not reported
page-fact-revoked = Revoked sources
page-fact-speed = Speed
page-fact-course = Course
page-fact-course-of = { BEARING($course) } true
page-fact-course-none = not determined (too slow)
page-fact-to-border = Time to border
page-fact-to-border-none = not within { DURATION($horizon) }
page-fact-to-border-of = { DURATION($time) } at current speed
page-fact-segment = Border segment
page-fact-chainage = Chainage
page-fact-chainage-range = km { DECIMAL($from, digits: 2) } to { DECIMAL($to, digits: 2) }
page-fact-from-border = Distance from border
page-fact-from-border-of = { $side ->
    [own] { DISTANCE($distance) }, own side
   *[far] { DISTANCE($distance) }, far side
}
page-fact-latlon = Lat, lon
page-fact-track-id = Track ID
page-fact-status = Status
page-fact-raised = Raised
page-fact-age = Age
page-fact-updated = Last updated
page-fact-observed = Last detection
page-fact-revision = Revision
page-fact-why = Reason
page-fact-details = Details
page-fact-impact = Impact level
page-fact-left = Time left
page-fact-owner = Owner
page-fact-marking = Marking
page-fact-receives = Receives
page-fact-unit = Unit
page-fact-receipt = Receipt confirmed
page-fact-tracks = Tracks
page-fact-disposition = Disposition
page-fact-handled-by = Handled by
page-fact-last-action-by = Last operator action
page-fact-comment = Operator’s reason
page-fact-response = Response
page-fact-unreachable = Not reachable from any base
page-fact-response-unknown = Unknown: at best over unknown terrain
page-fact-base = Base
page-fact-eta = ETA
page-fact-margin = Time margin
page-fact-margin-of = { $late ->
    [yes] { DURATION($margin) } too late to intercept
   *[no] { DURATION($margin) } to spare
}
page-fact-interruption = P(interruption)
page-fact-crossing = P(crossing within { DURATION($horizon) })
page-fact-crossing-when = Time to crossing (80%)
page-fact-crossing-when-of = { DURATION($from) } to { DURATION($to) }
page-fact-crossing-where = Crossing point (80%)
page-fact-terrain = Terrain
page-terrain = { $terrain ->
    [level] level
    [rolling] rolling
    [steep] steep
    [very_steep] very steep
   *[other] { $terrain }
}
page-land-cover = { $cover ->
    [tree_cover] tree cover
    [shrubland] shrubland
    [grassland] grassland
    [cropland] cropland
    [built-up] built-up
    [bare_or_sparse_vegetation] bare or sparse vegetation
    [snow_and_ice] snow and ice
    [permanent_water] permanent water
    [herbaceous_wetland] herbaceous wetland
    [mangroves] mangroves
    [moss_and_lichen] moss and lichen
   *[other] { $cover }
}
page-fact-in-view = In view of
page-fact-no-sensor = no working sensor
page-fact-dead-ground = Dead ground ahead
page-fact-dead-ground-of = { $now ->
    [yes] in dead ground now
   *[no] in { DURATION($time) }
}
page-fact-road = Nearest road
page-fact-settlement = Nearest settlement
page-fact-on-foot = { DURATION($time) } on foot
page-fact-no-data = No data for
page-ground-layer = { $layer ->
    [roads] roads
    [settlements] settlements
    [rivers] rivers
    [fords] fords
    [land_cover] land cover
   *[other] { $layer }
}
page-fact-gap = Segment { $segment }
page-fact-gap-of = Pd { PROBABILITY($before) } → { PROBABILITY($after) }
page-fact-gap-more = Others
page-fact-gap-more-of = { $count } more
page-fact-heading = Direction
page-fact-heading-of = { $direction ->
    [inbound] inbound
   *[outbound] outbound
}
page-lead-sensor-online = Online. See Layers for its coverage.
page-lead-sensor-degraded = { $state }: data received, but do not rely on this sensor alone.
page-lead-sensor-lost = { $state }. No coverage from this sensor.
page-fact-mute-since = Muted since
page-fact-mute-until = Muted until
page-fact-mute-ended = Mute ended
page-fact-mute-by = Decided by
page-fact-mute-by-of = { $alone ->
    [yes] { $decided } alone, as an emergency
   *[no] { $asked } (request), { $decided } (confirmation)
}
page-fact-mute-who = { $known ->
    [yes] { $name }, { page-role }
   *[no] { page-role }
}
page-fact-mute-request = Request
page-fact-range = Range
page-fact-range-to = up to { DISTANCE($far) }
page-fact-range-of = { DISTANCE($near) } to { DISTANCE($far) }
page-fact-sector = Sector width
page-fact-all-round = 360° (all round)
page-fact-sector-of = { $width }° about { BEARING($azimuth) } true
page-fact-antenna = Height above ground
page-fact-elevation = Ground elevation
page-fact-reports = Reporting path
page-reports = { $path ->
    [radio] radio
    [radio_or_hand] radio or by hand
    [hand] by hand
    [cable] cable
    [satellite] satellite
   *[other] { $path }
}
page-reports-unlinked = { page-reports }; no link to a base over this terrain
page-fact-received = Received
page-fact-journaled = Journaled
page-fact-duplicate = Duplicate
page-fact-dead-letters = Dead letters
page-fact-dropped = Dropped
page-fact-implausible = Implausible (flagged)
page-details-segment = Segment { $segment }
page-lead-segment = { PERCENT($fraction, digits: 1) } of the ground along this segment is dead ground.
page-lead-segment-unknown = Dead ground along this segment is not known yet.
page-fact-section = Section
page-fact-dead-ground-share = Dead ground
page-fact-tracks-now = Tracks now

## Help

page-help-keys = Keyboard
page-help-drawing = Map symbols
page-help-key-help = open this help
page-help-key-alerts = go to the list of incidents or alerts
page-help-key-map = go to the map
page-help-key-panels = details, tracks, sensors, forces, layers
page-help-key-escape = close the tool or clear the selection
page-help-key-list = move within a list
page-help-key-enter = in a list: select and centre the map; on the map: select at the crosshair
page-help-key-actions = in the alert list: acknowledge, reject
page-help-key-incidents = in the incident list: claim, assign a unit, close, change the marking
page-help-key-pictures = on a picture: person, vehicle, animal, nothing, unclear
page-help-key-looks = in an incident: turn the first camera
page-help-key-search = go to a place, coordinates, track, incident, sensor or unit
page-help-key-pan = on the map: pan and zoom
page-help-key-tools = measure; line of sight (Enter sets a point at the crosshair)
page-help-unknown = All tracks have the standard identity “unknown” (APP-6). The software never classifies anyone as friend or hostile.
page-help-faint = Faint symbol: lower probability of existence. Small symbol: tentative track, not confirmed.
page-help-dashed = Dashed and hollow: coasting, position predicted. Crossed out: no detection for more than { DURATION($stale) }.
page-help-vector = Line ahead: predicted position after the time stated below the map, which grows as you zoom out. Dotted line: positions of the last 10 min. Ellipse: 95% position error. Cross on the border: predicted crossing at current course and speed.
page-help-alerted = Yellow symbol in a ring: open alert. Dashed ring: acknowledged.
page-help-hatched = Hatched: field of view of a sensor that is offline, muted or degraded. No coverage from this sensor.
page-help-bearing = Thin dashed line in a wedge: direction in which a sensor detects something without a range, as at its last detection. Wedge: 95% error in azimuth. It fades with age and is not part of any track.
