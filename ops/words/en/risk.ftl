# `watchline risk`: printed tables and the page.

risk-eyebrow = Watchline risk assessment
risk-title = Risk by segment: { $sector }
risk-about = As known on { $date } (UTC), for the layout { $layout }. Ranks: { $draws } draws of the weights.
risk-answer = Segment { $segment } has the highest risk, { $risk }. It is among the { $count ->
    [one] highest segment
   *[other] { $count } highest segments
} in { $top } of the draws of the weights.
risk-answer-shared = { $number } segments share the highest risk, { $risk }{ $named ->
    [yes] : { $segments }
   *[no] {""}
}. Each is among the { $count ->
    [one] highest segment
   *[other] { $count } highest segments
} in at least { $top } of the draws of the weights.
risk-answer-unknown = { $unknown ->
    [0] The risk of all { $segments } segments is known.
    [one] The risk of 1 of { $segments } segments is unknown.
   *[other] The risk of { $unknown } of { $segments } segments is unknown.
}
risk-left-out = { $factor ->
    [threat] Threat is unknown for all segments, so it is left out.
    [vulnerability] Vulnerability is unknown for all segments, so it is left out.
   *[impact] Impact is not stated for any segment, so it is left out: no impact level is proposed.
}
risk-no-common-period = { $indicator }: left out of the threat, because its places have no common period and a count grows with its period.
risk-earlier-period = { $indicator }: not all places have the newest value, so the values of { $start } to { $end } count.
risk-heading-map = Map of the risk
risk-heading-sections = Border sections: proposed and current impact level
risk-heading-segments = Segments, the highest risk first
risk-shades = Risk of the segment:
risk-shade = { DECIMAL($low, digits: 2) } to { DECIMAL($high, digits: 2) }
risk-shade-unknown = unknown
risk-column = { $name ->
    [rank] rank
    [segment] segment
    [section] section
    [risk] risk
    [threat] threat
    [vulnerability] vulnerability
    [impact] impact
    [matrix] matrix
    [ranks] ranks, 95%
    [top] draws in top 10%
    [proposed] proposed level
    [highest] highest in the matrix
    [trend] trend
    [first] at the start
    [last] now
    [change] change
    [reason] due mostly to
   *[current] current level
}
risk-heading-trend = Trend of the risk, the largest rise first
risk-trend-about = From { $first } to { $last } (UTC), at the end of each month, as known then. A bar is a risk from 0 to 1.
risk-change = { $sign ->
    [up] +{ DECIMAL($change, digits: 2) }
    [down] { DECIMAL($change, digits: 2) }
   *[none] unchanged
}
risk-decision-written = The decision is in { $file }. Name it as risk_decision in the sector file and switch its uses on with risk_feeds.
risk-decided = decided on { $on } by { $by }, as assessed on { $assessed }
risk-ranks = { $low } to { $high }
risk-level = { $level ->
    [low] low
    [medium] medium
    [high] high
    [critical] critical
   *[none] –
}
risk-limit-formula = CIRAM names threat, vulnerability and impact, and no formula. The weighted geometric mean, with factors of at least 0.01, is ours.
risk-limit-matrix = The matrix and the edges of its classes (one third and two thirds) are ours. It proposes low, medium or high, never critical.
risk-limit-percentiles = Threat is the mean of percentiles within this border: crossing ease, and where known incidents and recorded cases per km. Risks of two borders are not comparable.
risk-limit-weights = The interval of the ranks covers all weights, each combination equally likely. It does not cover errors of the factors.
risk-limit-impact = Vulnerability is 1 minus the lowest probability of interruption, or without bases of detection. Impact is a judgement that its source answers for.
risk-limit-decision = A proposed level changes nothing. A person decides on the impact level of a section in the operations centre and gives a reason; the decision is journaled and recorded in the audit log.
risk-limit-trend = The trend compares indicators and incidents as known on each day. The geography challenge is the same for all days. A table of indicators, unlike a history, does not state when a value became known. The risk of a segment is unknown on a day on which its threat had other parts than on the last day, as before the first incident of the store that is not erased.
