# `watchline plan`: printed lines.

plan-objective = { $objective ->
    [mean_probability] mean detection probability
    [worst_segment] detection probability of the worst segment
    [least_detection] detection probability on the minimum-detection path
    [timely_detection] probability of timely detection on the most vulnerable path
    [least_interruption] probability of interruption on the most vulnerable path
   *[other] { $objective }
}
plan-headline-buy = { $count ->
    [one] Buy 1 item for { $currency } { DECIMAL($cost) }
   *[other] Buy { $count } items for { $currency } { DECIMAL($cost) }
}
plan-headline-nothing = Buy nothing: no purchase within these limits improves the objective
plan-item = { $count } × { $item }
plan-detail-items = Items: { $items }.
plan-detail-value = { $objective ->
    [mean_probability] Mean detection probability
    [worst_segment] Detection probability of the worst segment
    [mean_probability_weighted] Mean detection probability weighted by risk
    [worst_segment_weighted] Detection probability of the worst segment weighted by risk
    [least_detection] Detection probability on the minimum-detection path
    [timely_detection] Probability of timely detection on the most vulnerable path
   *[other] { $objective }
}: { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }, { $optimal ->
    [yes] proven optimal.
   *[no] within { PERCENT($gap, digits: 2) } of optimal.
}
plan-detail-mobile = { $count ->
    [one] 1 purchased item moves and is counted at an unknown time of its schedule. With `--out` the schedule is in `{ $file }`.
   *[other] { $count } purchased items move and are counted at unknown times of their schedules. With `--out` these are in `{ $file }`.
}
plan-detail-unknown-sight = The search counts ground where the line of sight is unknown as undetected. Without this ground the value is { DECIMAL($value, digits: 3) }, as in `watchline coverage`.
plan-detail-unknown-segments = { $objective ->
    [timely_detection] The search counts ground where the line of sight is unknown as undetected, and detection as too late where the response time is unknown. Without the segments in which either is unknown, the value is { DECIMAL($value, digits: 3) }.
   *[other] The search counts ground where the line of sight is unknown as undetected. Without the segments in which detection is unknown for this reason, the value is { DECIMAL($value, digits: 3) }.
}
plan-detail-unknown-everywhere = { $objective ->
    [timely_detection] The search counts ground where the line of sight is unknown as undetected, and detection as too late where the response time is unknown. For one of these reasons, timely detection is unknown in every segment.
   *[other] The search counts ground where the line of sight is unknown as undetected. For this reason, detection is unknown in every segment.
}
plan-detail-nothing = { $objective ->
    [mean_probability] Mean detection probability
    [worst_segment] Detection probability of the worst segment
    [mean_probability_weighted] Mean detection probability weighted by risk
    [worst_segment_weighted] Detection probability of the worst segment weighted by risk
    [least_detection] Detection probability on the minimum-detection path
    [timely_detection] Probability of timely detection on the most vulnerable path
   *[other] { $objective }
}: { DECIMAL($before, digits: 3) }. { $optimal ->
    [yes] This is proven optimal.
   *[no] Values up to { DECIMAL($bound, digits: 3) } are not ruled out.
}
plan-detail-unlinked = { $count ->
    [one] 1 sensor or relay has no link to a base and is excluded ({ $names }).
   *[other] { $count } sensors or relays have no link to a base and are excluded ({ $names }).
} Use `watchline plan SECTOR --start LAYOUT --item radio_relay` to find relays, or state `reports_by` in the layout.
plan-detail-radio-gained = { $count ->
    [one] 1 post is planned as reporting by hand although a purchased relay gives it a radio link ({ $names }).
   *[other] { $count } posts are planned as reporting by hand although purchased relays give them a radio link ({ $names }).
} Timely detection and the probability of interruption are underestimated; compute the latter for the written layout with `watchline challenge`.
plan-warning = Warning: { $warning }
plan-patrols-no-gain = Patrols do not raise the minimum probability of interruption, { DECIMAL($value, digits: 3) }: a crosser who observes the patrols uses segment { $segment }, where patrols change nothing.
plan-patrols-elsewhere = The roster is optimal for the { $count ->
    [one] one segment
   *[other] { $count } segments
} that patrols can change: at least { DECIMAL($value, digits: 3) } there.
plan-patrols-one-route = Every shift of the roster uses the same patrol route: a crosser who has observed one shift knows all of them.
plan-doing-candidates = Candidates
plan-doing-choosing = Plan

