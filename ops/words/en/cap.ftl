# CAP 1.2 documents of alerts, for other agencies.

cap-restriction = For authorised users of the operations centre and its partners only. Not for release to the public.
cap-restriction-marked = Releasability marking: { $marking }. { cap-restriction }
cap-closed = { $status ->
    [rejected] Rejected as false: { $reason }
   *[cleared] Cleared. { $reason }
}
cap-area-segments = { $count ->
    [one] Border segment { $segments }
   *[other] Border segments { $segments }
}
cap-area-position = { $error ->
    [known] Position error { DISTANCE($radius_m) } (95%)
   *[assumed] Position error unknown, { DISTANCE($radius_m) } assumed
}
cap-area-sensor = Coverage of sensor { $sensor }
cap-area-sector = Sector { $sector }
cap-feed-title = CAP alerts of sector { $sector }
georss-alerts-title = Alerts of sector { $sector }
georss-incidents-title = Incidents of sector { $sector }
