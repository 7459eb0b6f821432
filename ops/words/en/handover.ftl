# The handover report and the after-action report of a period.

handover-title = Handover report
handover-title-after-action = After-action report
handover-answer = { $open ->
    [0] No incident is open
    [one] 1 incident is open
   *[other] { $open } incidents are open
} and { $closed } { $closed ->
    [one] was
   *[other] were
} closed; on { $unattended } no operator acted.
handover-answer-sensors = { $sensors ->
    [0] No sensor is known to be out of order
    [one] 1 sensor does not work
   *[other] { $sensors } sensors do not work
}{ $announced ->
    [0] { "" }
    [one] ; 1 announced its stop
   *[other] ; { $announced } announced their stop
}, { $now ->
    [yes] as of now
   *[no] at the end of the period
}; losses of coverage that last: { $lost }.
handover-current = Current shift
handover-previous = Previous shift
handover-live = Live page
handover-pdf = Save as PDF
handover-from = From (UTC)
handover-until = Until (UTC)
handover-incidents-chosen = Incidents (radio names, separated by commas; empty: all)
handover-show = Show period
handover-made = Created { $at } by { $by }
handover-page-of = Page { $page } of { $pages }
handover-erased = Records of { $count ->
    [one] 1 incident
   *[other] { $count } incidents
} of this period were erased. The report does not list them: more may have happened than it states.
handover-erased-none = None that is not erased; of the erased records nothing is known.
handover-not-over = The period is not over. The report states what was known when it was created.
handover-left-out = The period has too many entries; the newest are omitted. Select a shorter period.
handover-chosen = Selected incidents: { $names }.

## Sections

handover-summary = Summary
handover-notes = Notes for the next shift
handover-notes-none = No note has been signed.
handover-open = Open incidents
handover-open-none = No incident is open.
handover-distress = Distress
handover-distress-none = No distress call.
handover-unattended = No operator action
handover-unattended-none = An operator acted on every incident.
handover-escalated = Escalated to the supervisor
handover-escalated-none = No incident was escalated.
handover-closed = Closed incidents
handover-closed-none = No incident was closed.
handover-goods = Goods found
handover-goods-none = No goods were released.
handover-goods-code = { incident-tracing-field } { $code }{ $title ->
    [none] { "" }
   *[other] : { $title }
}
handover-goods-checked = { $depth ->
    [list] The codes were checked against the full list.
   *[structure] Without a full list, some codes were checked by chapter, heading or category only.
}
handover-sensors = Sensors not working
handover-sensors-none = All sensors are working.
handover-sensors-none-then = No alert states that a sensor does not work.
handover-sensors-now = State when the report was created.
handover-sensors-announced = A sensor that is shut down normally announces it, as all sensors do at the end of a demonstration.
handover-sensors-then = State at the end of the period, from the alerts that were open then, or that a person closed before the sensor was known to work again.
handover-coverage = Coverage lost
handover-coverage-none = No coverage was lost.
handover-levels = Impact levels decided
handover-levels-none = No impact level was decided.
handover-actions = Actions by person
handover-actions-none = No person acted on an incident, decided an impact level, or made a report or an export.
handover-log = Shift log
handover-log-none = No event was logged.
handover-timeline = Timeline

## Columns

handover-column-incident = Incident
handover-column-what = What
handover-column-state = State
handover-column-owner = Owner and unit
handover-column-age = Open for
handover-column-left = Time left
handover-column-closed = Closed
handover-column-disposition = Disposition
handover-column-acknowledged = Acknowledged after
handover-column-assigned = Assigned after
handover-column-time = Time
handover-column-sensor = Sensor
handover-column-since = Since
handover-column-until = Until
handover-column-goods = Goods
handover-column-codes = Codes
handover-column-item = Marking or serial number
handover-column-trace = Trace request
handover-column-person = Person
handover-column-actions = Actions
handover-column-event = Event
handover-column-section = Section
handover-column-level = Impact level
handover-column-reason = Reason
handover-column-note = Note
handover-column-signed = Signed

## Cells

handover-incident = { $name }
    { alert-priority }
handover-state-waiting = { incident-state }, not acknowledged
handover-headline-place = { $headline }
    segment { $segment }
handover-headline-in = { $headline }
    { $section }
handover-headline-section = { $headline }
    segment { $segment }, { $section }
handover-owner-none = no owner
handover-owner-unit = { $owner }
    { $unit }
handover-left-over = expired { DURATION($since) } earlier
handover-closed-by = { incident-disposition }
    { $by }
handover-reason = { incident-disposition }
    { $by }: { $reason }
handover-system = system
handover-sensor-state = { $state ->
    [faulty] faulty
    [maintenance] stop or maintenance announced
   *[other] { sensor-state }
}
handover-level-changed = { forces-level }
    before: { $before }
handover-still = not restored
handover-still-unconfirmed = restoration not confirmed; alert closed by { $by }
handover-end-unknown = ended at an unknown time; alert closed by { $by }
handover-action-count = { handover-action } { $count }
handover-action = { $event ->
    [opened] opened
    [acknowledge] claimed
    [assign] assigned
    [received] receipt confirmed
    [en_route] en route
    [on_scene] on scene
    [close] closed
    [note] note
    [merge] merged
    [hand_over] handed over
    [undo] undone
    [reopen] reopened
    [trace] goods recorded
    [escalated] escalated
    [impact_level] impact levels decided
    [report] reports
    [export] exports
   *[other] { $event }
}
handover-event-opened = Opened: { $headline }
handover-event-assign = Assigned to { $unit }
handover-event-close = Closed: { incident-disposition }
handover-event-close-reason = Closed: { incident-disposition } ({ $reason })
handover-event-hand-over = Handed over to { $owner }
handover-event-note = Note: { $text }
handover-event-merge = Merged into { $reason }
handover-event-reopen = Reopened: { $reason }
handover-event-escalated = Escalated to the supervisor
handover-event-trace = Goods found recorded
handover-event-undo = Undone; now { incident-state }
handover-event-acknowledge = Claimed
handover-event-en-route = En route
handover-event-on-scene = On scene
handover-signed = { $name } ({ $account }), { accounts-role }
    { $at }
    SHA-256 { $digest }

## Form for notes

handover-note-label = Note for the next shift
handover-note-hint = At most { $most } characters. A signed note cannot be changed; add another note to correct it.
handover-note-sign = Sign as { $name }
handover-note-marking = Marking of the note
handover-note-marking-none = none
handover-note-signed = The note is signed.
handover-written = Report written to { $file } (open incidents: { $open }, closed: { $closed }).
handover-exported = Written to { $file } (records: { $count }).
