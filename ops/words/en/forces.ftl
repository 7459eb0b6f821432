# Own forces: units, patrol bases, response options, impact levels and posture of border sections.

forces-tab = Forces
forces-bases = Patrol bases
forces-sections = Border sections: impact level and posture
forces-sections-note = Impact levels and reaction: Regulation (EU) 2019/1896, articles 34 and 35. The required numbers are settings of this site.
forces-no-sections = The sector file has no border sections.
forces-no-units-yet = No unit has sent a position.
forces-no-units = no units
forces-free = Not assigned
forces-kind = { $kind ->
    [unit] Unit
    [base] Patrol base
   *[section] Border section
}
forces-symbol = { $symbol ->
    [vehicle] Own unit with a vehicle; fades as its position ages
    [foot] Own unit on foot
    [old] Own unit, last known position: not current
   *[base] Patrol base
}

## Units

forces-age = { $state ->
    [current] Position { $age } old
    [fading] Position { $age } old: the unit may have moved
   *[old] Position not current: last known { $age } ago
}
forces-age-short = { $state ->
    [old] last known { $age } ago
   *[current] position { $age } old
}
forces-age-unknown = Position age unknown
forces-map-unit = { $state ->
    [old] { $name } (last known { $age } ago)
   *[fading] { $name } ({ $age } ago)
}
forces-map-section = { $section }: { $level }
forces-duty = { $duty ->
    [patrol] On patrol
    [available] Available
    [standby] On call at base
    [off_duty] Off duty
   *[not_stated] Duty not reported
}
forces-moves = { $moves ->
    [vehicle] vehicle
    [foot] on foot
   *[not_stated] not reported; vehicle assumed
}
forces-assigned = Assigned: { $incidents }
forces-distress = DISTRESS · { $status }
forces-load = { $count ->
    [one] { $count } unit on duty
   *[other] { $count } units on duty
}, { $free } not assigned.
forces-load-unit = { $unit }: { $incident }

## Devices of field units

forces-devices = Devices…
forces-devices-title = Devices of { $unit }
forces-devices-note = { $count ->
    [0] No device of this unit is in use.
    [one] { $count } device in use.
   *[other] { $count } devices in use.
}
forces-devices-when = { $state ->
    [revoked] Enrolled { $enrolled }; revoked { $at }
   *[in_use] Enrolled { $enrolled }; last seen { $at }
}
forces-devices-revoke = { $sure ->
    [yes] Revoke now
   *[no] Revoke…
}
forces-devices-revoke-of = { $sure ->
    [yes] Revoke { $device } now
   *[no] Revoke { $device }…
}
forces-devices-enrol = Enrol a device
forces-devices-close = Close
forces-devices-scan = Scan this code with the phone of the unit. It is valid once.
forces-devices-typed = Code to enter instead:
forces-devices-expiry = Expires in { $time }.
forces-devices-qr = QR code that enrols a device of { $unit }

## Response options

forces-option = { $name }: { $figures }
forces-option-name = { $kind ->
    [unit] { $name } (unit)
   *[base] { $name } (base)
}
forces-option-time = ETA { $time } over ground
forces-option-unknown = response unknown: at best over unknown terrain
forces-option-none = no arrival within 4 h over ground
forces-option-age = { $state ->
    [old] position not current: { $age } old
   *[current] position { $age } old
}
forces-options-loading = Computing response times over ground…
forces-options-none = Response times over ground are not available.
forces-options-interception = Times over ground to where the target is predicted to leave the border area.
forces-options-incident = Times over ground to the position of the incident.
forces-options-noplace = The incident has no position, so there are no response times.
forces-help-line = Nearest help: { $help }
forces-help = { $help } over ground
forces-help-age = { $help } over ground; position { $age } old
forces-help-busy = { $help } (assigned to { $incidents })
forces-help-unknown = no unit or base with a current position is known to arrive within 4 h: some at best over unknown terrain
forces-help-none = no unit or base with a current position arrives within 4 h over ground

## Impact levels and posture

forces-level = { $level ->
    [low] Low
    [medium] Medium
    [high] High
    [critical] Critical
   *[none] Not set
}
forces-posture-none = Impact level not set, so no reaction is required
forces-posture = { $fielded ->
    [one] { $fielded } unit
   *[other] { $fielded } units
} ({ $required } required); base { $response } (limit { $limit })
forces-posture-response = { $time }
forces-posture-response-none = cannot reach it
forces-posture-response-unknown = response not known
forces-met = { $met ->
    [yes] Requirement met
    [no] Below requirement
   *[unknown] Not assessed
}
forces-met-line = { $met }: { $posture }
forces-required = { $count ->
    [one] { $count } unit
   *[other] { $count } units
}; response within { $limit }
forces-slowest = { $time } from { $base }, slowest segment
forces-set-level = Set level…
forces-set-level-of = Set the impact level of { $section }
forces-dialog = Impact level of section { $section }
forces-level-label = Impact level
forces-reason-label = Reason (required)
forces-level-send = Set level
forces-level-unset = The impact level is not set.
forces-level-file = As in the sector file; no decision yet
forces-level-now-file = { $level }, as in the sector file; no decision yet.
forces-level-proposed = The risk assessment of { $on } proposes: { $level }.
forces-level-now = { $level }, set by { $by } at { $at }: { $reason }
forces-level-waiting = The decision is stored; it applies once the server has processed it.
forces-level-asked = The level is unchanged. Another supervisor has to confirm the lower level under “Requests for a second person” on the page “Your account”.
forces-level-passed = Your decision does not apply: another one was made first. Check it above, then decide again.
forces-decision = { $level }: { $reason }

## Facts and sections of the details panel

page-section-unit = Unit
page-section-units = Units
page-section-section = Section
page-section-posture = Required and fielded
page-section-level-history = Impact level: decisions
page-fact-duty = Duty
page-fact-moves = Mobility
page-fact-unit-base = Base
page-fact-assigned = Assigned to
page-fact-distress-since = Distress since
page-fact-position-at = Position as of
page-fact-clock-ahead = Unit clock ahead by
page-fact-help = Nearest help
page-fact-level = Impact level
page-fact-level-source = Source
page-fact-segments = Segments
page-fact-posture = Posture
page-fact-required = Required
page-fact-fielded = Units fielded
page-fact-not-current = Not counted: position not current
page-fact-slowest = Base response

## Refused messages of units

unit-refused = { $reason ->
    [future] The time of the message is in the future: check the clock of the device.
    [expired] The message is too old.
    [signature] The message is not signed with a valid key of the unit.
    [revoked] The message is signed with a key that was revoked or has expired.
    [rollback] The message has a lower start number (boot) than an earlier one.
    [conflict] The number of the message was used for another message.
    [unit_mismatch] The message names another unit.
    [out_of_range] A value is out of range: { $field }.
    [incomplete] The message has no position.
    [too_large] The message is too large.
   *[other] The message cannot be read: { $field }.
}
forces-refused-channel = { $channel ->
    [position] { $count ->
        [one] 1 position
       *[other] { NUMBER($count) } positions
    }
    [reply] { $count ->
        [one] 1 answer
       *[other] { NUMBER($count) } answers
    }
   *[resend] { $count ->
        [one] 1 request
       *[other] { NUMBER($count) } requests
    }
}
forces-refused-reason = { $reason } (last at { $at })
forces-refused-only = Messages refused, no position known: { $units }. { $reason }
page-section-refused = Refused messages
