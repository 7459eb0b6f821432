# Alerts: headlines (at most 12 words, a number with its unit counts as one), details, reasons and responses.
# Metres, seconds, m/s and probabilities as parameters. $direction: inbound, outbound, none. $side: own, far.

alert-target = { $class ->
    [person] Probable person on foot
    [group] Probable group
    [vehicle] Probable vehicle
    [animal] Probable animal
   *[unknown] Unclassified target
}
alert-direction = { $direction ->
    [inbound] inbound
    [outbound] outbound
   *[none] along the border
}
alert-side = { $side ->
    [own] inside
   *[far] beyond
}
alert-rule = { $rule ->
    [distress] Distress
    [crossing] Crossing
    [approaching] Approaching
    [track_initiated_inside] Track initiated inside
    [entering_dead_ground] Entering dead ground
    [loitering] Loitering
    [group_formed] Group formed
    [coverage_lost] Coverage lost
    [activity_below_baseline] Activity below baseline
    [sensor_offline] Sensor offline
    [sensor_fault] Sensor fault
   *[other] { $rule }
}
alert-priority = { $priority ->
    [distress] Distress
    [high] High
    [medium] Medium
    [low] Low
   *[other] { $priority }
}
alert-status = { $status ->
    [active] active
    [acknowledged] acknowledged
    [cleared] cleared
    [rejected] rejected
   *[other] { $status }
}
alert-impact-level = { $level ->
    [low] low
    [medium] medium
    [high] high
    [critical] critical
   *[other] { $level }
}

## Headlines

alert-crossing = { alert-target }, track { $track }, crossed { $direction ->
    [inbound] inbound
    [outbound] outbound
   *[unknown] the border
} at segment { NUMBER($segment, useGrouping: 0) }
alert-approaching = { alert-target }, track { $track }, approaching { alert-direction }, border in { DURATION($time_to_border_s) }
alert-approaching-distance = { alert-target }, track { $track }, approaching { alert-direction }, { DISTANCE($offset_m) } from border
alert-track-initiated-inside = Track { $track } initiated { DISTANCE($offset_m) } inside the border; no crossing detected
alert-entering-dead-ground = { alert-target }, track { $track }, entering dead ground in { DURATION($dead_ground_in_s) }
alert-loitering = { alert-target }, track { $track }, loitering for { DURATION($duration_s) }, segment { NUMBER($segment, useGrouping: 0) }
alert-group-formed = Group of { $count ->
    [one] { $count } track
   *[other] { $count } tracks
} { DISTANCE($offset_m) } { alert-side } the border, segment { NUMBER($segment, useGrouping: 0) }
alert-coverage-lost = Coverage lost on { $count } of { $total ->
    [one] { $total } segment
   *[other] { $total } segments
} ({ $segments }): { $sensor } { alert-cause }
alert-coverage-lost-many = Coverage lost on { $count } of { $total ->
    [one] { $total } segment
   *[other] { $total } segments
}: { $sensor } { alert-cause }
alert-coverage-gap = Coverage gap on { $count } of { $total ->
    [one] { $total } segment
   *[other] { $total } segments
} ({ $segments }): { $sensor } { alert-cause }
alert-coverage-gap-many = Coverage gap on { $count } of { $total ->
    [one] { $total } segment
   *[other] { $total } segments
}: { $sensor } { alert-cause }
alert-cause = { $cause ->
    [offline] offline
    [muted] muted
    [frozen_data] data frozen
    [unknown_position] position unknown
   *[other] not detecting
}
alert-activity-below-baseline = No traffic on segment { NUMBER($segment, useGrouping: 0) } in the last hour; { DECIMAL($expected, digits: 1) } tracks expected
alert-sensor-offline = Sensor { $sensor } offline: no data since { TIME($since) }
alert-sensor-muted = Sensor { $sensor } muted until { TIME($until) }: its messages are not read
alert-sensor-fault = Sensor { $sensor }: { sensor-fault }
alert-distress = Distress: unit { $unit } reports people in need
alert-distress-at-segment = Distress: unit { $unit } reports people in need at segment { NUMBER($segment, useGrouping: 0) }
distress-device = { $device ->
    [MOB] man-overboard device
    [EPIRB-AIS] distress radio beacon
   *[other] search and rescue transmitter
} { $identity }
alert-device-distress = Distress: { distress-device } is active
alert-device-distress-at-segment = Distress: { distress-device } is active at segment { NUMBER($segment, useGrouping: 0) }
alert-more-devices-distress = Distress: further distress devices are active, too many to be stated one by one
alert-more-devices-distress-at-segment = Distress: further distress devices are active, too many to be stated one by one; the last at segment { NUMBER($segment, useGrouping: 0) }

## Details

