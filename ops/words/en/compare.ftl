# `watchline compare`: printed lines, report page and PDF.

# Terms: closed words that other messages of this file contain.

compare-objective = { $objective ->
    [mean_detection] mean detection
    [least_detection] detection on the minimum-detection path
    [mean_interruption] mean probability of interruption
    [least_interruption] probability of interruption on the most vulnerable path
   *[other] { $objective }
}
compare-objective-meaning = { $objective ->
    [mean_detection] mean along the border of the probability that a crossing is detected and its alert assessed
    [least_detection] probability that a crossing on the minimum-detection path, anywhere along the border, is detected and its alert assessed
    [mean_interruption] mean along the border of the probability that a crossing is interrupted
    [least_interruption] probability that a crossing on the most vulnerable path, anywhere along the border, is interrupted
   *[other] { $objective }
}
compare-target = { $target ->
    [person] person on foot
    [group] group
    [vehicle] vehicle
   *[other] { $target }
}
compare-direction = { $direction ->
    [outward] outbound
   *[inward] inbound
}
compare-measure = { $measure ->
    [mean_detection] mean detection
    [least_detection] detection on the minimum-detection path
    [mean_interruption] mean probability of interruption
    [least_interruption] probability of interruption on the most vulnerable path
    [meets_requirement_km] border that meets the requirement
    [assessed_fraction] alerts assessed by an operator
    [alerts_per_day] alerts per day
    [life_cycle_cost] life-cycle cost [{ $currency }]
    [first_cost] first cost [{ $currency }]
    [crew] people on duty at any time
    [teams] additional teams
    [bought_fraction] sensors that the budget pays for
    [cost_per_km_meeting_requirement] cost per km that meets the requirement [{ $currency }]
    [covered_km] border covered
    [cost_per_covered_km] cost per covered km [{ $currency }]
    [challenge_left] geography challenge remaining
    [k] barrier resilience k, by footprints
    [gain_before] gain over the first layout, same paths
    [gain_after] gain over the first layout, after displacement
    [single_points_of_failure] single points of failure
    [unlinked] no link to a base
   *[other] { $measure }
}
compare-input = { $input ->
    [service_s] handling time per alert [s]
    [patience_s] time until an alert is stale [s]
    [genuine_alerts_per_day] alerts per day caused by real movement
    [communication] probability that an alarm is passed on
    [repair_factor] repair time, relative
    [response_factor] response time, relative
    [cost_per_person_year] cost per person and year
    [people_per_post] people needed to staff one post
   *[other] { $name }
}
compare-conditions = { $conditions ->
    [day] daylight
    [night] night
    [fog] fog
    [rain] rain
    [wind] wind
   *[other] { $name }
}
compare-input-weather = fraction of crossings: { $weather }
compare-input-item = { $item }: { $quantity ->
    [capex] purchase price
    [opex_per_year] operating cost per year
    [service_life_years] service life [years]
    [availability] availability
    [false_alarms_per_day] false and nuisance alarms per day
    [range_factor] range, relative
    [crew] crew
    [speed_mps] speed [m/s]
    [sweep_width_m] sweep width [m]
    [duty_share] fraction of time on patrol
    [identified_share] fraction of detections identified
    [mast_height_m] antenna height above ground [m]
    [set_up_h] set-up time [h]
    [delay_s] reporting delay [s]
    [length_km] length [km]
    [weather] remaining performance: { $conditions }
   *[other] { $name }
}
compare-scenario = { $scenario ->
    [as_planned] as planned
    [week_of_fog] one week of fog
    [half_available] every sensor available half of the time
    [jammed] radars and radio direction finders jammed
    [one_part_stolen] one sensor or relay stolen
    [three_parts_stolen] three sensors or relays stolen
    [one_post_withdrawn] one post withdrawn
    [all_posts_withdrawn] all posts withdrawn
   *[other] { $scenario }
}

# Headline and details

