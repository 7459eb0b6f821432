# The pages of partners and of EUROSUR reports, and drills for partners.

partners-title = Partners
partners-intro = This page shows which packages were shared with partners, why, and which were received. Times are UTC. Each package is recorded in the audit log.
partners-problem = { $problem ->
    [action] Action: preview, sign or withdraw.
    [outdated] The preview is out of date. Look at it again before you sign.
    [changed] The records have changed since the preview. Look at it again.
    [partner] Partner: a partner with an agreement.
    [number] Number: the number of a package.
    [agreement] Agreement: an agreement on this page.
    [purpose] Purpose: 3 to 200 visible characters.
    [from] From: a time in UTC, such as 2026-03-14T21:07.
    [until] Until: a time in UTC, such as 2026-03-14T21:07.
    [period] Until: a time after the start.
    [no_files] This server has no agreements or no key for packages: enter them in the table [exchange] of the settings.
    [no_agreements] This server has no agreements file: enter it as “agreements” in the table [exchange] of the settings.
    [agreements] The agreements file cannot be used.
    [packages] The packages cannot be read now.
    [no_package] There is no such package that can be withdrawn.
    [no_record] The record is in no package to this partner.
    [not_in_force] The agreement is not in force, or covers receiving only.
    [no_coverage] No package of the partner that is in force contains coverage.
    [busy] Another package is being made. Try again in a minute.
    [late] This took too long. Use “watchline share” on the server.
    [failed] This could not be done now.
   *[refused] This cannot be done.
}
partners-done = { $done ->
    [made] Package { $number } is signed and waits in the outbox until the partner fetches it.
   *[withdrawn] Notice of withdrawal { $number } is signed and waits in the outbox until the partner fetches it.
}
partners-choice = { $partner }: { $agreement }
partners-column = { $column ->
    [agreement] Agreement
    [partner] Partner
    [origin] From
    [purpose] Purpose
    [period] Period
    [layers] Layers and fields
    [terms] Terms
    [number] Number
    [kind] Kind
    [why] Purpose or reason
    [by] By
    [made] Made
    [received] Received
    [expires] Erased by
    [records] Records
    [state] State
    [last] Last attempt
    [reason] Reason
    [what] Details
    [attempts] Attempts
    [drill] Drill
    [shift] Role and shift
    [in-time] Acknowledged in time
    [right] Correct dispositions
    [missed] Missed crossings
    [cells] Cells
    [area] km²
   *[meaning] Meaning
}
partners-kind = { $kind ->
    [product] Records
    [withdrawal] Withdrawal
    [drill] Drill
    [score] Score of a drill
   *[other] { $kind }
}
partners-state = { $state ->
    [in_force] In force
    [withdrawn] Withdrawn
    [partly_withdrawn] Partly withdrawn, no longer sent
    [expired] Expired
   *[done] Complete
}
partners-withdrawn-by = by notice { $number }
partners-layer = { $layer ->
    [incidents] Incidents
    [alerts] Alerts
    [positions] Positions of tracks
    [coverage] Coverage by cell
   *[other] { $layer }
}
partners-direction = { $direction ->
    [send] sending only
    [receive] receiving only
   *[both] both directions
}
partners-agreements = Agreements
partners-agreed = Grid { $grid }, times to { $step }, delay { $delay }, erased after { $days ->
    [one] { $days } day
   *[other] { $days } days
}.
partners-onward = May be passed on to { $names }.
partners-no-onward = May not be passed on.
partners-drills-agreed = Drills are agreed.
partners-not-in-force = Not in force
partners-no-agreements = This server has no agreements file: enter it as “agreements” in the table [exchange] of the settings.
partners-make = New package
partners-make-hint = First look at what would leave. Nothing is signed before you confirm it.
partners-agreement = Agreement
partners-from = From (UTC)
partners-until = Until (UTC)
partners-purpose = Purpose, for the audit log
partners-look = Preview
partners-preview = Preview for { $partner } under { $agreement }
partners-preview-not-sent = Nothing has been signed or sent.
partners-terms = Records from { $start } to { $end } UTC. Positions are moved to the centres of cells of { $grid } and times rounded down to { $step }. { $late ->
    [0] { "" }
   *[other] Records younger than { $delay } stay here.{ " " }
}The partner erases the package after { $days ->
    [one] { $days } day
   *[other] { $days } days
}.
partners-leaves = { $leaves } of { $held } would leave.{ $others ->
    [0] { "" }
   *[other] { " " }The others are outside the agreed area or period, too recent, marked, withdrawn, or the same after rounding.
}
partners-fields = Fields that leave:
partners-removed = Fields that are taken out:
partners-first = { $count ->
    [one] The first record, as it would leave
   *[other] The first { $count } records, as they would leave
}
partners-hash = SHA-256 of the product that will be signed:
partners-sign = Sign and share with { $partner }
partners-sent = Sent
partners-none-sent = No package has been made.
partners-withdraw = Withdraw
partners-withdraw-one = Withdraw package { $number } to { $partner }
partners-withdraw-why = Reason, which the partner reads
partners-withdraw-record = Withdraw a single record
partners-record = ID of the incident, alert or track
partners-received = Received
partners-none-received = No package has been received.
partners-marking = Marking: { $marking }
partners-refused = Refused
partners-refused-hint = Nothing of these packages was stored. Sender and number are as stated in the package, which may be forged.
partners-reason = { $reason ->
    [malformed] Not a valid package
    [too_large] Too large
    [forged] Signature or content does not match
    [unknown_origin] Unknown sender
    [wrong_recipient] For another recipient
    [replayed] Replayed or out of order
    [from_the_future] Dated in the future
    [expired] Expired
    [no_agreement] No agreement in force
    [unknown_marking] Unknown marking
    [not_agreed] Not as agreed
   *[bad_row] A record is not as agreed
}
partners-scores = Scores of drills
partners-of = { $part } of { $whole }
partners-gaps = Common gaps
partners-gaps-hint = Combines your coverage with that of the partner’s newest package, by cell of the agreed grid. This can take a minute.
partners-needed = Required detection probability (%)
partners-gaps-show = Show common gaps
partners-gaps-with = Common gaps with { $partner }
partners-gaps-case = Own coverage and package { $package }, for { $target ->
    [group] a group
    [vehicle] a vehicle
   *[person] a person
} ({ $conditions }). Required: { $needed }. North is up; the line is the border.
partners-gaps-counted = Cells by what both sides detect together
partners-gap-class = { $kind ->
    [gap] Gap: below the requirement, however the misses of both sides depend on each other
    [possible] Possible gap: below the requirement or not, depending on how the misses depend on each other
    [met] Requirement met, however the misses depend on each other
   *[unknown] Own coverage is below the requirement; the partner shared nothing there
}
partners-gaps-independent = If misses of the two sides are independent: { $count ->
    [one] { $count } gap
   *[other] { $count } gaps
}; whatever the dependence, between { $low } and { $high }.
partners-cell = Own { $own }, partner { $partner }; together { $low } to { $high }

