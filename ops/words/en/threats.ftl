# `watchline threats`: catalogue of threats and layers of border security.

threat-title = { $threat ->
    [people_smuggling] smuggling of people
    [human_trafficking] trafficking in human beings
    [stolen_vehicles] stolen vehicles
    [contraband_goods] contraband goods
    [firearms] firearms and their parts
    [ammunition_and_explosives] ammunition and explosives
    [military_equipment] military equipment
    [dual_use_goods] dual-use goods
    [chemical_and_biological_agents] chemical and biological agents
    [nuclear_and_radioactive_material] nuclear and radioactive material
    [drones] drones
    [protected_wildlife] protected wildlife
    [livestock_and_animal_disease] livestock and animal disease
   *[other] { $threat }
}
threat-definition = { $threat ->
    [people_smuggling] persons who are brought across the border unlawfully, by others who profit from it
    [human_trafficking] persons who are moved by force, deception or abuse in order to exploit them
    [stolen_vehicles] vehicles that were stolen or embezzled and are taken to another country
    [contraband_goods] goods that evade duty or a prohibition, such as tobacco, drugs and counterfeit goods
    [firearms] firearms, their parts and components, without a licence or marking, or diverted
    [ammunition_and_explosives] ammunition, explosives, detonators and their precursors
    [military_equipment] equipment on military lists that is traded without a licence or to a false end user
    [dual_use_goods] goods, software and technology with civil and military use that need a licence
    [chemical_and_biological_agents] toxic chemicals, pathogens, toxins and equipment to produce them
    [nuclear_and_radioactive_material] nuclear material and radioactive sources outside regulatory control
    [drones] uncrewed aircraft that observe the border or carry goods across it
    [protected_wildlife] live animals, plants and products of species whose trade is restricted
    [livestock_and_animal_disease] animals that cross without a veterinary check and may carry disease
   *[other] { $threat }
}
threat-kind = { $kind ->
    [persons] persons
    [vehicles] vehicles
    [arms] arms
    [dual_use] dual-use goods
    [cbrn] CBRN
    [drones] drones
    [animals] animals
   *[other] { $kind }
}
threat-route = { $route ->
    [by_air] by air
    [by_post] by post and courier
    [false_documents] through crossing points with false documents
    [in_cargo] hidden in cargo or declared falsely
    [in_traffic] driven through crossing points
    [in_vehicle] hidden in vehicles
    [intangible] by electronic transfer
    [off_road] by vehicle across the green border
    [on_foot] on foot across the green border
    [strays] strayed or driven herds
    [transit] in transit through free zones
   *[other] { $route }
}
threat-sees = { $sees ->
    [target] detects the threat itself
    [carrier] detects only the person or vehicle that carries it
    [none] detects nothing of it in Watchline’s model
   *[other] { $sees }
}
threat-layer = { $layer ->
    [information] information before the border
    [crossing_point] border crossing points
    [green_border] green border
    [inland] inland
   *[other] { $layer }
}
threat-means = { $means ->
    [intelligence_exchange] exchange of intelligence with neighbours
    [advance_passenger_data] advance data on passengers
    [watchlists] queries of shared databases, such as INTERPOL’s
    [advance_cargo_data] advance data on cargo
    [licence_data] data on export licences
    [weapon_tracing] international tracing of weapons
    [drone_register] register of drones and their operators
    [permit_data] data on wildlife trade permits
    [disease_notification] notification of animal disease by neighbours
    [document_check] document checks
    [vehicle_search] search of vehicles
    [detection_dogs] detection dogs
    [trained_interview] interviews by trained officers
    [vehicle_register_check] check against vehicle registers
    [cargo_scanners] cargo scanners
    [trace_detection] trace detectors for explosives and chemicals
    [commodity_check] identification of controlled goods by trained officers
    [radiation_portals] radiation portal monitors
    [drone_detection_post] drone detection at the crossing point
    [permit_check] check of wildlife trade permits
    [veterinary_check] veterinary checks
    [sensor_detection] sensors with Pd above the requirement
    [patrols] patrols
    [radiation_patrols] patrols with radiation detectors
    [drone_detection] drone detection systems
    [roadside_checks] roadside checks
    [investigation] criminal investigation
    [workplace_inspection] inspection of workplaces
    [market_inspection] inspection of markets
    [dealer_inspection] inspection of arms dealers
    [weapon_tracing_inland] tracing of seized weapons
    [depot_inspection] inspection of depots
    [end_use_checks] end-use checks
    [laboratory_register] register and inspection of laboratories
    [source_register] register of radioactive sources
    [livestock_register] register of livestock
   *[other] { $means }
}
threat-cannot = { $code ->
    [cloned_identity] vehicles with the identity of another
    [coercion] coercion and deception
    [contents] what a person or vehicle carries
    [dead_ground] movements in dead ground and coverage gaps
    [disease] whether an animal is ill
    [false_end_user] falsely named end users
    [false_permits] permits that are forged or reused
    [genuine_documents] genuine documents of another person or obtained by fraud
    [incubation] infected animals without symptoms
    [intent] the purpose of a crossing
    [operator_abroad] operators on the far side
    [ordinary_appearance] goods that look like ordinary ones
    [orphaned] sources that are in no register
    [parts] parts that are sent separately
    [precursors] precursors with ordinary uses
    [products] processed products of a species
    [re_export] later transfer to a third country
    [settled] what has reached its destination unnoticed
    [shielded] material that is shielded
    [small_aircraft] small or low aircraft at a distance
    [small_amounts] small amounts on the body or in cavities
    [software] software and technology that are sent electronically
    [unbooked] persons without a booking
    [undeclared] what is not declared
    [unmarked] weapons without a marking
    [unregistered] aircraft that are not registered
    [unreported] what has not been reported yet
   *[other] { $code }
}
threat-column = { $name ->
    [threat] threat
    [kind] kind
    [definition] definition
    [routes] usual routes
    [indicators] indicators
    [sensor] sensor
    [sees] what it detects
    [layer] layer
    [means] means that can find it
    [cannot] cannot see
   *[other] { $name }
}
threat-heading = { $title }: { $definition }
threat-routes = Usual routes: { $routes }.
threat-no-means = none in the catalogue
threat-limit-catalogue = This catalogue is our own, from general knowledge of border security. Planners should review it for their border.
layers-eyebrow = Watchline layers of border security
layers-title = Threats and layers: { $sector }
layers-about = Means in place on { $date } (UTC).
layers-answer = { $segments ->
    [0] { $known ->
        [yes] In each of the { $total } segments, each threat is covered by at least one layer.
       *[no] No gap is known in the { $total } segments, but not all layers are known.
    }
    [one] In 1 of { $total } segments, at least one threat is not covered by any layer.
   *[other] In { $segments } of { $total } segments, at least one threat is not covered by any layer.
}
layers-answer-threat = Gap: no layer covers { $threat } in { $count ->
    [one] segment { $where }
   *[other] { $count } segments ({ $where })
}.
layers-answer-unknown = { $count ->
    [one] For 1 threat it is unknown in some segments whether a layer covers it, because no file states it.
   *[other] For { $count } threats it is unknown in some segments whether a layer covers them, because no file states it.
}
layers-answer-single = { $count ->
    [one] 1 threat is covered by only one layer in some segments.
   *[other] { $count } threats are covered by only one layer in some segments.
}
layers-no-table = No table of means was given (--means), so only crossing points, sensors and patrols are considered.
layers-heading-threats = Number of segments that each layer covers, by threat; most gaps first
layers-heading-map = Map of the layers
layers-heading-means = Means in place, according to the table
layers-map = The border, coloured by the fraction of the threats that at least one layer covers in each segment.
layers-map-label = threats covered
layers-column = { $name ->
    [threat] threat
    [information] information
    [crossing_point] crossing points
    [green_border] green border
    [inland] inland
    [gaps] gaps
    [unknown] unknown
    [single] one layer only
    [where] segments without cover
    [means] means
    [place] place
    [since] since
    [until] until
    [source] source
   *[other] { $name }
}
layers-counts = { $covered }
layers-counts-unknown = { $covered } ({ $unknown } unknown)
layers-limit-existence = A layer covers a threat where at least one of the means that can find it is in place. This states that means exist, not how often they find the threat.
layers-limit-table = The table of means is taken as complete: what it does not state is not in place. Its author is responsible for it.
layers-limit-detection = Sensors cover a threat in a segment if the crossing Pd meets the requirement for each class of target that the threat can appear as. A segment that a class cannot cross counts as covered for it. Sensors detect persons and vehicles, not what these carry.
layers-limit-patrols = Patrols cover a segment if the mixed strategy of the plan visits it at all, however rarely.
layers-limit-crossing_points = A crossing point counts in the segments that its area enters. It finds nothing that crosses the green border elsewhere.
layers-limit-catalogue = This catalogue is our own, from general knowledge of border security. Planners should review it for their border.
