# Looking back on the live map: banner, time slider, and what is known now.

replay-open = Replay
    .title = Look back at an earlier moment (R)
replay-region =
    .aria-label = Replay
replay-title = Replay: { $time } UTC as known then
replay-date = { $date }, local time { $local }
replay-live = { $count ->
    [0] Live: no incident is waiting
    [one] Live: 1 incident is waiting
   *[other] Live: { $count } incidents are waiting
}
replay-back = Back to live
replay-no-actions = Actions are disabled during replay. Return to live with B.

## Controls

replay-controls =
    .aria-label = Playback
replay-previous = Previous incident
replay-next = Next incident
replay-play = { $playing ->
    [yes] Pause
   *[no] Play
}
replay-speed = Playback speed
replay-speed-of = { $speed }×
replay-span = Period of the slider
replay-span-of = { $minutes ->
    [15] 15 min
    [60] 1 h
    [360] 6 h
    [1440] 24 h
    [10080] 7 days
   *[44640] 31 days
}
replay-at = Date and time (UTC)
replay-slider = Time
replay-slider-at = { $time }, local time { $local }
replay-compare = Show what is known now
replay-follow = { $kind ->
    [off] Stop following
    [incident] Follow incident through time
    [unit] Follow unit through time
   *[track] Follow track through time
}

## Notes

replay-loading = Loading the picture…
replay-unknown = Not known for the time shown.
replay-nothing = No picture has been recorded yet.
replay-no-incident = { $where ->
    [before] No incident was opened before this time.
   *[after] No incident was opened after this time.
}
replay-gap = No picture was recorded from { $from } to { $until }. The map shows the last one before.
replay-present = Terrain and coverage layers show the present state.
replay-erased = { $date ->
    [unknown] { replay-records } of { $day } were erased.
   *[known] { replay-records } of { $day } were erased on { $date }.
}
replay-records = { $kind ->
    [alerts] Alerts and incidents
    [unit_positions] Unit positions
   *[tracks] Tracks and sensor states
}

## Known now

replay-not-final = Late data may still revise the tracks of this moment.
replay-same = No difference from what is known now.
replay-tracks-now = Tracks as known now (rings): at another position { $moved }, not known then { $new }, not in the final history { $gone }.
replay-outcome = { $name }, later: { $state }
replay-opened-later = { $name }, opened later: { $state }
replay-state = { $disposition ->
    [none] { $state }
   *[closed] { $state }, { $disposition }
}
replay-step = { $time } { $state }
replay-path-unit = Path of { $unit } within 1 h, as known then.
replay-path = Path of { $track } within 1 h: dashed as known then, solid as known now.

## Help

page-help-key-replay = look back; in replay: previous incident, play or pause, next incident, back to live