alert-detail-motion = { $heading ->
    [none] Stationary
   *[other] Heading { compass }, { alert-direction }, { SPEED($speed_mps) }
}
alert-detail-position = { DISTANCE($offset_m) } { alert-side } the border, segment { NUMBER($segment, useGrouping: 0) } ({ CHAINAGE($chainage_m) })
alert-detail-area = Inside { $kind ->
    [danger] danger area
    [restricted] restricted area
    [watch] watch area
   *[crossing_point] crossing point area
} { $area }
alert-detail-class = Most probable class: { target-class } ({ PROBABILITY($probability) })
alert-detail-confidence = Track confidence { PROBABILITY($existence) }
alert-detail-sensors = Detected by { $sensors }
alert-detail-expect-track-loss = Expect track loss: no line of sight from any working sensor.
alert-detail-initiated-in-coverage = The track was initiated within sensor coverage.
alert-detail-check-gap = Check segment { NUMBER($segment, useGrouping: 0) } for a coverage gap.
alert-detail-tracks = Tracks: { $tracks }{ $others ->
    [0] {""}
   *[other] {" "}({ $others } more)
}
alert-detail-split = Split into { $count ->
    [one] { $count } part
   *[other] { $count } parts
}, { DISTANCE($distance_m) } apart
alert-detail-segments = { $count ->
    [one] Segment { $segments }
   *[other] Segments { $segments }
}
alert-detail-worst-gap = Crossing Pd below the { PERCENT($required) } requirement; worst: segment { NUMBER($segment, useGrouping: 0) }, { PERCENT($before) } → { PERCENT($after) }
alert-detail-check-sensors = Possible undetected sensor fault or change in activity.
alert-detail-its-coverage-lost = Its coverage is lost.
alert-detail-muted = Muted by decision of supervisors: the sensor itself may be working.
alert-detail-mute-ended = The mute ended at { TIME($until) }; no data since then.
alert-detail-note = Unit message: “{ $note }”
alert-detail-coordinates = Position { $position } (WGS 84)
alert-detail-last-coordinates = Last known position { $position } (WGS 84)
alert-detail-placed-at = It was there at { DATETIME($at) }; the call states no position.
alert-detail-without-fix = The device has no satellite fix now, and states an earlier position: its time is not known.
alert-detail-heard-by = Received by { $sensor }
alert-detail-devices = { $count ->
    [one] { $count } device: { $devices }
   *[other] { $count } devices, the last first: { $devices }
}{ $others ->
    [0] {""}
   *[other] {" "}({ $others } more)
}
alert-detail-no-position = Position unknown: neither the call nor an earlier message states one.
alert-detail-refused-call = { $code ->
    [missing_field] The message is not complete: confirm the call by radio.
   *[other] The message breaks the rules for units ({ $code ->
        [conflict] its numbers were used before
        [rollback] its boot is lower than an earlier one
        [future] its time is ahead of ours
       *[other] { $code }
    }) and is a dead letter: confirm the call by radio.
}
alert-detail-response-assumptions = Response estimate assumes { $responder ->
    [on_foot] responders on foot
   *[vehicle_then_on_foot] responders by vehicle ({ SPEED($off_road_mps) } off road on level ground), then on foot
}; target { $target ->
    [by_vehicle] by vehicle
   *[on_foot] on foot
} at { $pace ->
    [observed_speed] its observed speed
   *[ground] the fastest pace the ground allows
}; remaining path in { $strips ->
    [one] { $strips } strip
   *[other] { $strips } strips
}

## Why the alert was raised

alert-why-crossing = { $count ->
    [one] { $count } detection
   *[other] { $count } consecutive detections
} past the border, beyond the { DISTANCE($band_m) } position uncertainty
alert-why-approaching = { $count ->
    [one] { $count } detection
   *[other] { $count } consecutive detections
} closing on the border at { SPEED($speed_mps) }
alert-why-loitering = Stayed within { DISTANCE($radius_m) } of one position near the border, detected throughout
alert-why-track-initiated-inside = First detections inside the border; all ground within { DISTANCE($radius_m) } is covered
alert-why-entering-dead-ground = No sensor coverage on its predicted path
alert-why-group-formed = { $count ->
    [one] At least { $count } track
   *[other] At least { $count } tracks
} within { DISTANCE($radius_m) } of each other for { DURATION($duration_s) }
alert-why-coverage-lost = { $sensor } { alert-cause }; the state of every other sensor was taken into account
alert-why-activity-below-baseline = { DECIMAL($expected, digits: 1) } tracks expected from earlier days, none counted; segment { NUMBER($segment, useGrouping: 0) } was covered for the whole hour
alert-why-time-left = { DURATION($time_to_border_s) } to the border
alert-why-impact-level = Impact level of the section: { alert-impact-level }
alert-why-risk = Priority raised one step: the risk of segment { NUMBER($segment, useGrouping: 0) } is high, decided on { $on } by { $by }

## Response

alert-response = { $base }: ETA { DURATION($eta_s) }, { DURATION($margin_s) } { $timing ->
    [late] too late to intercept
   *[in_time] to spare
}; P(interruption) { PROBABILITY($interruption_probability) }
alert-response-unknown = Response unknown: from bases at best over unknown terrain
alert-response-none = Not reachable from any base; P(interruption) { PROBABILITY($interruption_probability) }

## Cleared without an operator

alert-cleared = Auto-cleared: { $reason ->
    [no_action] no operator action
    [crossed] the track crossed the border
    [not_approaching] the track has stopped approaching
    [approach_lost] approach no longer detected
    [track_ended] the track ended
    [moved_on] the track moved on
    [not_heading_there] the track is no longer heading for dead ground
    [joined_group] the group joined another group
    [dispersed] the group dispersed
    [sensor_reports] the sensor is reporting again
    [mute_over] the mute has ended and the sensor is reporting again
    [maintenance] the sensor announced a stop or maintenance
    [fault_over] the fault has ended
    [traffic_again] traffic has resumed
   *[other] condition ended
}
