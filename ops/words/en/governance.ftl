# Governance: the two-person rule, anomalies in the audit log, drills, training, confidential and public reports.

approvals-title = Requests for a second person
approvals-intro = Some actions take effect only when another person confirms them. Requests and decisions are recorded in the audit log.
approvals-no-accounts = This server has no accounts, so there is no second person to confirm a request.
approvals-done = The request or decision has been recorded.
approvals-waiting = { $count ->
    [0] No request is waiting
    [one] { $count } request is waiting
   *[other] { $count } requests are waiting
}
approvals-kind = { $kind ->
    [lower_impact_level] Lower an impact level
    [mute_sensor] Mute a sensor
   *[erase] Erase records
}
approvals-subject = { $kind ->
    [lower_impact_level] Section { $section }: impact level { alert-impact-level }
    [mute_sensor] Sensor { $sensor }: muted for { $minutes } min
   *[erase] Records that the settings { $settings } make due
}
approvals-asked = Requested by { $name } at { $time } UTC: { $reason }
approvals-expires = Expires at { $time } UTC.
approvals-decide = { $decision ->
    [confirm] Confirm
    [refuse] Refuse
    [withdraw] Withdraw
   *[override] Carry out without a second person
}
approvals-emergency = Emergency
approvals-emergency-hint = Only if no second person can be reached and waiting is dangerous. The override is flagged in the audit log with your name and reason.
approvals-reason = Reason
approvals-mute = Mute a sensor
approvals-mute-hint = A muted sensor is shown as muted, with your reason, and its coverage as lost. It reports again after the stated time, at most one day.
approvals-sensor = Sensor
approvals-minutes = Minutes
approvals-erase = Erase records (“watchline store purge”)
approvals-erase-hint = “watchline store purge --dry-run” states what would be erased, and the checksum of the settings.
approvals-checksum = Checksum of the settings
approvals-ask = Ask for confirmation
approvals-decided = Decided requests
approvals-none = No request has been decided.
approvals-state = { $state ->
    [confirmed] Confirmed by { $name } at { $time } UTC
    [overridden] EMERGENCY OVERRIDE: decided by { $name } alone at { $time } UTC
    [refused] Refused by { $name } at { $time } UTC
    [withdrawn] Withdrawn at { $time } UTC
    [failed] Not possible; ask again
   *[expired] Expired
}
approvals-problem = { $problem ->
    [same_person] Another person has to confirm the request.
    [newer_account] An account that is newer than the request cannot confirm it.
    [not_asker] Only the person who asked can withdraw the request.
    [supervisor] Only a supervisor can carry out a request without a confirmation.
    [right] Your account does not have the right to do this.
    [program] Requests are made and decided by people at a browser, not by programs.
    [local] This server has no accounts, so there is no second person to confirm a request.
    [expired] The request has expired. Ask again.
    [not_waiting] The request has already been decided.
    [unknown] There is no such request.
    [too_many] Too many of your requests are waiting. Withdraw some of them first.
    [sensor] There is no sensor “{ $sensor }”.
    [override] State a reason of at least { $least } characters.
    [minutes] Minutes: enter a whole number from 1 to 1440.
    [reason] Reason: enter 3 to 500 characters on one line.
    [settings] Checksum: enter the 16 characters that “watchline store purge --dry-run” states.
    [action] The form is incomplete. Open the page again.
    [no_actions] This server takes no actions.
    [changed] The situation has changed since the request. Ask again.
   *[storage] This could not be stored or carried out. Try again.
}

## Anomalies in the audit log

anomaly-title = Unusual patterns
anomaly-intro = Compares actions in the audit log of the last 365 days with what is expected by chance.
anomaly-look = Look for unusual patterns
anomaly-period = { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
} from { $start } to { $end } UTC, with { $crossings ->
    [one] { $crossings } crossing
   *[other] { $crossings } crossings
}
anomaly-rule = { $rule ->
    [mute_before_crossing] Sensors muted before crossings
    [outage_before_crossing] Sensors offline before crossings
    [rejection_burst] Many rejections by one account in 8 hours
    [export_at_night] Exports at night
   *[override] Repeated emergency overrides
}
anomaly-formula = { $rule ->
    [mute_before_crossing] Poisson-binomial tail P(K ≥ k) of the mutes that an account asked for or decided on, with a crossing from their start until their end, at least 30 min. Chance of each: fraction of the days of the period with a crossing at the same time of day.
    [outage_before_crossing] Poisson-binomial tail P(K ≥ k) of the outages with a crossing, as for mutes.
    [rejection_burst] Beta-binomial tail P(R ≥ r) of the decisions of 8 hours. Mean and correlation within 8 hours are those of all other accounts, with a correlation of at least 0.05; decisions of colleagues in the same hours count half.
    [export_at_night] Hypergeometric tail P(X ≥ x) of the nights among the half-days with an export, drawn from all half-days on which the account acted. Night: 22:00 to 06:00.
   *[override] Poisson tail P(N ≥ n) in 30 days, for two overrides per supervisor and year.
}
anomaly-tested = { anomaly-rule }: { $tests ->
    [0] too little to test
    [one] { $tests } test
   *[other] { $tests } tests
}{ $subjects ->
    [0] { "" }
    [one] {" "}of { $subjects } account or sensor
   *[other] {" "}of { $subjects } accounts or sensors
}, { $findings ->
    [0] no finding
    [one] { $findings } finding
   *[other] { $findings } findings
}
anomaly-finding = { $rule ->
    [mute_before_crossing] { $subject }: { $observed } of { $of } mutes coincided with a crossing, { $expected } expected by chance
    [outage_before_crossing] { $subject }: { $observed } of { $of } outages coincided with a crossing, { $expected } expected by chance
    [rejection_burst] { $subject }: { $observed } of { $of } decisions in 8 hours were rejections, { $expected } expected by chance
    [export_at_night] { $subject }: { $observed } of { $of } half-days with an export were at night, { $expected } expected by chance
   *[override] { $subject }: { $observed } overrides in 30 days, { $expected } expected
} (probability at most 1 in { $chance }, threshold 1 in { $threshold }).
anomaly-entries = Entries: { $numbers }{ $more ->
    [0] { "" }
   *[other] {" "}and { $more } more
}
anomaly-rate = At most { NUMBER($rate, maximumFractionDigits: 2) } findings per month are expected by chance alone. This rate is divided equally among the accounts, however active they are.
anomaly-caution = A finding is a question, not an accusation: weather, duty rosters and maintenance also make patterns. Speak to the person before anything is decided.
anomaly-none = No unusual pattern was found. Single actions, and patterns below the thresholds, are not detected.
anomaly-short = There are too few entries to compare.
anomaly-column = { $column ->
    [rule] Pattern
    [tests] Tests
    [named] Findings expected by chance per account or sensor and year, at most
   *[formula] Formula
}

