# `watchline eurosur`: reports of the EUROSUR layers.

eurosur-added = { $count ->
    [one] { $count } report added.
   *[other] { $count } reports added.
}
eurosur-listed = { $count ->
    [one] { $count } report
   *[other] { $count } reports
}; { $overdue ->
    [0] none is overdue.
   *[other] { $overdue } overdue (!): not sent in time.
}
eurosur-exported = { $count ->
    [one] { $count } report
   *[other] { $count } reports
} written to { $file }.

eurosur-subjects = { $count ->
    [one] { $count } subject
   *[other] { $count } subjects
}. Names are from the cited Regulation, or ours (of Watchline).

eurosur-origin = { $cite ->
    [none] ours
   *[other] { $cite }
}{ $ours ->
    [none] {""}
    [all] ; its values are ours
   *[other] ; ours: { $ours }
}
eurosur-attribute-kind = { $kind ->
    [choice] choice
    [text] text
    [count] whole number
    [number] number
    [country] country
    [countries] numbers by country
    [parts] numbers by part
    [time] time
    [month] month
   *[hash] SHA-256
}

# Attributes of reports by subject

eurosur-attribute = { $attribute ->
    [attempt] Attempt
    [manner] Manner
    [direction] Direction
    [last_embarkation] Last country of embarkation
    [destination] Country of destination
    [purpose] Purpose of the crossing
    [detected_during] Detected during
    [evasion] Attempts to evade border control
    [transport] Means of transport
    [persons] Persons
    [conduct] Facilitation or trafficking
    [facilitators] Facilitators or traffickers
    [crime] Kind of crime
    [goods_code] Code of the goods
    [quantity] Quantity
    [quantity_unit] Unit of the quantity
    [origin] Country of departure
    [phase] Emergency phase
    [persons_in_danger] Persons in danger
    [rescued] Persons rescued
    [missing] Persons missing
    [dead] Persons dead
    [children] Children among them
    [ended_at] End of the rescue (UTC)
    [hazard] Kind of crisis
    [craft] Craft or person
    [identification] Identification
    [suspicion] Reason for the report
    [identifier] Name or registration
    [month] Month
    [count] Number
    [crossing_point] Border crossing point
    [by_nationality] By nationality
    [by_origin] By country of origin
    [by_last_embarkation] By last country of embarkation
    [by_age] By age group
    [by_sex] By sex
    [by_refusal_reason] By reason for refusal
    [by_authorisation_reason] By reason for refusing or revoking the travel authorisation
    [same_identity] Refusals of the same persons with the same identity
    [several_identities] Refusals of the same persons with several identities
    [unaccompanied_minors] Unaccompanied minors
    [by_stay_reason] By reason
    [by_control] By kind of check
    [by_area] By area
    [warning] Subject of the warning
    [indicator] Indicator
    [asset] Type of asset
    [asset_status] Status of the asset
    [asset_count] Number of assets
    [area] Area of operation
    [operation] Operation
    [starts_at] Start (UTC)
    [ends_at] End (UTC)
    [assets] Assets of the plan
    [condition] Terrain or weather
    [basis] Observed or forecast
    [valid_at] Valid at (UTC)
    [temperature] Air temperature
    [wind_speed] Wind speed
    [wind_from] Wind direction (from)
    [visibility] Visibility
    [precipitation] Precipitation or fog
    [terrain] Terrain
    [product] Kind of product
    [title] Title
    [development] Development or indicator
    [section_level] Impact level of the section
    [since] Since (UTC)
    [imagery] Kind of geospatial product
    [acquired_at] Acquired at (UTC)
    [resolution] Resolution on the ground
    [file] File
    [sha256] SHA-256 of the file
    [asked] Sources asked
    [restriction] Restriction of use
    [answer_by] Answer by (UTC)
    [watched] Kind of entry
    [profile] Pattern or profile, and the reason
   *[response] Proposed response when detected
}
eurosur-choice = { $attribute ->
    [attempt] { $value ->
        [attempted] Attempted
       *[actual] Actual
    }
    [manner] { $value ->
        [overt] Overt
       *[clandestine] Clandestine
    }
    [direction] { $value ->
        [entry] Entry
        [exit] Exit
       *[unknown] Unknown
    }
    [detected_during] { $value ->
        [border_check] Border check
        [border_surveillance] Border surveillance
       *[other] Other
    }
    [transport] { $value ->
        [flight] Flight
        [vessel] Vessel
        [vehicle] Vehicle
        [train] Train
        [on_foot] On foot
       *[other] Other
    }
    [conduct] { $value ->
        [facilitation] Facilitation
       *[trafficking] Trafficking
    }
    [crime] { $value ->
        [goods] Illicit goods
        [firearms] Firearms
        [drugs] Drugs
        [vehicles] Stolen vehicles
        [documents] Document fraud
        [money] Cash
       *[other] Other
    }
    [phase] { $value ->
        [uncertainty] Uncertainty
        [alert] Alert
       *[distress] Distress
    }
    [hazard] { $value ->
        [natural] Natural disaster
        [health] Public health
        [accident] Accident
        [unrest] Unrest
        [infrastructure] Failure of infrastructure
       *[other] Other
    }
    [craft] { $value ->
        [vehicle] Vehicle
        [vessel] Vessel
        [aircraft] Aircraft
        [person] Person
       *[other] Other
    }
    [identification] { $value ->
        [unidentified] Unidentified
       *[suspect] Suspect
    }
    [suspicion] { $value ->
        [avoids_checks] Persons on board avoid border checks
        [cross_border_crime] Cross-border crime
        [lives_at_risk] Lives at risk
        [watchlist] On a watchlist
       *[request_for_information] Subject of a request for information
    }
    [warning] { $value ->
        [abnormal_change] Abnormal change
       *[pattern] Pattern or modus operandi
    }
    [indicator] { $value ->
        [refusals_of_entry] Refusals of entry
        [illegal_stays] Illegal stays
       *[other] Other
    }
    [asset] { $value ->
        [patrol] Patrol
        [vehicle] Vehicle
        [vessel] Vessel
        [aircraft] Aircraft
        [drone] Drone
        [sensor] Sensor
       *[other] Other
    }
    [asset_status] { $value ->
        [available] Available
        [deployed] Deployed
       *[unavailable] Not available
    }
    [condition] { $value ->
        [terrain] Terrain
       *[weather] Weather
    }
    [basis] { $value ->
        [observed] Observed
       *[forecast] Forecast
    }
    [precipitation] { $value ->
        [none] None
        [rain] Rain
        [snow] Snow
        [hail] Hail
       *[fog] Fog
    }
    [product] { $value ->
        [analytical_report] Analytical report
        [risk_assessment] Risk assessment
        [trend] Risk trend
       *[briefing_note] Briefing note
    }
    [development] { $value ->
        [development] Key development
       *[indicator] Indicator
    }
    [section_level] { $value ->
        [low] Low
        [medium] Medium
        [high] High
       *[critical] Critical
    }
    [imagery] { $value ->
        [imagery] Imagery
        [geodata] Geodata
        [change_detection] Change detection
       *[map] Map
    }
   *[watched] { $value ->
        [vessel] Vessel
        [aircraft] Aircraft
        [airfield] Airfield of departure
        [port] Port or anchorage of departure
       *[operator] Operator of vessels or aircraft
    }
}
eurosur-problem-attribute = { eurosur-attribute }: { $kind ->
    [choice] one of the list
    [text] 1 to 500 visible characters on one line
    [count] a whole number from 0
    [number] a number within the limits of the attribute
    [country] three capital letters (ICAO Doc 9303), such as CYP
    [countries] numbers by country, such as SYR 3, AFG 2
    [parts] numbers by part, such as adult 3, minor 2
    [time] a date and time in UTC
    [month] a month, such as 2026-03
    [hash] 64 hexadecimal digits in lower case
    [missing] a value is needed
   *[together] the value contradicts another: parts add up to the number, an end is not before its start, and nothing is later than “Known since”
}.
eurosur-attribute-form = { $kind ->
    [country] Three capital letters (ICAO Doc 9303), such as CYP
    [countries] Numbers by country, such as SYR 3, AFG 2
   *[parts] Numbers by part, such as adult 3, minor 2
}