compare-headline-better = { $better } outperforms { $worse } at equal life-cycle cost: probability { PROBABILITY($probability) }
compare-headline-equal = { $first } and { $other } perform equally at equal life-cycle cost
compare-headline-unknown = { $first } and { $other } cannot be compared: an input is unknown
compare-headline-best = { $best } ranks first of { $count } layouts at equal life-cycle cost
compare-detail-objective = Compared by { $objective ->
    [mean_detection] mean detection
    [least_detection] detection on the minimum-detection path
    [mean_interruption] mean probability of interruption
    [least_interruption] probability of interruption on the most vulnerable path
   *[other] { $objective }
}. Each layout costs about { $currency } { DECIMAL($cost) } over { DECIMAL($years) } years.
compare-detail-better = { $better } is better than { $worse } in { PERCENT($probability) } (±{ PERCENT($error, digits: 1) }) of { DECIMAL($samples) } Monte Carlo samples. Difference { DECIMAL($difference, digits: 3) } (90% of samples: { DECIMAL($low, digits: 3) } to { DECIMAL($high, digits: 3) }). Confidence grade { $grade }.
compare-detail-equal = { $first } and { $other } are equal in all { DECIMAL($samples) } Monte Carlo samples. Confidence grade { $grade }.
compare-detail-unknown = { $first } and { $other } cannot be compared, because an input of the objective is unknown.
compare-detail-budget = { $layout }: the budget pays for only { PERCENT($fraction) } of the sensors.
compare-detail-unlinked = { $layout }: { $count ->
    [one] 1 sensor or relay has no link to a base and is excluded ({ $names }).
   *[other] { $count } sensors or relays have no link to a base and are excluded ({ $names }).
} Use `watchline plan SECTOR --start LAYOUT --item radio_relay` to find relays, or state `reports_by` in the layout.
compare-detail-minimum = { $layout }: { PERCENT($detection, digits: 1) } detection on the minimum-detection path.
compare-warning = Warning: { $warning }

# Progress

compare-doing-layouts = Layouts
compare-doing-samples = Monte Carlo samples

# Page

compare-eyebrow = Watchline comparison
compare-title = { $first } and { $count ->
    [one] { $other } compared
   *[other] { $count } other layouts compared
}
compare-about = Target: { $target }, { $direction }. Period: { DECIMAL($years) } years, discount rate { PERCENT($discount, digits: 1) } per year. { $fixed ->
    [yes] Budget: { $currency } { DECIMAL($budget) }.
   *[no] Budget: the cost of the most expensive layout, in each sample.
} { DECIMAL($samples) } Monte Carlo samples, seed { $seed }. { $operators ->
    [one] 1 operator
   *[other] { $operators } operators
} in the control room. { $item ->
    [none] The residual budget is not spent.
   *[other] The residual budget buys: { $item }.
}
compare-heading-decides = Decisive inputs
compare-compared-by = Objective: { $meaning }.
compare-decided = { $other }: the verdict has confidence grade { $grade } (H official or reproduced, M press, vendor or derived, L assumption). { $count ->
    [0] No sampled input is decisive.
    [one] Decisive input: { $inputs }.
   *[other] Decisive inputs: { $inputs }.
}
compare-input-graded = { $input } ({ $grade })
compare-heading-requirements = Requirements
compare-no-requirements = No requirements were given. Requirements that are frozen before the result is known, with a log of every change, keep an acceptance test honest: one US programme was accepted with fewer than half of the items of interest identified.
compare-weakened = Easier to meet now than when it was set.
compare-heading-assumptions = Assumptions and sources
compare-heading-limits = Limitations
compare-colophon = Cells of { DISTANCE($cell) }, within { DISTANCE($belt) } of the border, { DECIMAL($paths) } candidate paths. Catalogue: { $catalogue }.

# Tables

