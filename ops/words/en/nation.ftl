# `watchline score` of a nation file: the sectors side by side.

nation-title = National scorecard: { $subject }
nation-answer = Evaluated: { $read } of { $whole ->
    [one] 1 sector.
   *[other] { $whole } sectors.
}
nation-never = No single number stands for the nation or for a border.
nation-left-out = Left out, because their records are illustrative and those of other sectors are real: { $sectors }
nation-unread = Not evaluated: { $sector }.
nation-column = { $name ->
    [indicator] indicator
    [met] target met
    [not_met] not met
    [open] without a target
    [unknown] unknown
    [stale] out of date
    [missing] not reported
    [lowest] lowest newest value
    [highest] highest newest value
    [sector] sector
    [plan] action plan
    [absent] missing records
   *[other] { $name }
}
nation-note-days = newest values of different days, { $first } to { $last }
nation-note-trend = sectors by trend: { $trend }
nation-note-together = counts of { $sectors } sectors added up: { $together }
nation-unit = { $name } ({ $unit })
nation-edition = { $name }, edition { $edition }
nation-end = { $value } ({ $sector }, { $date })
nation-end-place = { $value } ({ $sector }: { $place }, { $date })
nation-direction = { $count } { $direction ->
    [better] improving
    [worse] worsening
    [rising] rising
    [falling] falling
    [steady] steady
    [by_chance] not clear
    [mixed] different by place
   *[no_trend] without a trend
}
nation-together-cases = { $value }; { $span }
nation-together-rate = { $value } ({ $part } of { $whole }; { $span })
nation-together-interval = { $value } ({ $part } of { $whole }; { $low } to { $high }, Wilson 95%; { $span })
nation-alone = { $reason ->
    [periods] counts not added up: the periods differ
    [places] counts not added up: events may count twice, as places overlap
   *[incomplete] counts not added up: a sector states no counts
}
nation-missed = { $count ->
    [one] 1 sector does not meet its target
   *[other] { $count } sectors do not meet their target
}: { $indicator }
nation-heading-reasons = Not compared
nation-not-compared = { $indicator }: { $reasons }.
nation-reason = { $reason ->
    [unit] the units differ
    [edition] the editions of the definition differ
    [direction] the directions of improvement differ
    [method] it was computed in different ways, for example for different target classes, weather or requirements
    [plan] the plans have different measures
   *[undefined] the catalogue does not define it or its scale, and a source does not state the edition of its definition
}
nation-heading-sectors = Individual sectors
nation-plan = { $met } of { $due } due measures met, { $unknown } unknown
nation-absent = { $kind ->
    [indicators] indicators
    [outcomes] incidents or outcomes
    [action_plan] action plan
    [erased] weeks with erased incidents
   *[challenge] coverage
}
nation-records = The pages of the sectors show the records behind each value. For a sector with a long history: watchline score SECTOR --place PLACE --out DIR.
nation-drill = { $sector }: watchline score { $file }
nation-limit = { $limit ->
    [never] Indicators and sectors are not combined: units, sources and ages differ, and any weights would be arbitrary. Sectors are not ranked.
    [states] A sector meets a target only if each of its places is shown to meet it. If one place does not, the sector does not; otherwise one place that is unknown or out of date makes the sector unknown or out of date.
    [ends] Lowest and highest are newest values of one definition, each on the day that is stated; the days may differ. Records rise with enforcement.
    [together] Counts are added up only where every sector that reports the value states them, and no place is in two sectors or beside its own sector. A rate from added counts weighs sectors by their counts, can differ from each of them, and its interval assumes independent events. The periods of the sectors may differ.
   *[families] Each sector is judged by its own targets. Two sectors may have different targets for the same indicator.
}
