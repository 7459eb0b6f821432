# Incidents: states, dispositions, actions, headlines and reasons for refusing an action.

incident-state = { $state ->
    [open] open
    [acknowledged] acknowledged
    [assigned] assigned
    [en_route] en route
    [on_scene] on scene
    [closed] closed
   *[other] { $state }
}
incident-kind = { $kind ->
    [distress] Distress
    [movement] Movement
    [activity] Activity
    [equipment] Equipment
   *[other] { $kind }
}
incident-disposition = { $disposition ->
    [apprehended] Apprehended
    [turn_back] Turned back
    [got_away] Got away
    [no_threat] No threat
    [rescue] Rescue
    [lost] Lost
    [nuisance] Nuisance alarm
    [restored] Equipment restored
    [unresolved] Unresolved
    [merged] Merged
   *[other] { $disposition }
}
incident-action = { $action ->
    [acknowledge] claim
    [assign] assign a unit
    [received] confirm receipt
    [en_route] report en route
    [on_scene] report on scene
    [close] close
    [note] add a note
    [attach] add an attachment
    [link] link
    [merge] merge
    [hand_over] hand over
    [undo] undo
    [reopen] reopen
   *[other] { $action }
}

## Headlines

incident-outage = Common outage: { $count ->
    [one] { $count } sensor
   *[other] { $count } sensors
} offline ({ $sensors })
incident-system = system
incident-by-system = Closed by the system: no operator action

## Reasons for refusing an action

incident-refused-taken = Already claimed by { $owner } at { TIME($at) }.
incident-refused-changed = Changed by { $by } at { TIME($at) }: the incident is now { incident-state }.
incident-refused-state = Not possible: { $by } set the incident to { incident-state } at { TIME($at) }.
incident-refused-unknown = Unknown action: { $action }.
incident-refused-no-incident = Unknown incident: { $incident }.
incident-refused-no-name = The action does not state a person.
incident-refused-no-unit = Select the unit to assign.
incident-refused-distress = A distress call is closed by the operations centre, or by the unit assigned to it.
incident-refused-other-unit = The incident is assigned to { $unit }.
incident-refused-no-disposition = Select a disposition.
incident-refused-restored = Only equipment and activity incidents can be closed as restored.
incident-refused-no-reason = A reason is required.
incident-refused-no-person = Select the person to hand over to.
incident-refused-merged = The incident was merged into another one.
incident-refused-undo = Only the person who acted can undo an action, within { DURATION($seconds) } and before any other action.
incident-refused-empty = The note is empty.
incident-refused-full = The incident has reached the limit of { $count } entries of this kind.
incident-refused-no-other = No other incident has this name.
incident-refused-other-closed = The other incident is closed.
incident-refused-other-taken = Another person has claimed the other incident.
incident-refused-marking = Unknown marking.
incident-refused-centre = Only the operations centre can do this.
incident-refused-no-alert = Unknown or cleared alert: { $alert }.
incident-refused-id = The identifier of the action is already in use: send the action with a new one.
incident-refused-alert = Not possible: alert { $alert } is already { alert-status }.
