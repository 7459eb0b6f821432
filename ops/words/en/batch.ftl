# Commands of one sector that are given a nation file: every sector, and one summary.

batch-eyebrow = Watchline · all sectors of a nation
batch-title = { $subject }: { $command ->
    [coverage] detection coverage
    [challenge] terrain and coverage gaps
    [plan] purchase plans
    [compare] comparison of layouts
    [sites] candidate sites
   *[other] { $command }
}
batch-computed = Computed: { $computed } of { $whole ->
    [one] 1 sector.
   *[other] { $whole } sectors.
}
batch-gaps = Coverage gaps on { DECIMAL($gaps, digits: 0) } of { DECIMAL($segments, digits: 0) } segments; unknown: { DECIMAL($unknown_segments, digits: 0) }. Sensors: { DECIMAL($sensors, digits: 0) }.
batch-failed = Not computed: { $sector }.
batch-kept = { $count ->
    [one] 1 sector was kept from an earlier run with the same input.
   *[other] { $count } sectors were kept from an earlier run with the same input.
}
batch-again = Computed again, because files of their results were changed or damaged: { $sectors }.
batch-worst = Worst segments by { $measure ->
    [covered_fraction] the fraction of the area that meets the required Pd
   *[other] the lowest Pd of a crossing
}
batch-heading-sectors = Sectors
batch-column = { $name ->
    [sector] sector
    [sensors] sensors
    [segment] segment
    [segments] segments
    [start] from
    [position] latitude, longitude
    [covered] required Pd met
    [covered_fraction] required Pd met
    [dead_ground] dead ground
    [unknown_ground] unknown
    [gap_segments] segments with a coverage gap
    [unknown_segments] unknown segments
    [least_detection] lowest Pd
    [detection_probability] lowest Pd
    [least_interruption] lowest P(interruption)
    [value_before] objective before
    [value] objective after
    [cost] cost
    [optimality_gap] optimality gap
    [sites] sites
    [visible] area in view
    [chosen] selected
    [chosen_covered] area in view of the selected
    [answer] answer
   *[other] { $name }
}
batch-limit = { $limit ->
    [sums] Counts and costs are added up. Fractions and probabilities of different sectors are not averaged.
    [sensors] A sensor that the layouts of two sectors name is counted in both.
    [ends] Each sector is computed with its own sensors only. Near the end of a line, sensors of the neighbouring sector are not counted.
    [worst] Segments without a known value are not among the worst. The lowest Pd of a crossing is a lower bound where a line of sight is unknown.
    [plan] The budget is that of each sector. It is not distributed between the sectors.
    [sites] Each sector has the candidates on its own terrain. One near an end may be on the terrain of two sectors, and is counted in both.
   *[other] { $limit }
}
