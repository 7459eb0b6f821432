# `watchline screening`: rules on made-up movements at crossing points.

screening-answer = Hits of any rule: { $hits } of all movements. Finds among all that were checked (base rate): { $base }.
screening-differs = { $rule }: the hit rate of the group { $group } differs from that of all others, { $hits }.
screening-heading-rules = Rules: hits, and finds among the hits that were checked
screening-heading-groups = Counts by group (no rule uses the group)
screening-hit = { $movement }: { $rules }
screening-explained = { $rule } ({ $conditions }): { $why }
screening-condition = { $field } { $operator ->
    [is] is
    [is_not] is not
    [below] below
   *[above] above
} { $value }
screening-yes-no = { $answer ->
    [yes] yes
   *[no] no
}
screening-any = any rule
screening-share = { $value } ({ $count } of { $of }; 95%: { $low } to { $high })
screening-column = { $name ->
    [rule] rule
    [why] why
    [hits] hits
    [finds] finds among hits
    [base] finds among checked
    [group] group
    [differs] differs from others
   *[other] { $name }
}
screening-limit-made_up = All movements are made up. No figure describes a real person or crossing point.
screening-limit-proxy = No rule uses the group, but other fields may act as a proxy for it. The counts by group show where hit rates differ, not why.
screening-limit-checked = Finds are known only for movements that were checked. Without random checks, the base rate is that of the movements chosen for a check.
screening-limit-many = Among many rules and groups, some differ by chance: comparing 95% intervals is not a test of all of them together.
screening-limit-person = A hit is a reason to look, never a finding. A person decides, and may disregard it.