compare-none = none
compare-table-outcomes = Outcomes: median (5–95% of samples)
compare-range = { $middle } ({ $low } to { $high })
compare-interval = { $low } to { $high }
compare-partly = { $middle } (no value in { PERCENT($fraction) } of samples)
compare-times = × { DECIMAL($factor, digits: 2) }
compare-table-pairs = Pairwise comparison
compare-pair = { $first } vs. { $other }: { $objective }
compare-column-better = P(better), ties count half
compare-column-ties = ties
compare-column-difference = difference (5–95% of samples)
compare-table-break-even = Break-even factors
compare-break-even-row = { $layout }, compared with { $other }
compare-column-layout = layout
compare-column-availability = on the availability of all its sensors
compare-column-price = on all its prices
compare-table-strips = Interruption and the number of strips
compare-strips-row = { $layout }: { $measure }
compare-column-strips = { $strips ->
    [one] 1 strip
   *[other] { $strips } strips
}
compare-table-inputs = Sampled inputs
compare-column-input = input
compare-column-low = low
compare-column-central = central
compare-column-high = high
compare-column-grade = grade
compare-column-source = source
compare-table-model = Detection model
compare-column-assumption = assumption
compare-column-value = value
compare-column-unit = unit
compare-table-summary = { $title } ({ $rows })
compare-requirement-title = { $name }: { $measure }
compare-column-meets = meets { $value } in
compare-column-meets-first = met as first set ({ $value }) in
compare-requirement-set = { $name }: set to { $value } on { $date } by { $person }: { $reason }
compare-requirement-changed = { $name }: changed to { $value } on { $date } by { $person }: { $reason }

# Limits

compare-limit-independent = Misses and outages of different sensors are independent, and whether an operator assesses an alert is independent of the crossing.
compare-limit-paths = The minimum-detection path is the minimum over the candidate paths, so detection may be slightly overestimated in samples far from the centre.
compare-limit-ground-used = Movement and response use { $layers }.
compare-limit-ground-missing = Not in the terrain or the sector: { $layers }.
compare-limit-no-bases = No response is computed: the sector has no bases.
compare-limit-response = A crew from the base nearest in time responds, by vehicle where that saves time, then on foot, and goes to the point where the path leaves the analysed area.
compare-limit-vehicle = Vehicle off road: { DECIMAL($speed, digits: 1) } m/s on level open ground, multiplied by exp(−{ DECIMAL($decline, digits: 1) } × |gradient|), up to a gradient of { DECIMAL($limit, digits: 2) }; on a road, the speed of its class. On foot: Tobler’s hiking function, multiplied by { DECIMAL($factor, digits: 2) } off paths. Turnout { DURATION($turnout) }, leaving the vehicle { DURATION($dismount) }.
compare-limit-strips = Paths are cut into { $strips } strips of { DISTANCE($depth) }; a detection leaves { PERCENT($position) } of the time in its strip. Times of strips and of the response vary by { PERCENT($spread) } (1 σ), independently.
compare-limit-strips-sensitivity = Half or twice as many strips change the probability of interruption as the table “Interruption and the number of strips” shows (all inputs central).
compare-limit-segments = { $count ->
    [0] No segment is excluded.
    [one] 1 segment is excluded because it cannot be crossed or its ground is unknown.
   *[other] { $count } segments are excluded because they cannot be crossed or their ground is unknown.
}
compare-limit-cost = Equivalent annual cost: equipment keeps the value of its unused service life.
compare-limit-central = Sensitivities, adverse scenarios, the cost curve and break-even factors use central inputs. Such a value may lie outside the interval of the samples, because many inputs are skewed.
compare-limit-resilience = Barrier resilience k counts the footprints that a crosser must enter, however little a sensor detects in them. Detection on the minimum-detection path shows what is detected.
compare-limit-dash = A dash among the break-even factors means that none exists in the range tested.
compare-history = { $states ->
    [one] Requirements: 1 state
   *[other] Requirements: { $states } states
} recorded since { $since }, hash chain { $hash } ({ $file }). Earlier reports state its earlier hashes.
compare-history-undeclared = Requirement changed without a change entry, found on { $date }: { $what }.
compare-history-unwritten = This state of the requirements could not be recorded: { $reason }.
compare-undeclared-removed = { $name } was removed; it was { $value }, set on { $date } by { $person } ({ $reason })
compare-undeclared-measure = { $name } applied to { $before } and now applies to { $now }
compare-undeclared-entry-removed = { $name }: the entry { $value }, { $date }, { $person } ({ $reason }) was removed
compare-undeclared-entry-changed = { $name }: the entry { $value }, { $date }, { $person } ({ $reason }) became { $new_value }, { $new_date }, { $new_person } ({ $new_reason })

