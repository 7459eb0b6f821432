# The sector at a glance, the search box, and the strength of evidence.

overview-title = Sector at a glance
overview-group = { $group ->
    [urgent] Most urgent
    [events] Next events
    [sensors] Sensors
    [coverage] Coverage
    [forces] Own forces
   *[load] Situation
}
overview-row = { $row ->
    [incident] Incident
    [alert] Alert
    [assigned] Assigned
    [not-covered] Not covered
    [waiting] Not acknowledged
    [next] Expected
    [more] Others
    [online] Online
    [dead-ground] Dead ground
    [unknown] No terrain data
    [lost] Coverage lost
    [on-duty] On duty
    [help] Nearest help
    [nearest-unit] Nearest unit
    [workload] Workload
    [tracks] Tracks
   *[weather] Light and weather
}
overview-unknown = unknown
overview-more = { $count } more
overview-waiting = { $count ->
    [one] { $count } incident, for { DURATION($age) }
   *[other] { $count } incidents, the oldest for { DURATION($age) }
}
overview-what = { $time }: { $what }
overview-none-ahead = none known within { DURATION($time) }
overview-crossing = border in { DURATION($time) } at current speed
overview-of = { $count } of { $all }
overview-none-open = none open
overview-none-lost = no loss stated by an open alert
overview-lost = { $count ->
    [one] { $count } segment
   *[other] { $count } segments
}
overview-dead-ground = { PERCENT($share, digits: 0) } dead ground
overview-chainage = km { DECIMAL($km, digits: 1) }
overview-no-terrain = { PERCENT($share, digits: 0) } without terrain data
overview-span = km { DECIMAL($from, digits: 1) }–{ DECIMAL($to, digits: 1) }
overview-duty = { $count ->
    [one] { $count } unit
   *[other] { $count } units
}: { $assigned } assigned, { $free } not assigned
overview-help = { $name }, { $time }
overview-tracks = { $count }, of which { $confirmed } confirmed
overview-weather = { $weather } (as set, { $at })
overview-weather-word = { $word ->
    [day] day
    [night] night
    [rain] rain
    [fog] fog
    [haze] haze
    [humid] humid
    [wind] strong wind
   *[other] { $word }
}

## Search

goto-region =
    .aria-label = Go to
goto-input =
    .aria-label = Go to a place, coordinates, chainage, track, incident, sensor or unit
    .placeholder = Go to: place, MGRS, km…
    .title = Go to (/)
goto-list =
    .aria-label = Found
goto-found = { $count ->
    [0] Nothing found in this sector.
    [one] { $count } found
   *[other] { $count } found
}
goto-chainage = km { DECIMAL($km, digits: 2) }
goto-kind = { $kind ->
    [chainage] on the border
    [mgrs] MGRS
    [lat-lon] lat, lon
    [incident] incident
    [track] track
    [unit] unit
    [base] patrol base
    [sensor] sensor
    [section] border section
    [segment] border segment
    [settlement] settlement
    [river] river
   *[road] road
}

## Strength of evidence

certainty-title = Evidence
certainty-line = { $level ->
    [strong] Strong evidence: { $met } of { $all } signs
    [fair] Fair evidence: { $met } of { $all } signs
   *[weak] Weak evidence: { $met } of { $all } signs
}
certainty-sign = { $met ->
    [yes] Yes:
    [no] No:
   *[unknown] Unknown:
}
certainty-existence = existence { PROBABILITY($value) }
certainty-sensors = { $value ->
    [one] detected by { $value } sensor
   *[other] detected by { $value } sensors
}
certainty-class = class { $class ->
    [person] person
    [group] group
    [vehicle] vehicle
    [animal] animal
   *[other] other
} { PROBABILITY($probability) }
certainty-position = position error ±{ $error } (95%)
certainty-detection = { $look ->
    [confirmed] detected now
    [tentative] detected now, not confirmed
    [coasting] coasting: not detected now
    [gone] track terminated
   *[stale] no detection for a long time
}
certainty-unknown = { $sign ->
    [sensors] detecting sensors not reported
    [class] class not determined
   *[position] position error not reported
}

## Panels

panels-more = More
panels-related = Related:
panels-menu =
    .aria-label = Menu
    .title = Menu
panels-vectors = Vectors { DURATION($time) }
panels-resize =
    .aria-label = { $panel ->
        [left] Width of the incident panel
       *[right] Width of the side panel
    }
    .title = Drag, or use the arrow keys; double-click to reset
panels-resize-value = { $width } px