## Reports of the EUROSUR layers

eurosur-title = EUROSUR reports
eurosur-intro = Reports of the events, operational and analysis layers. A report is never changed: a correction or closure is a further report. Times are UTC.
eurosur-done = Report { $id } has been added.
eurosur-overdue = { $count ->
    [0] No report is overdue.
    [one] { $count } report is overdue: not sent in time.
   *[other] { $count } reports are overdue: not sent in time.
}
eurosur-is-overdue = Overdue since { $time }: have it sent, on the server, with “watchline eurosur export”.
eurosur-was-late = A report was sent late.
eurosur-due = Report due by { $time }.
eurosur-events = { $count ->
    [one] { $count } event or subject
   *[other] { $count } events and subjects
}
eurosur-none = There are no reports yet.
eurosur-more = { $count ->
    [one] { $count } older one is not shown.
   *[other] { $count } older ones are not shown.
}
eurosur-facts = Known since { $time }. Source: { $source }, { $reliability }{ $credibility }, { $validated ->
    [validated] validated
   *[not_validated] not validated
}. { $sent ->
    [none] Not sent.
   *[other] First sent { $sent }.
}
eurosur-earlier = { $count ->
    [one] { $count } earlier report
   *[other] { $count } earlier reports
}
eurosur-follow = Follow up
eurosur-new = New report
eurosur-hearsay = Information from people or open sources alone has credibility { $best } at best, unless a report of another kind of source supports it.
eurosur-kind = Layer and subject
eurosur-known = Known since (UTC)
eurosur-source = Source
eurosur-reliability = Reliability of the source
eurosur-credibility = Credibility of the information
eurosur-supported = Supported by (report IDs)
eurosur-related = Related reports (IDs)
eurosur-text = Content of the report
eurosur-from = Began (UTC, optional)
eurosur-until = Ended (UTC, optional)
eurosur-lat = Latitude (degrees, optional)
eurosur-lon = Longitude (degrees, optional)
eurosur-section = Border section (optional)
eurosur-impact = Impact level
eurosur-incident = Incident ID (optional)
eurosur-marking = Marking
eurosur-urgent = Timely reaction needed: first report within 24 h (in any case for unauthorised crossings, facilitation, trafficking, rescue, and high or very high impact)
eurosur-reaction = Reaction of the authorities, with measures taken or planned (optional)
eurosur-validated = Validated by the owner of the situational picture
eurosur-problem = { $field ->
    [id] Report ID: 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit; a new one, because reports are never changed.
    [layer] Layer and subject: one of the list.
    [sublayer] Layer and subject: one of the list.
    [known_at] Known since: a time in UTC that is not in the future.
    [occurred_from] Began: a time in UTC.
    [occurred_to] Ended: a time in UTC, not before the beginning.
    [source] Source: one of the list.
    [reliability] Reliability of the source: A to F.
    [credibility] Credibility of the information: a number from 1 to 6; from 3 to 6 for people and open sources, unless a report of another kind of source supports it.
    [text] Content of the report: 1 to 4,000 visible characters.
    [reaction] Reaction of the authorities: up to 4,000 visible characters.
    [lon] Position: latitude and longitude in degrees, or neither.
    [lat] Position: latitude and longitude in degrees, or neither.
    [section] Border section: up to 120 visible characters on one line.
    [impact] Impact level: one of the list.
    [urgent] Timely reaction needed: only for an event. Only an event can have the states “Did not happen” and “Impact too low to report”.
    [status] State: one of the list.
    [follows] Follow up: the newest report of an open event on the page.
    [supported_by] Supported by: IDs of reports on the page.
    [incident] Incident ID: up to 64 visible characters.
    [marking] Marking: one of this installation that you may receive.
    [validation] Validated: one of the list.
    [related] Related reports: IDs of reports on the page.
    [details] Attributes: those of the chosen subject.
    [storage] The reports cannot be read or stored now.
   *[report] The report cannot be used.
}
eurosur-status = State
eurosur-stated = { $name }: { $value }
eurosur-add = Add report
eurosur-value = { $field ->
    [layer] { $value ->
        [events] Events
        [operational] Operational
       *[analysis] Analysis
    }
    [sublayer] { $value ->
        [unauthorised_border_crossing] Unauthorised border crossing
        [facilitation_or_trafficking] Facilitation or trafficking in human beings
        [cross_border_crime] Cross-border crime
        [secondary_movement] Unauthorised secondary movement
        [search_and_rescue] Search and rescue
        [crisis] Crisis
        [own_assets] Own assets
        [operational_plans] Operational plans
        [environment] Environmental information
        [risk_analysis] Risk analysis
        [reference_imagery] Imagery and geospatial products
        [background] Background
        [suspect_craft] Suspect or unidentified craft or persons
        [refusals_of_entry] Refusals of entry (indicator)
        [illegal_stays] Illegal stays (indicator)
        [indicator_warning] Warning on an indicator
        [key_developments] Key developments and indicators
        [section_impact] Impact level of a section
        [request_for_information] Request for information
        [watchlist] Watchlist entry
       *[other] Other event
    }
    [status] { $value ->
        [closed] Closed
        [did_not_happen] Did not happen
        [no_reportable_impact] Impact too low to report
       *[open] Open
    }
    [source] { $value ->
        [sensor] Sensor
        [patrol] Patrol
        [human] Person
        [osint] Open source
        [partner] Partner
       *[authority] Authority
    }
    [reliability] { $value ->
        [A] A: completely reliable
        [B] B: usually reliable
        [C] C: fairly reliable
        [D] D: not usually reliable
        [E] E: unreliable
       *[F] F: cannot be judged
    }
    [credibility] { $value ->
        [1] 1: confirmed by other sources
        [2] 2: probably true
        [3] 3: possibly true
        [4] 4: doubtful
        [5] 5: improbable
       *[6] 6: cannot be judged
    }
    [impact] { $value ->
        [low] Low
        [medium] Medium
        [high] High
        [very_high] Very high
        [critical] Critical
       *[none] Not stated
    }
   *[marking] None
}

## Drills for partners

drill-key = Public key of the scorer, for the partner’s agreements file: { $key }
    Private key: { $file }
drill-shared = Drill “{ $title }” for { $partner }: { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
}, with the answer key sealed to the scorer.
drill-running = EXERCISE: { $title }. { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
}; acknowledge each within { $limit } s.
drill-ask-acknowledge = { $place } { $incident }
    Press Enter to acknowledge it, or - and Enter to leave it:
drill-ask-disposition = Disposition ({ $choices }), or only Enter:
drill-answered = { $count } of { $whole ->
    [one] { $whole } incident
   *[other] { $whole } incidents
} answered; answers in { $file }
