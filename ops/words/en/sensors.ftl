# States and faults of sensors.

sensor-state = { $state ->
    [ok] online
    [degraded] degraded
    [offline] offline
    [maintenance] stopped or in maintenance
    [muted] muted
    [no_data] no data yet
    [revoked] credentials revoked
   *[other] { $state }
}
sensor-kind = { $kind ->
    [radar] radar
    [camera] camera
    [ground_sensor] ground sensor
    [radio] radio direction finder
    [human] observer
    [relay] radio relay
   *[other] { $kind }
}
sensor-fault = { $fault ->
    [frozen_data] frozen data
    [excessive_message_rate] excessive message rate
    [clock_offset] clock offset
    [low_power] low power
    [obscured] view obscured or not detecting
    [azimuth_bias] azimuth bias
    [implausible_position] implausible position
    [unknown_position] position unknown
    [flooding] message flood
    [impersonated] unsigned messages under its name
    [conflict] message numbers reused
    [rollback] old boot number
   *[other] { $fault }
}

## What was found

sensor-frozen-data = Frozen data: identical detections in { $count ->
    [one] { $count } scan
   *[other] { $count } consecutive scans
}
sensor-excessive-message-rate = Excessive message rate: { $count ->
    [one] { $count } scan
   *[other] { $count } scans
} in { DURATION($window_s) } (expected { $expected })
sensor-clock-ahead = Clock { DECIMAL($offset_s, digits: 2) } s ahead of the host clock (time source: { $time_source ->
    [unknown] not reported
   *[other] { $time_source }
})
sensor-clock-refused = Clock { DURATION($offset_s) } ahead of the host clock: messages refused. Check both clocks.
sensor-clock-behind = Clock or link { DECIMAL($offset_s, digits: 1) } s behind (time source: { $time_source ->
    [unknown] not reported
   *[other] { $time_source }
})
sensor-low-power = Low power: { PERCENT($fraction) } remaining
sensor-implausible-position = Stated position not used: { $reason ->
    [jump] farther from the last one than the sensor can have moved
    [ground] below ground
   *[terrain] outside the known terrain
}
sensor-unknown-position = Position unknown: last stated { DURATION($age_s) } ago; detections not used
sensor-obscured = View obscured or not detecting, as reported by the sensor
sensor-azimuth-bias = Azimuth bias { DECIMAL($bias_deg, digits: 2, sign: 1) }° ({ $survey ->
    [none] north alignment not surveyed
    [undated] surveyed north alignment ±{ DECIMAL($north_sd_deg, digits: 1) }°
   *[dated] north alignment ±{ DECIMAL($north_sd_deg, digits: 1) }°, surveyed { $surveyed_on }
}); correction applied
sensor-flooding = Excessive rate of unusable messages; sensor in quarantine
sensor-impersonated = Another program sends under this name without the key; only signed messages are used
sensor-conflict = Message numbers reused; messages stored as dead letters. The spool was replaced, or two programs send as this sensor.
sensor-rollback = Boot number below the last one received; messages are refused. The spool was replaced, or old messages were delayed.