## Drills and training

drill-title = Drill
drill-real = This server shows an operations room. Only demonstrations (“watchline demo”) are scored, so that real incidents never count as someone’s score.
drill-intro = A shift works on this demonstration as on a real night: it acknowledges, assigns and closes incidents. The score compares what it did with the simulation’s truth so far.
drill-key-hint = The score shows the answer key. Open it only when the shift has finished: a shift that has seen it can no longer be scored.
drill-show = Show the score and the answer key
drill-not-yet = The demonstration has not begun. Try again in a moment.
drill-figures = Score so far
drill-interval = { PERCENT($value) } (95%: { PERCENT($low) } to { PERCENT($high) })
drill-not-one-figure = The figures are never added up, so that speed cannot make up for a missed crossing. “watchline drill score” keeps a training record of them.
drill-answer-key = Answer key
drill-none = There is no movement incident yet.
drill-answer-truth = { $there ->
    [no] Nothing was there.
    [crossed] Most probable target: { target-class }. It crossed the border.
   *[stayed] Most probable target: { target-class }. It did not cross the border.
}
drill-answer-given = { $verdict ->
    [none] Not closed by a person.
    [right] Closed as “{ incident-disposition }”: correct.
   *[wrong] Closed as “{ incident-disposition }”: incorrect.
}
drill-answer-acknowledged = Acknowledged after { DURATION($time) }.
drill-answer-late = Not acknowledged by a person.
drill-answer-right = Correct dispositions:
drill-exercise = EXERCISE: { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} about movement, compared with the simulation’s truth
drill-acknowledged = Acknowledged within { $limit } s: { $part } of { $whole } (median { $median } s)
drill-right = Correct dispositions: { $part } of { $whole } closed by a person
drill-missed = Crossings shown but not acknowledged: { $part } of { $whole }
drill-undetected = Crossings without an incident, which no shift could see: { $part } of { $whole }
drill-result = { $result ->
    [passed] Passed.
   *[failed] Not passed.
}
training-period = { $count ->
    [one] { $count } training session
   *[other] { $count } training sessions
} from { $start } to { $end }
training-role = { $role }: { $trainings ->
    [one] { $trainings } training session
   *[other] { $trainings } training sessions
}, { $passed } passed, by { $completed ->
    [one] { $completed } person or shift
   *[other] { $completed } people or shifts
}
training-people = In all roles: { $people ->
    [one] { $people } person or shift
   *[other] { $people } people or shifts
} passed, meeting { $met ->
    [one] { $met } role requirement
   *[other] { $met } role requirements
}
training-indicator = Indicator table: { $file }
training-added = { $count ->
    [one] { $count } training session was added to { $file }.
   *[other] { $count } training sessions were added to { $file }.
}

## Counts for publication

transparency-written = { $file }: counts by type and month, rounded at random to multiples of { $base }. They are the same in every export from this data folder.
transparency-since = The table begins with { $month } at the earliest: of months before it, entries are erased after their retention.

## Confidential reports

confidential-title = Confidential report
confidential-hint = A confidential report reaches its recipient without your name. It does not protect you from an observer of this network or computer, nor from an administrator who changes the program: read its limits first.
confidential-none = This server takes no confidential reports: no recipient is set.
confidential-to = Your report goes to: { $recipient }. No one else can read what is stored.
confidential-fingerprint = Key of the recipient, to compare with what the recipient published:
confidential-limits = How you are protected, and the limits
confidential-limit-sealed = The server encrypts the text before it stores it, and does not keep your name, account or address. The audit log has no entry for it. The file system may show when a report arrived.
confidential-limit-network = The network, this computer and its browser may record that you opened this page. Use a device and a connection that are not your employer’s.
confidential-limit-server = An administrator who changes the program, or who records the memory of the server, could read a report while it is sent. Stored reports stay encrypted.
confidential-limit-answer = There is no way to answer you. How you write, and what only you know, can give you away.
confidential-report = Report
confidential-send = Encrypt and send
confidential-sent = The report has been encrypted and stored.
confidential-problem = { $problem ->
    [length] The report is empty or longer than { $most } characters.
   *[storage] The report cannot be stored now. Try again later, or use another way.
}
confidential-keys = Private key: { $key }. Give it to “{ $recipient }” and keep no copy on the server. Publish this fingerprint: { $fingerprint }
confidential-read = { $count ->
    [one] { $count } report
   *[other] { $count } reports
} in { $folder }; { $unread } unreadable: encrypted with another key, or changed.
