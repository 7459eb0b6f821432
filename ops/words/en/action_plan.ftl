# The National Action Plan: its status by the scorecard, its SWOT, and its import.

action-plan-eyebrow = National Action Plan: status
action-plan-about = Values up to { $date }, as known on { $known } (UTC). Adopted on { $adopted }. Source: { $source }.
action-plan-to-scorecard = Scorecard with all records
action-plan-answer = { $met } of { $due ->
    [one] 1 measure that is due is
   *[other] { $due } measures that are due are
} shown to be met{ $unknown ->
    [0] {""}
   *[other] ; { $unknown } cannot be judged
}
action-plan-answer-interval = { $sentence }. Adherence: { $value }, 95% interval { $low } to { $high }.
action-plan-answer-counts = Of all measures: met { $met }, in progress { $in_progress }, overdue { $overdue }, unknown { $unknown }.
action-plan-adherence = { $title }: { $met } of { $due ->
    [one] 1 measure that is due is
   *[other] { $due } measures that are due are
} shown to be met; { $unknown } unknown.
action-plan-late = { $id } { $title } ({ $owner }): { $days ->
    [0] due today
    [one] due 1 day ago
   *[other] due { $days } days ago
}; { $why }.
action-plan-not-met = not met
action-plan-no-line = the scorecard has no value of “{ $indicator }”
action-plan-places = the scorecard has “{ $indicator }” for several places, and the plan names none
action-plan-no-value = its value is unknown
action-plan-stale = its newest value is dated { $date }
action-plan-periods = its values count periods of unlike length, and the newest is not recorded with this target
action-plan-note-due = { $due } due, { $unknown } of them unknown; an unknown measure is not counted as met
action-plan-method = Wilson, 95%, from no unknown measure met to all of them met
action-plan-heading-late = Due and not shown to be met
action-plan-heading-swot = SWOT from measured values
action-plan-objective = { $id } { $title }
action-plan-column-measure = measure
action-plan-column-owner = owner (role)
action-plan-column-value = value
action-plan-column-target = target
action-plan-column-due = due
action-plan-column-status = status
action-plan-basis = Basis: { $basis }
action-plan-completion = completion
action-plan-target = { $direction ->
    [higher] at least { $target }
    [lower] at most { $target }
   *[none] { $target }
}
action-plan-status = { $status ->
    [met] met
    [in_progress] in progress
    [overdue] overdue
   *[unknown] unknown
}
action-plan-quadrant = { $quadrant ->
    [strengths] Strengths
    [weaknesses] Weaknesses
    [opportunities] Opportunities
   *[threats] Threats
}
action-plan-quadrant-empty = None by the values that are known.
action-plan-finding = { $name }, { $place }: { $value }, target { $target }, { $trend }
action-plan-firm = { $sentence }; the whole interval is on this side of the target
action-plan-evidence = evidence
action-plan-unjudged = { $count ->
    [0] All lines of the scorecard are judged.
    [one] 1 line of the scorecard is not judged, because its value, target or trend is unknown.
   *[other] { $count } lines of the scorecard are not judged, because their value, target or trend is unknown.
}
action-plan-limit-adherence = Adherence counts measures, whatever their weight. Two plans with different measures are not comparable.
action-plan-limit-unknown = A measure without a value, or with a value that is out of date, is unknown. It counts as due and not as met; the interval allows for both.
action-plan-limit-swot = The rules of the SWOT are ours. Strengths and weaknesses are lines of the plan and of tactical tools that meet or miss their target. Opportunities and threats are lines of crime, governance and agreements that improve or meet their target, or worsen or miss it.
action-plan-limit-compare = A value that meets its target shows what was measured, not that the measure caused it.
action-plan-refused = Row { $row }: { $reason }; expected { $expected }.
action-plan-frozen = Targets and terms are frozen as of { $date }. A later change needs an entry in the change log of the file.
action-plan-imported = { $objectives ->
    [one] 1 objective
   *[other] { $objectives } objectives
}, { $measures ->
    [one] 1 measure
   *[other] { $measures } measures
}: { $file }

# Reviews and frozen targets

action-plan-heading-reviews = Review calendar
action-plan-review-measures = measures
action-plan-review-every = interval
action-plan-review-last = last review
action-plan-review-next = next review
action-plan-review-state = status
action-plan-review-days = { $days ->
    [one] every day
   *[other] every { $days } days
}
action-plan-review-of = { $when ->
    [late] { $days ->
        [one] overdue by 1 day
       *[other] overdue by { $days } days
    }
   *[ahead] { $days ->
        [0] due today
        [one] due in 1 day
       *[other] due in { $days } days
    }
}
action-plan-heading-thresholds = Frozen targets and their changes
action-plan-thresholds = Frozen on { $date }: { $targets ->
    [one] 1 target
   *[other] { $targets } targets
}. { $changes ->
    [0] No target has changed since.
    [one] 1 change since; the plan is judged by the new target.
   *[other] { $changes } changes since; the plan is judged by the new targets.
}
action-plan-thresholds-none = The targets of this plan are not frozen: the file may change them without a trace.
action-plan-threshold-measure = measure
action-plan-threshold-on = date
action-plan-threshold-before = before
action-plan-threshold-after = after
action-plan-threshold-reason = reason
action-plan-threshold-by = decided by (role)
