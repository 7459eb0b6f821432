# `watchline indicators`: catalogue and import.

indicator-title = { $indicator ->
    [organised_crime_index] organised crime index
    [governance_index] governance index
    [smuggling_cases] recorded smuggling cases
    [firearm_seizures] firearms seized
    [trafficking_victims] victims of trafficking identified
    [corruption_reports] reports of corruption
    [complaints_upheld] complaints upheld against officers
    [crossing_impact] impact of an unlawful crossing
    [measures_met] measures of the plan met
    [training_completed] training completed
    [plan_reviews_held] reviews of the plan held
    [posts_filled] posts filled
    [firearms_protocol] UN Firearms Protocol
    [programme_of_action] UN Programme of Action on small arms
    [arms_trade_treaty] Arms Trade Treaty
    [australia_group] Australia Group control lists
    [strategic_trade_training] WCO strategic trade control training
    [small_arms_modules] MOSAIC modules
    [interpol_databases] access to INTERPOL databases
    [integrated_border_management] EUROSUR and integrated border management
    [gap-segments] segments with a coverage gap
    [least-detection] lowest Pd of a crossing
    [least-interruption] lowest probability of interruption
    [dead-ground-layout] dead ground of the layout
    [interdiction_effectiveness_rate] interdiction effectiveness rate
    [unlawful_border_crossing_effectiveness_rate] unlawful border crossing effectiveness rate
    [detection_fraction] fraction of crossings detected
    [alert_yield] apprehensions per alert
    [nuisance_alarm_fraction] nuisance alarms, fraction of alerts
    [time_to_acknowledgement] time to acknowledgement
    [response_time] response time
    [time_to_disposition] time to disposition
    [drills_passed] drills passed
    [drill_acknowledged_in_time] drills: incidents acknowledged in time
    [drill_right_dispositions] drills: correct dispositions
    [drill_missed_crossings] drills: missed crossings
   *[other] { $indicator }
}
indicator-definition = { $indicator ->
    [organised_crime_index] score of organised crime in the country, on the scale of its publisher
    [governance_index] score of governance in the country, on the scale of its publisher
    [smuggling_cases] cases of smuggling that the authorities recorded in the period
    [firearm_seizures] firearms that were seized at or near the border in the period
    [trafficking_victims] persons who were identified as victims of trafficking in the period
    [corruption_reports] reports of corruption at the border that were received in the period
    [complaints_upheld] complaints against officers that were investigated and upheld in the period
    [crossing_impact] judged impact of an unlawful crossing on a section or segment, 0 (none) to 1 (most severe)
    [measures_met] measures of the National Action Plan that are due and met, as a fraction of those due
    [training_completed] persons who completed the planned training, as a fraction of those planned
    [plan_reviews_held] reviews of the plan that were held, as a fraction of those planned
    [posts_filled] posts at the border that are filled, as a fraction of those established
    [firearms_protocol] provisions of the protocol that are implemented, as a fraction of those checked
    [programme_of_action] commitments of the programme that are implemented, as a fraction of those checked
    [arms_trade_treaty] provisions of the treaty that are implemented, as a fraction of those checked
    [australia_group] entries of the control lists that are in national law, as a fraction of those checked
    [strategic_trade_training] officers of crossing points who completed the training, as a fraction of those planned
    [small_arms_modules] modules on small arms control that are implemented, as a fraction of those chosen
    [interpol_databases] crossing points whose officers can query the databases, as a fraction of all
    [integrated_border_management] obligations that are implemented, as a fraction of those checked
    [gap-segments] border segments with crossing Pd below the requirement, as a fraction of those that are known
    [least-detection] crossing Pd of the worst segment
    [least-interruption] probability that responders arrive in time on the worst of the paths
    [dead-ground-layout] area near the border that no sensor of the layout has line of sight to, as a fraction
    [interdiction_effectiveness_rate] apprehensions and turn-backs, as a fraction of the detected crossings
    [unlawful_border_crossing_effectiveness_rate] apprehensions and turn-backs, as a fraction of all crossings, undetected ones included
    [detection_fraction] detected crossings, as a fraction of all crossings
    [alert_yield] apprehensions divided by alerts
    [nuisance_alarm_fraction] alerts that were not a threat, as a fraction of all alerts
    [time_to_acknowledgement] median time from opening an incident until a person acknowledges it
    [response_time] median time from opening an incident until a unit is on scene
    [time_to_disposition] median time from opening an incident until a person closes it
    [drills_passed] drills of the past year that were passed, as a fraction of those held
    [drill_acknowledged_in_time] incidents of drills that a person acknowledged within the time limit, as a fraction of all
    [drill_right_dispositions] incidents of drills that were closed with the correct disposition, according to the ground truth of the simulation, as a fraction of those closed
    [drill_missed_crossings] crossings of drills that were shown and not acknowledged, as a fraction of those shown
   *[other] { $indicator }
}
indicator-limit = { $limit ->
    [judgement] rests on the judgement of experts
    [scales] editions and publishers have different scales, so values of two publishers are not comparable
    [recorded] counts what was recorded, which rises with enforcement as well as with crime
    [reporting] rises when people trust the channel, not only when there is more misconduct
    [plan] depends on which measures the plan has, so plans are not comparable
    [attendance] states who attended, not what was learnt
    [self] is reported by the authority that is assessed
    [existence] states that a provision exists, not that it works
    [use] states that access exists, not that it is used
    [model] is computed for one layout, target class and weather, not observed
    [undetected] excludes undetected crossings, so it is optimistic
    [modelled] needs the undetected crossings, which are modelled
    [alerts] counts alerts, several of which may belong to one event
    [persons] counts only the incidents in which a person took the step
    [drills] is of simulated scenarios, which may be easier or harder than a real shift
   *[other] { $limit }
}
indicator-limit-of = { $indicators }: { $limit }.
indicator-column = { $name ->
    [indicator] indicator
    [definition] definition
    [unit] unit
    [better] better if
    [source] source
    [update] update
    [place] place
    [date] date
    [before] before
    [after] after
   *[other] { $name }
}
indicator-better = { $better ->
    [higher] higher
    [lower] lower
    [none] not stated
   *[other] { $better }
}
indicator-source = { $source ->
    [statistics] official statistics
    [index] published index
    [register] register of the authority
    [report] report of the state
    [review] review of implementation
    [challenge] computed by `watchline challenge`
    [outcomes] counted from outcomes and incidents
    [plan] counted from the plan
    [drills] counted from the scores of drills
   *[other] { $source }
}
indicator-update = every { $days ->
    [one] day
   *[other] { $days } days
}
indicator-update-computed = when computed
indicator-refused = Row { $row }: { $reason }; expected { $expected }.
indicator-more = { $count } more; --json lists all.
indicator-preview = An import would add { $new }, correct { $corrected }, withdraw { $withdrawn } and leave { $unchanged } unchanged; nothing was written.
indicator-imported = Added: { $new }; corrected: { $corrected }; withdrawn: { $withdrawn }; unchanged: { $unchanged }. History: { $file }
indicator-withdrawn = withdrawn: { $reason }
