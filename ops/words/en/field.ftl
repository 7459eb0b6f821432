# The page of a field unit on its phone.

field-other-page = This page is open in another tab. Close the other tab to continue here.
field-update = A new version of this page is ready.
field-update-use = Use it now

## Link and age

field-link = { $state ->
    [live] Connected
    [lost] { $known ->
        [yes] No connection. Last contact { $age } ago
       *[no] No connection
    }
   *[connecting] { $known ->
        [yes] Connecting. Last contact { $age } ago
       *[no] Connecting
    }
}{ $waiting ->
    [0] { "" }
    [one] . { $waiting } answer waits
   *[other] . { $waiting } answers wait
}
field-old = Everything shown is { $age } old. Your answers are kept and sent when the connection is back.
field-problem = The server did not accept something: { $sentence }
field-clock = { $ahead ->
    [yes] The clock of this phone is { $time } ahead. Ages shown here are corrected.
   *[no] The clock of this phone is { $time } behind. Ages shown here are corrected.
}

## Storage

field-storage-answers = STORAGE FULL. Answers are held by this page only. Do not close it before they are sent. Free storage on the phone.
field-storage-map = Storage full. The carried map was removed so that answers can be kept. Free storage, then load the map again.
field-storage-full = Storage full. The map is carried only in part. Free storage on the phone.
field-storage-unusable = This browser does not keep data. Answers are lost when the page is closed. Do not use a private window.

## Position

field-sharing = { $state ->
    [on] Position shared, { $age } old, ±{ DISTANCE($error) }
    [waiting] Position on: waiting for a fix
    [refused] Position refused by the phone. Allow it in the browser
    [unavailable] Position not available. Press to try again
   *[off] Position not shared
}{ $waiting ->
    [0] { "" }
   *[other] . { $waiting } to send
}

## Incidents

field-list-region =
    .aria-label = Incidents
field-list-loading = Waiting for the first list from the operations centre.
field-list-empty = No incident for this unit.
field-priority = { $priority ->
    [distress] Distress.
    [high] High priority.
    [medium] Medium priority.
   *[low] Low priority.
}
field-margin = { $time } margin
field-late = { $time } too late
field-eta = ETA { $time }
field-not-reachable = Not reachable
field-reach-unknown = Path unknown
field-no-reach = Route and margin not known: no current position of this unit at the operations centre.
field-no-place = Position not known
field-where = { $heading } { BEARING($bearing) } · { DISTANCE($distance) }
field-marking = Marking: { $marking }
field-ages = Raised { $raised } ago. Last detection { $observed } ago.
field-yours = Assigned to you
field-held = Assigned to { $unit }
field-offered = Please answer
field-announce = { $priority ->
    [distress] Distress call. { $sentence }
   *[other] { $why ->
        [offered] Please answer: { $sentence }
        [assigned] Assigned to you: { $sentence }
        [risen] { $rank } { $sentence }
       *[new] New: { $sentence }
    }
}

## Answers

field-answers-to =
    Answer { $name }
field-action = { $action ->
    [received] Received
    [en_route] En route
    [on_scene] On scene
    [close] Close…
    [note] Note…
    [attach] Photo reference
    [map] Map
   *[other] { $action }
}
field-given = { $action }: { $state ->
    [waiting] kept, not sent ({ $age })
    [unkept] NOT KEPT, not sent ({ $age })
    [taken] sent
    [done] done
   *[refused] not accepted
}
field-refused = { $action } was not accepted. { $sentence }
field-answer-line = { TIME($at) } { $name }, { $action }: { $state ->
    [waiting] not sent
    [taken] sent, outcome not known yet
    [done] done
   *[refused] not accepted
}{ $has ->
    [yes] . { $sentence }
   *[no] { "" }
}{ $own ->
    [yes] { " " }“{ $text }”
   *[no] { "" }
}
field-form-title = { $action ->
    [close] Close { $name }
   *[note] Note on { $name }
}
field-form-disposition = Disposition
field-form-text = { $action ->
    [close] Reason (required for a nuisance alarm)
   *[note] Note
}
field-form-photo = Photo reference (number or place of the file)
field-form-cancel = Cancel
field-form-send = Send
field-form-choose = Choose a disposition.
field-form-reason = State the reason for the nuisance alarm.
field-form-empty = Write a note or a photo reference.
field-disposition = { $disposition ->
    [apprehended] Apprehended
    [turn_back] Turned back
    [got_away] Got away
    [no_threat] No threat
    [rescue] Rescue
    [lost] Lost
    [nuisance] Nuisance alarm
    [restored] Equipment restored
   *[other] { $disposition }
}

