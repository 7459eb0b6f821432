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
    [trace] record goods found
    [assess] assess a picture
    [look] turn a camera
   *[other] { $action }
}
incident-goods = { $goods ->
    [arms] arms or ammunition
    [dual_use] dual-use goods
   *[cbrn] CBRN material
}
incident-trace-status = { $status ->
    [requested] requested
    [answered] answered
    [no_record] no record found
    [closed] closed
   *[none] none
}
incident-tracing-field = { $field ->
    [goods] Goods found
    [hs_code] HS code
    [eccn] ECCN
    [eu_list] EU dual-use list number
    [item_marking] Marking or serial number
    [authority] Authority asked
    [sent_at] Request sent at (UTC)
    [reference] Reference of the request
    [status] Trace request
   *[released] Released (field units, TAK, web hooks, exports and reports)
}
incident-goods-code = { $code }{ $title ->
    [none] { "" }
   *[other] : { $title }
} ({ incident-goods-depth })
incident-goods-depth = { $depth ->
    [list] checked against the full list
    [subheading] checked against the shipped subheadings
    [heading] only the heading was checked
    [chapter] only the chapter was checked
    [category] only category, product group and the first digit were checked
   *[none] not checked
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
incident-refused-no-look = Select a camera that can be turned.
incident-refused-no-assessment = Select what the picture shows.
incident-refused-marking = Unknown marking.
incident-refused-centre = Only the operations centre can do this.
incident-refused-no-alert = Unknown or cleared alert: { $alert }.
incident-refused-id = The identifier of the action is already in use: send the action with a new one.
incident-refused-alert = Not possible: alert { $alert } is already { alert-status }.
incident-refused-no-tracing = Goods can be recorded only for a distress or movement incident that was closed as apprehended, turned back, got away, rescue or lost.
incident-refused-tracing-changed = { $by } changed the record of goods at { TIME($at) }. Open it again.
incident-refused-goods-code = { incident-tracing-field }: “{ $given }” { $fault ->
    [not_valid] was not valid on { $day }.
   *[unknown] { $depth ->
        [list] is not on the list.
       *[other] does not exist.
    }
}{ $nearest ->
    [none] { "" }
   *[other] { " " }Nearest valid code: { $nearest }.
}
incident-refused-tracing = { incident-tracing-field }: “{ $given }”. Expected: { $rule ->
    [goods] arms, dual-use goods or CBRN material.
    [hs_code] six digits of the Harmonized System with a chapter from 01 to 97, without 77, such as 930190.
    [eccn] a category from 0 to 9, a product group from A to E and three digits, such as 6A003 or 0A501.a, or EAR99.
    [eu_list] a number of Annex I of Regulation (EU) 2021/821: a category from 0 to 9, a product group from A to E and three digits, such as 6A003 or 6A003.b.4.
    [authority] the authority to which the trace request was sent.
    [sent_at_missing] the time at which the trace request was sent.
    [sent_at] a time between the opening of the incident and now.
   *[status] a state of the trace request: requested, answered, no record found or closed.
}