# Figures

compare-figure-maps = Detection along the border
compare-figure-maps-alt = Maps of the layouts side by side. Mean detection: { $means }.
compare-figure-maps-mean = { $layout } { PERCENT($mean) }
compare-figure-maps-caption = Line: probability that a crossing of each segment on the crosser’s best path is detected and its alert assessed, over a year’s weather and outages; median of the samples. Dashed: limit of the analysed area. Green: the minimum-detection path in the most frequent weather.
compare-figure-map-title = { $layout }: { $sensors ->
    [one] 1 sensor
   *[other] { $sensors } sensors
}{ $relays ->
    [0] {""}
    [one] , 1 relay (triangle)
   *[other] , { $relays } relays (triangles)
}
compare-axis-assessed = detected and assessed
compare-axis-chainage = along the border [km]
compare-figure-along = Detection by segment
compare-figure-along-alt = Detection in each segment for each layout, with its interval.
compare-figure-along-caption = Steps: median of the samples. Shaded: 5–95% of samples. Dotted: the requirement, { PERCENT($required) }. Segments that cannot be crossed are excluded.
compare-figure-samples = Distribution of the result
compare-figure-samples-alt = Cumulative distribution of the objective and of its difference over the samples.
compare-figure-samples-caption = All curves use the same samples: an input that two layouts share has the same value in both. Where a curve on the right crosses zero, its height is the fraction of samples in which the first layout is worse.
compare-axis-fraction = fraction of samples below
compare-axis-difference = difference in { $objective }
compare-less = { $first } − { $other }
compare-figure-cost = Cost and detection, with the Pareto front
compare-figure-cost-alt = The objective against life-cycle cost for each layout.
compare-figure-cost-caption = Points: results for a quarter to twice the cost of the comparison (dotted). Below a layout’s own cost its sensors are bought in the order of its file; above it, the residual budget buys teams. Grey steps: the Pareto front; no point achieves more for the same cost or less. All inputs central.
compare-axis-cost = life-cycle cost [million { $currency }]
compare-pareto-front = Pareto front
compare-figure-tornado = Decisive inputs: { $first } vs. { $other }
compare-figure-tornado-alt = { $count ->
    [0] Tornado chart of the difference: no input changes it.
   *[other] Tornado chart of the difference: { $effects }.
}
compare-figure-tornado-effect = { $input } { DECIMAL($low, digits: 3) } to { DECIMAL($high, digits: 3) }
compare-figure-tornado-caption = Each input alone at its 10% and 90% quantile, all others central. In brackets the grade of its source: H official or reproduced, M press, vendor or derived, L assumption. Where a bar passes zero, that input alone reverses the verdict.
compare-axis-tornado = { $first } − { $other }, { $objective }
compare-low-end = at its 10% quantile
compare-high-end = at its 90% quantile
compare-figure-scenarios = Adverse scenarios
compare-figure-scenarios-alt = Mean detection as planned and in each scenario.
compare-figure-scenarios-caption = All inputs central. Crossers choose again among the candidate paths, so a theft may cost more than shown. Of several possible losses, the one that costs most is shown.
compare-not-applicable = n/a