## Distress

field-distress = DISTRESS: hold 2 s
field-distress-holding = Keep holding. Release to cancel.
field-distress-cancelled = Cancelled. No distress call was sent.
field-distress-confirm-region =
    .aria-label = Confirm the distress call
field-distress-confirm = Send a distress call? Or hold the button for two seconds.
field-distress-confirm-send = Send distress call
field-call = { $state ->
    [arrived] DISTRESS CALL RECEIVED by the operations centre { $age } ago.
   *[sending] DISTRESS CALL: not confirmed for { $age }. { $tries ->
        [one] Tried once
       *[other] Tried { $tries } times
    }; it is repeated until the operations centre has it. Also use the radio.
}{ $position ->
    [no] { " " }Without a current position: state where you are by radio.
   *[yes] { "" }
}
field-call-note = The position is { $age } old.
field-call-dismiss = Hide
field-call-other = DISTRESS { $name }. { $sentence }

## Map

field-map-region =
    .aria-label = Map
field-map-keys =
    .aria-label = Map of the area. Arrow keys move it, plus and minus zoom. The list has the same incidents.
field-map-tools =
    .aria-label = Map tools
field-map-in =
    .aria-label = Zoom in
field-map-out =
    .aria-label = Zoom out
field-map-own =
    .aria-label = Own position
field-map-area = { $kind ->
    [danger] DANGER: { $name }
    [restricted] { $name } (restricted)
    [watch] { $name } (watch)
   *[crossing_point] { $name } (crossing point)
}
field-map-meet = Meeting point
field-map-held = { $state ->
    [loading] Loading the map: { $done } of { $total } tiles
    [complete] Map carried ({ $total } tiles, loaded { $age } ago)
    [partly] Map carried in part: { $done } of { $total } tiles
   *[none] No map carried
}

## This phone

field-phone-region =
    .aria-label = This phone
field-phone = This phone
field-enrolled-as = Enrolled as { $unit }. { $sector }
field-palette = { $palette ->
    [night] Night colours
   *[day] Day colours
}
field-sound = { $state ->
    [on] Sound on
   *[off] Sound off
}
field-language =
    .aria-label = Language
field-carried = Map
field-carried-progress =
    .aria-label = Progress of the map
field-carried-load = Load the map of the area
field-awake = { $state ->
    [on] The screen stays on while this page is open.
    [unavailable] This browser cannot keep the screen on. Set the phone so that it does not turn off.
   *[off] The screen may turn off.
}
field-offline = { $state ->
    [yes] This page opens without a network.
   *[no] This page does not open without a network yet.
}
field-sent = Answers
field-sent-none = No answer given yet.
field-tabs =
    .aria-label = Views
field-tab-list = Incidents
field-tab-map = Map
field-tab-phone = Phone

## Enrolment

field-enrol-title = Enrol this phone
field-enrol-text = Scan the QR code that the operations centre shows, or enter its code. A code is valid once, for ten minutes.
field-enrol-code = Code
field-enrol-send = Enrol
field-enrolling = Enrolling…
field-enrol-no-link = No answer from the server. Try again; if the code is refused, ask for a new one.
field-enrol-refused = Not enrolled. { $sentence }
field-revoked-title = Access withdrawn
field-revoked-text = { $call ->
    [lost] Your DISTRESS CALL is not confirmed. Call by radio.{ " " }
   *[none] { "" }
}The operations centre withdrew the access of this phone. Everything on it has been deleted. { $count ->
    [0] No answer was waiting.
    [one] This answer did not get an outcome; report it by radio:
   *[other] These { $count } answers did not get an outcome; report them by radio:
}
field-revoked-next = To use this phone again, ask the operations centre for a new code and scan it.
