# `watchline lanes`: trusted lanes at a crossing point.

lanes-arrangement = { $name ->
    [everyone_checked] everyone checked
    [own_lanes] own lanes for enrolled
    [priority] shared lanes, enrolled first
   *[other] { $name }
}
lanes-column = { $name ->
    [arrangement] arrangement
    [enrolled] wait, enrolled
    [others] wait, others
    [all] wait, all
    [busy] lanes in use
    [method] formula
   *[other] { $name }
}
lanes-method = { $method ->
    [exact] exact
    [approximate] approximate
   *[other] { $method }
}
lanes-heading = Mean wait before the check: { $title }
lanes-answer = Mean wait of all arrivals: { $everyone } if everyone is checked, { $own } with own lanes, { $priority } with priority.
lanes-saved = Full checks saved: { $saved } per hour of { $all } arrivals per hour.
lanes-finds = Finds per hour: { $all } if everyone is checked, { $trusted } with trusted lanes.
lanes-missed = Finds missed among the enrolled: { $missed } per hour.
lanes-not-all-made = Where more arrive than can be checked, not all checks are made: how many, and what they find, is unknown.
lanes-misuse = Probability that an enrolled person who misuses the lane { $count } times meets at least one full check: { $probability }.
lanes-growing = { $arrangement }: more arrive than can be checked; the queue grows by { $growth } arrivals per hour.
lanes-endless = growing queue
lanes-minutes = { $value } min
lanes-estimate = { $value } (95%: { $low } to { $high })
lanes-limit-steady = Waits are means in the steady state of constant arrivals. They do not show short peaks, nor the time until a queue has cleared.
lanes-limit-poisson = Arrivals are random and independent (Poisson). Buses and convoys arrive together and wait longer.
lanes-limit-service = Durations of full and of short checks are exponentially distributed. All lanes are alike, no one leaves the queue, and a check is never interrupted.
lanes-limit-formulas = Exact: Erlang C, Pollaczek and Khinchine, Cobham. Approximate: Allen and Cunneen for several lanes with mixed checks; for priority the wait in one lane of the same total speed, scaled.
lanes-limit-finds = Finds per check are those of past checks. Enrolled persons may behave differently once they are checked less; only random checks show it. A short check is counted as finding nothing.
lanes-limit-enrolment = The enrolment itself costs checks that are not counted here.
