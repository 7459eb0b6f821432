# Cursor-on-Target: what TAK clients show, the words of a unit's answer, and the chat lines that state its outcome.

tak-line = { $name }, { alert-priority }: { $sentence }
tak-line-closed = { $name } is closed: { incident-disposition }.
tak-line-closed-goods = { $name } is closed: { incident-disposition }. Found: { incident-goods }.
tak-remarks = { $sentence } State: { incident-state }.
tak-remarks-assigned = { $sentence } State: { incident-state }, { $unit }.
tak-track = { target-class }, confidence { PERCENT($probability) }
tak-track-coasting = { target-class }, not detected at present; position predicted
tak-area = { $kind ->
    [danger] Danger area
    [restricted] Restricted area
    [watch] Watch area
   *[crossing_point] Crossing point area
}
tak-border = Border
tak-trail = { $name }, trail
tak-done = { $name }: recorded, { incident-action }.
tak-distress-failed = Your distress call could not be recorded. Use the radio.
tak-distress-heard = Your distress call reached the operations centre.
tak-distress-waiting = Your distress call is recorded and has not yet reached the operations centre. Use the radio.

## Words that begin an answer, separated by commas. Lower case, without accents.

tak-words-acknowledge = ack, acknowledge, acknowledged, claim
tak-words-received = received, copy, copied, roger
tak-words-en_route = en route, enroute, on the way, moving
tak-words-on_scene = on scene, on site, at scene
tak-words-note = note
tak-words-apprehended = apprehended, arrested
tak-words-turn_back = turned back, turn back
tak-words-got_away = got away
tak-words-no_threat = no threat, harmless, all clear
tak-words-rescue = rescue, rescued
tak-words-lost = lost, contact lost
tak-words-nuisance = nuisance, false alarm
tak-words-restored = restored

## Reasons for refusing an answer

tak-refused-which = Not recorded: name the incident, for example { $example }.
tak-refused-no-incident = Not recorded: there is no open incident { $name }.
tak-refused-assigned = Not recorded: { $name } is assigned to { $unit }.
tak-refused-reason = Not recorded: a nuisance alarm requires a reason after the name of the incident.
tak-refused-note = Not recorded: the note is empty.
tak-refused-clock = Your positions are refused: the clock of your device is { DURATION($seconds) } ahead.
tak-refused = Not recorded: { $reason }
