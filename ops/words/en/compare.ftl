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
    [cost_per_covered_km] cost of sensors and relays per covered km [{ $currency }]
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

compare-headline-better = { $better } outperforms { $worse } { $cost ->
    [equal] at equal life-cycle cost
   *[budget] within the same budget
}: probability { PROBABILITY($probability) }
compare-headline-equal = { $first } and { $other } perform equally { $cost ->
    [equal] at equal life-cycle cost
   *[budget] within the same budget
}
compare-headline-unknown = { $first } and { $other } cannot be compared: an input is unknown
compare-headline-best = { $best } ranks first of { $count } layouts { $cost ->
    [equal] at equal life-cycle cost
   *[budget] within the same budget
}
compare-headline-shared = { $best } rank first equally of { $count } layouts { $cost ->
    [equal] at equal life-cycle cost
   *[budget] within the same budget
}
compare-detail-objective = Compared by { $objective ->
    [mean_detection] mean detection
    [least_detection] detection on the minimum-detection path
    [mean_interruption] mean probability of interruption
    [least_interruption] probability of interruption on the most vulnerable path
   *[other] { $objective }
}. Each layout costs about { $currency } { DECIMAL($cost) } over { $years ->
    [one] 1 year
   *[other] { $years } years
}.
compare-detail-objective-costs = Compared by { $objective ->
    [mean_detection] mean detection
    [least_detection] detection on the minimum-detection path
    [mean_interruption] mean probability of interruption
    [least_interruption] probability of interruption on the most vulnerable path
   *[other] { $objective }
}. The budget is the same for each layout, the life-cycle cost over { $years ->
    [one] 1 year
   *[other] { $years } years
} is not: { $costs }.
compare-layout-cost = { $currency } { DECIMAL($cost) } for { $layout }
compare-detail-better = { $better } is better than { $worse } in { $ties ->
    [0] { PERCENT($probability) } (±{ PERCENT($error, digits: 1) }) of { DECIMAL($samples) } Monte Carlo samples.
   *[other] { PERCENT($wins, digits: 1) } and equal in { PERCENT($ties, digits: 1) } of { DECIMAL($samples) } Monte Carlo samples; with ties counted half, { PERCENT($probability) } (±{ PERCENT($error, digits: 1) }).
} Difference { DECIMAL($difference, digits: 3) } (90% of samples: { DECIMAL($low, digits: 3) } to { DECIMAL($high, digits: 3) }). Confidence grade { $grade }.
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
compare-about = Target: { $target }, { $direction }. Period: { $years ->
    [one] 1 year
   *[other] { $years } years
}, discount rate { PERCENT($discount, digits: 2) } per year. { $fixed ->
    [yes] Budget: { $currency } { DECIMAL($budget) }.
   *[no] Budget: the cost of the most expensive layout, in each sample.
} { DECIMAL($samples) } Monte Carlo samples, seed { $seed }. { $operators ->
    [one] 1 operator
   *[other] { $operators } operators
} in the operations centre. { $item ->
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
compare-assumption = { $name ->
    [person_speed_mps] speed of a person
    [group_speed_mps] speed of a group
    [vehicle_speed_mps] speed of a vehicle
    [radar_period_s] radar: scan period
    [radar_group_range_factor] radar: range for a group, relative
    [radar_vehicle_range_factor] radar: range for a vehicle, relative
    [radar_rain_k] radar: rain attenuation, coefficient k
    [radar_rain_alpha] radar: rain attenuation, exponent α
    [radar_clutter_rain_mm_h] radar: rain clutter
    [radar_clutter_exponent] radar: rain clutter, exponent
    [radar_clutter_wind_mps] radar: wind clutter
    [camera_search_s] camera: search time
    [radio_search_s] direction finder: search time
    [human_search_s] observer: search time
    [radar_canopy_fraction] radar: canopy
    [camera_canopy_fraction] camera: canopy
    [radio_canopy_fraction] direction finder: canopy
    [human_canopy_fraction] observer: canopy
    [day_contrast] contrast by day
    [least_contrast] lowest visible contrast
    [thermal_contrast_k] thermal contrast
    [thermal_least_contrast_k] lowest visible thermal contrast
    [thermal_wavelength_um] thermal wavelength
    [vapour_extinction_per_km] extinction by water vapour
    [rain_extinction_db_per_km] extinction by rain
    [rain_extinction_exponent] extinction by rain, exponent
    [seismic_wind_mps] ground sensor: wind
    [seismic_rain_mm_h] ground sensor: rain
    [confident_look_probability] single-look Pd of certain coverage
   *[other] { $text }
}
compare-assumption-source = { $name ->
    [person_speed_mps] a walker off the road; the worked examples use it too
    [group_speed_mps] as one person
    [vehicle_speed_mps] a vehicle off the road, carefully driven
    [radar_period_s] the turn of a radar whose layout gives no period_s
    [radar_group_range_factor] a group is found no farther than one of its people
    [radar_vehicle_range_factor] vehicles are found at 1.5 to 2 times a person's range
    [radar_rain_k] ITU-R P.838-3, 10 GHz, horizontal polarisation
    [radar_rain_alpha] ITU-R P.838-3, 10 GHz, horizontal polarisation
    [radar_clutter_rain_mm_h] rain whose clutter equals the noise at the reference range, after the Doppler filter
    [radar_clutter_exponent] Z = 200 R^1.6, Marshall and Palmer (1948)
    [radar_clutter_wind_mps] wind in which swaying plants double the noise
    [camera_search_s] time in which a camera's search of its field has shown what it can
    [radio_search_s] time in which a target that carries a transmitter has used it
    [human_search_s] time in which an observer has searched the field, as a camera's
    [radar_canopy_fraction] fraction of the trees' height that blocks a radar
    [camera_canopy_fraction] fraction of the trees' height that blocks a camera
    [radio_canopy_fraction] fraction of the trees' height that blocks a radio finder
    [human_canopy_fraction] fraction of the trees' height that blocks an observer
    [day_contrast] contrast of clothing or paint against vegetation
    [least_contrast] Koschmieder (1924): the contrast that can just be seen
    [thermal_contrast_k] a person or engine against the ground
    [thermal_least_contrast_k] a cooled or good uncooled camera's least difference
    [thermal_wavelength_um] middle of the long-wave window
    [vapour_extinction_per_km] long-wave window, order of LOWTRAN's summer air
    [rain_extinction_db_per_km] Carbonneau and Wisely (1998), as in ITU-R P.1814: 1.076 R^0.67
    [rain_extinction_exponent] Carbonneau and Wisely (1998), as in ITU-R P.1814
    [seismic_wind_mps] wind that doubles the ground's noise
    [seismic_rain_mm_h] rain that doubles the ground's noise
    [confident_look_probability] look probability from which a sensor counts among those that certainly cover a cell
    [service_s] assumption: time that an operator needs for one alert
    [patience_s] assumption: time after which an alert is no longer worth assessing
    [genuine_alerts_per_day] assumption: alerts caused by people and vehicles, including legitimate traffic
    [communication] assumption: an alarm reaches a crew that can respond
    [repair_factor] assumption: repair time relative to that assumed by the availabilities
    [response_factor] assumption: response time relative to that of the mobility model
    [weather] assumption: shares of a year's crossings
   *[other] { $text }
}
compare-assumption-unit = { $name ->
    [vapour_extinction_per_km] 1/km per g/m³
    [rain_extinction_db_per_km] dB/km at 1 mm/h
   *[other] { $text }
}
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
compare-limit-no-bases = No response is computed: the sector has no bases on the terrain. In a layout without a gateway, links are not checked and every sensor is counted.
compare-limit-response = A crew from the base nearest in time responds, by vehicle where that saves time, then on foot, and goes to the point where the path leaves the analysed area.
compare-limit-response-unknown = { $count ->
    [one] Interruption is unknown in 1 segment, which is left out of its mean, and of its minimum unless a layout detects nothing there: responders reach it at best over unknown terrain.
   *[other] Interruption is unknown in { $count } segments, which are left out of its mean, and of its minimum unless a layout detects nothing there: responders reach them at best over unknown terrain.
}
compare-limit-vehicle = Vehicle off road: { DECIMAL($speed, digits: 1) } m/s on level open ground, multiplied by exp(−{ DECIMAL($decline, digits: 1) } × |gradient|), up to a gradient of { DECIMAL($limit, digits: 2) }; on a road, the speed of its class. On foot: Tobler’s hiking function, multiplied by { DECIMAL($factor, digits: 2) } off paths. Turnout { DURATION($turnout) }, leaving the vehicle { DURATION($dismount) }.
compare-limit-strips = Paths are cut into { $strips } strips of { DISTANCE($depth) }; a detection leaves { PERCENT($position) } of the time in its strip. Times of strips and of the response vary by { PERCENT($spread) } (1 σ), independently.
compare-limit-strips-sensitivity = Half or twice as many strips change the probability of interruption as the table “Interruption and the number of strips” shows (all inputs central).
compare-limit-unbought = { $layouts }: the border covered, its cost per km, barrier resilience and single points of failure are unknown, because at central prices the budget does not pay for every sensor and relay.
compare-limit-segments = { $count ->
    [0] No segment is excluded.
    [one] 1 segment is excluded because it cannot be crossed, or detection there is unknown.
   *[other] { $count } segments are excluded because they cannot be crossed, or detection there is unknown.
}
compare-limit-cost = Equivalent annual cost: equipment keeps the value of its unused service life.
compare-limit-central = Sensitivities, adverse scenarios, the cost curve and break-even factors use central inputs. Such a value may lie outside the interval of the samples, because many inputs are skewed.
compare-limit-resilience = Barrier resilience k counts the footprints that a crosser must enter, however little a sensor detects in them. Detection on the minimum-detection path shows what is detected.
compare-limit-resilience-bounds = { $layouts }: barrier resilience k is between two bounds, because the line of sight of a sensor is unknown; single points of failure are unknown.
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
