# `watchline plan`: printed lines.

plan-objective = { $objective ->
    [mean_probability] mean detection probability
    [worst_segment] detection probability of the worst segment
    [least_detection] detection probability on the minimum-detection path
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
    [least_detection] Detection probability on the minimum-detection path
    [least_interruption] Probability of interruption on the most vulnerable path
   *[other] { $objective }
}: { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }, { $optimal ->
    [yes] proven optimal.
   *[no] within { PERCENT($gap, digits: 2) } of optimal.
}
plan-detail-unknown-sight = The search counts ground where the line of sight is unknown as undetected. Without this ground the value is { DECIMAL($value, digits: 3) }, as in `watchline coverage`.
plan-detail-nothing = { $objective ->
    [mean_probability] Mean detection probability
    [worst_segment] Detection probability of the worst segment
    [least_detection] Detection probability on the minimum-detection path
    [least_interruption] Probability of interruption on the most vulnerable path
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
} The probability of interruption is underestimated; compute it for the written layout with `watchline challenge`.
plan-warning = Warning: { $warning }
plan-patrols-no-gain = Patrols do not raise the minimum probability of interruption, { DECIMAL($value, digits: 3) }: a crosser who observes the patrols uses segment { $segment }, where patrols change nothing.
plan-patrols-elsewhere = The roster is optimal for the { $count ->
    [one] one segment
   *[other] { $count } segments
} that patrols can change: at least { DECIMAL($value, digits: 3) } there.
plan-patrols-one-route = Every shift of the roster uses the same patrol route: a crosser who has observed one shift knows all of them.
plan-doing-candidates = Candidates
plan-doing-choosing = Plan
