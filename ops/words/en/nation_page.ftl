# The national page: all sectors of a cluster.

nation-page-skip-incidents = Open incidents
nation-page-skip-sectors = Sectors
nation-page-totals =
    .aria-label = All sectors together
nation-page-incidents = Open incidents
nation-page-loading = Loading…
nation-page-incidents-note = { $quiet ->
    [none] No open incidents.
    [lost] No open incidents were known when the connection was lost.
    [unknown] { $silent ->
        [one] No open incidents are known; 1 sector is not current.
       *[other] No open incidents are known; { $silent } sectors are not current.
    }
   *[some] Unacknowledged first, then by priority and age.
}
nation-page-map-region =
    .aria-label = Map of the sectors
nation-page-map = Map of { $count ->
    [one] 1 sector
   *[other] { $count } sectors
}. The table of sectors states the same.
nation-page-map-buttons =
    .aria-label = Map tools
nation-page-zoom-all = All sectors
nation-page-legend =
    .aria-label = Legend
nation-page-legend-planned = Coverage as planned
nation-page-legend-less = Coverage below plan
nation-page-legend-unknown = Coverage not known
nation-page-legend-silent = No current picture
nation-page-legend-hidden = No access
nation-page-sectors = Sectors
nation-page-table =
    .aria-label = Table of sectors
nation-page-column-sector = Sector
nation-page-column-open = Open incidents
nation-page-column-waiting = Unacknowledged
nation-page-column-sensors = Sensors working
nation-page-column-coverage = Coverage now
nation-page-column-posture = Posture met
nation-page-column-fusion = Fusion, worker
nation-page-formula-title = How these figures are computed
nation-page-formula = Coverage is the percentage of border segments on which an inbound crossing is detected with at least the required probability, P = 1 − exp(−Σ h) ≥ P(required), along the path that is detected least. Σ h is the sum of the expected detections of all sensors: for “planned”, of every sensor of the layout at its post; for “now”, of those that work, where they are. Segments without a possible crossing, or with unknown visibility, are not counted.
nation-page-formula-posture = Posture is met where a border section has the units and the response time that its impact level requires. A sector without a current picture adds nothing to the figures of sensors and coverage.
nation-page-state = { $state ->
    [current] Current
    [late] Fusion is behind; newest picture { DATETIME($since) }
    [silent] No data since { DATETIME($since) }
    [hidden] No access
    [unreadable] Cannot be read
   *[never] No data yet
}
nation-page-of = { $part } of { $all }
nation-page-oldest = oldest { DURATION($age) }
nation-page-sensors-lost = { $count ->
    [one] 1 not working
   *[other] { $count } not working
}
nation-page-planned = planned { PERCENT($fraction) } of { $segments ->
    [one] 1 segment
   *[other] { $segments } segments
}
nation-page-posture = { $unmet } not met, { $open } not known
nation-page-no-sections = no sections
nation-page-up-to-date = Up to date
nation-page-behind = { $count ->
    [one] Over 1 message behind
   *[other] Over { $count } messages behind
}
nation-page-no-worker = no worker
nation-page-unknown = not known
nation-page-not-now = not known now
nation-page-cluster = { $rank ->
    [distress] Distress: { $count }
    [high] High priority: { $count }
    [medium] Medium priority: { $count }
   *[low] Low priority: { $count }
}; open in total: { $all } ({ $sectors })
nation-page-cluster-more = +{ $count }
nation-page-event-state = { $attention ->
    [yes] Not acknowledged
   *[no] { incident-state }
}, { DURATION($age) }
nation-page-continues = continues { $names }
nation-page-do = { $action ->
    [separate] Separate…
   *[rejoin] Join again…
}
nation-page-pair = { $name } ({ $sector }), { $before } ({ $other })
nation-page-separated = { $pair }: separated by { $by }, { DATETIME($at) }
nation-page-join-title = { $action ->
    [separate] Separate two incidents
   *[rejoin] Join two incidents again
}
nation-page-join-which = Incidents
nation-page-join-hint = { $action ->
    [separate] They become two entries of this list, and each asks for attention as its own sector states. They are not joined again automatically. The list shows your name and the time; the audit logs of both sectors record the action.
   *[rejoin] They become one entry of this list, and an acknowledgement in one of the sectors counts for both. The audit logs of both sectors record the action.
}
nation-page-join-send = { $action ->
    [separate] Separate
   *[rejoin] Join again
}
nation-page-news = { $rank ->
    [distress] Distress
   *[other] High priority
} in { $sector }.
nation-page-stream = { $state ->
    [open] Live
    [lost] Connection lost
   *[connecting] Connecting
}
nation-page-total-waiting = Unacknowledged
nation-page-total-current = Sectors current
nation-page-total-hidden = Sectors without access
nation-page-total-sensors = Sensors working ({ $sectors ->
    [one] 1 sector
   *[other] { $sectors } sectors
})
nation-page-total-coverage = Coverage now ({ $sectors ->
    [one] 1 sector
   *[other] { $sectors } sectors
}; planned { PERCENT($planned) })
nation-page-lost = { $reason } What is shown is as of { DATETIME($at) }.