# The report
plan-sentence = { $text }.
plan-answer-bound = Proven: no purchase within these limits exceeds { DECIMAL($bound, digits: 3) }.
plan-page-eyebrow = Watchline plan
plan-page-title = What to buy: { $sector }
plan-page-about = Target: { $target }, { $direction }. Conditions: { $conditions }. Budget: { $currency } { DECIMAL($budget) }{ $costs ->
    [stated] . Costs of candidates are as their file states them
    [both] . Costs of candidates are as their file states them, those of items that move are life-cycle costs over { $years ->
            [one] 1 year
           *[other] { $years } years
        }, discounted at { PERCENT($discount, digits: 2) } a year
   *[priced] , life-cycle cost over { $years ->
            [one] 1 year
           *[other] { $years } years
        }, discounted at { PERCENT($discount, digits: 2) } a year
}. Limit of people on duty: { $crew ->
    [none] none
   *[other] { $crew }
}. { $existing ->
    [0] Nothing stands there yet.
    [one] 1 sensor or relay stands there already.
   *[other] { $existing } sensors and relays stand there already.
}
plan-page-colophon = Catalogue: { $catalogue }. { $candidates ->
    [one] 1 candidate was evaluated.
   *[other] { DECIMAL($candidates) } candidates were evaluated.
} Figures: matplotlib.
plan-tile-cost = Life-cycle cost, { $currency }
plan-tile-cost-why = Of a budget of { DECIMAL($budget) }{ $costs ->
    [priced] , over { $years ->
            [one] 1 year
           *[other] { $years } years
        }
   *[stated] {""}
}.
plan-tile-value = Objective, before → after
plan-tile-value-change = { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }
plan-tile-value-why = { $objective ->
    [mean_probability] Mean detection probability.
    [worst_segment] Detection probability of the worst segment.
    [least_detection] Detection probability on the minimum-detection path.
    [timely_detection] Probability of timely detection on the most vulnerable path.
   *[other] { $objective }
}
plan-tile-gap = Optimality gap
plan-tile-gap-why = Upper bound on the objective: { DECIMAL($bound, digits: 3) }.
plan-value-percent = { PERCENT($value, digits: 2) }
plan-value-probability = { DECIMAL($value, digits: 3) }
plan-value-money = { DECIMAL($value, digits: 0) }
plan-value-people = { DECIMAL($value, digits: 1) }
plan-heading-items = Purchase
plan-heading-patrols = Patrol schedule
plan-heading-formulas = Figures and formulas
plan-heading-limits = Assumptions and limits
plan-table-items = Items bought, most expensive first
plan-table-sites = Sites, in order along the border; numbers as on the map
plan-table-worst = { $count ->
    [one] The segment with the lowest mean detection probability after the purchase
   *[other] The { $count } segments with the lowest mean detection probability after the purchase
}
plan-table-front = Each row: the best plan found for its cost
plan-table-objectives = Every objective and the probability of interruption with this plan; cells and segments that are unknown are not included
plan-table-patrols = The schedule in figures
plan-total = Total
plan-numbered = { $number }. { $item }
plan-beyond = beyond the end of the border
plan-offset = { $side ->
    [home] { DISTANCE($distance) }, own side
   *[away] { DISTANCE($distance) }, other side
}
plan-position = { $latitude }°, { $longitude }°
plan-column-item = item
plan-column-count = number
plan-column-each = each, { $currency }
plan-column-cost = life-cycle cost, { $currency }
plan-column-crew = people on duty
plan-column-place = nearest segment
plan-column-offset = from the border
plan-column-position = latitude, longitude
plan-column-segment = segment
plan-column-before = before
plan-column-after = after
plan-column-worst = worst segment
plan-column-bound = upper bound
plan-column-objective = objective
plan-column-figure = figure
plan-column-value = value
plan-axis-mean = mean detection probability
plan-axis-chainage = along the border [km]
plan-axis-cost = life-cycle cost [{ $currency }]
plan-axis-worst = worst segment
plan-legend-bought = { $kind }, bought
plan-legend-existing = { $kind }, existing
plan-legend-before = before
plan-legend-after = after
plan-figure-map = Where to put it
plan-figure-map-alt = Map of the border with { $bought } items bought and { $existing } existing sensors and relays
plan-figure-map-caption = The border has the colour of its mean detection probability after the purchase. Dashed: { DISTANCE($belt) } from the border.
plan-figure-along = Along the border, before and after
plan-figure-along-alt = Mean detection probability of { $count } segments before and after the purchase
plan-figure-along-caption = Mean detection probability of each segment’s area. A break in a line means unknown.
plan-figure-front = What more money would bring
plan-figure-front-alt = Pareto front of { $count } plans: life-cycle cost and detection probability of the worst segment
plan-figure-front-caption = Pareto front: the highest detection probability of the worst segment found at each cost. Unknown cells count as not detected.
plan-front-one = The Pareto front has one plan: no higher detection probability of the worst segment was found at another cost.
plan-formula-mean = Mean detection probability = mean over the cells of the area of 1 − Π (1 − Pd of each sensor, including outages).
plan-formula-gap = Optimality gap = (upper bound − value) ÷ upper bound. The upper bound holds for every purchase within the limits.
plan-formula-cost = Life-cycle cost = sum over the items of purchase, operation, maintenance and staff over the years, discounted to today.
plan-formula-cost-stated = Costs of candidates are as their file states them.
plan-formula-cost-moving = Life-cycle cost of items that move = sum of purchase, operation, maintenance and staff over the years, discounted to today.
plan-limit-independent = Misses of different sensors are independent, which is optimistic; one state of light and weather.
plan-limit-unknown = In the objective, cells and paths that are unknown count as not detected.
plan-limit-timely = Timely detection counts where the fastest time to the edge of the analysed area is at least the response time to that point. Both are mean times without spread; an alarm is passed on with a probability of { PERCENT($communication) }. The probability of interruption includes the spread of both times and is computed as in `watchline challenge`.
plan-limit-sites = Only the candidate sites were considered; land rights, local power and access must be checked on the ground.
plan-limit-own-side = Candidate sites are on the own side of the border only.
plan-limit-both-sides = Candidate sites are on both sides of the border; those on the far side need the consent of the neighbouring state.
plan-limit-search = The search ends at its time limit or gap; a longer search can only reduce the optimality gap.
plan-limit-links = Radio links to a base were not required.
plan-patrols-words = Each shift, the routes are drawn at random from a private seed: shifts of { DURATION($shift) }, { DURATION($stay) } in each segment. The routes are in the roster and not in this report.
plan-patrols-limit = A patrol in the segment responds within { DURATION($response) }, or finds the crosser itself with probability { DECIMAL($finds, digits: 2) }. People who cross know the probabilities of the routes, but neither the route of the shift nor the times of patrols: all times of a shift are equally likely, so that a patrol which visits a segment is there for { PERCENT($present, digits: 1) } of the crossings (assumptions). A segment that several patrols visit in one shift counts once.
plan-patrols-row-patrols = Patrols per shift
plan-patrols-row-routes = Routes in the mixed strategy
plan-patrols-row-reach = Segments that patrols can change
plan-patrols-row-without = Minimum probability of interruption without patrols
plan-patrols-row-value = Minimum probability of interruption with patrols
plan-patrols-row-gap = Gap between the bounds of the schedule’s value
plan-tile-value-risk = 1 minus the fraction missed, weighted by the threat and impact of each segment.
plan-risk = Segments are weighted by risk ({ $decided }). The objective is 1 minus the fraction missed, weighted by the threat and impact of each segment. Without the weights, this is the { plan-objective }: { DECIMAL($value, digits: 3) }.
plan-risk-unused = Risk ({ $decided }) does not change this objective, which is a minimum over all paths.
plan-risk-patrols = The patrol schedule is weighted by risk ({ $decided }): its values are 1 minus the probability that a crossing is not interrupted, times the threat and impact of its segment. Without the weights, the minimum probability of interruption is { DECIMAL($before, digits: 3) } without patrols and { DECIMAL($after, digits: 3) } with them.
