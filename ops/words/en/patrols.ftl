# watchline patrols. Pd: probability of detection. A crosser who knows the timetable chooses path and departure.

patrols-segments = Mean over the segments: Pd { PERCENT($without, digits: 1) } without patrols, { PERCENT($with, digits: 1) } with { $count ->
    [one] 1 patrol
   *[other] { $count } patrols
} at unknown times.
patrols-found = { $count ->
    [one] With 1 patrol,
   *[other] With { $count } patrols,
} the minimum-detection crossing has a Pd of { PERCENT($known, digits: 1) } if the timetable is known, and of { PERCENT($low, digits: 1) } to { PERCENT($high, digits: 1) } if only the route is known.
patrols-value = Unpredictable times raise that Pd by { DECIMAL($least, digits: 2) } to { DECIMAL($most, digits: 2) }.
patrols-without = Without patrols the minimum-detection crossing has a Pd of { PERCENT($probability, digits: 1) }.
patrols-random = Reference, random search (Koopman): { PERCENT($probability, digits: 1) }, with a sweep width of { DISTANCE($width) }.
patrols-progress-posts = viewsheds along the route
patrols-progress-search = crossings in space and time

patrols-figure-title = Patrols on the border over time: { $sector }
patrols-figure-border = position along the border [km]
patrols-figure-time = time of the timetable, or of departure [h]
patrols-figure-pd = minimum Pd of a crossing
patrols-figure-look = Pd on the border in { DURATION($exposure) }
patrols-figure-patrol = patrol
patrols-figure-crossing = minimum-detection crossing, timetable known
patrols-figure-known = timetable known
patrols-figure-unknown = only the route known: bounds
patrols-figure-one = crossing that is best for the route
patrols-figure-random = random search (Koopman)
patrols-figure-segment = Pd by segment
patrols-figure-with = with patrols, times unknown
patrols-figure-without = without patrols
