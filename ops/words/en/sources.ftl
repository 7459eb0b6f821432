# Sources of the data of the shipped catalogue, as a comparison cites them; the catalogue states them in English.

compare-catalogue-source = { $source ->
    [s-assumption] assumption
    [s-not-stated] not stated
    [s-monitored-from-the-control-room] monitored from the control room
    [s-assumption-5-to-20-of-the-price-per-year] assumption: 5 to 20% of the price per year
    [s-unattended] unattended
    [s-no-equipment] no equipment
    [s-in-the-total] in the total
    [s-in-the-price-of-the-flight-hour] in the price of the flight hour
    [s-in-the-monthly-price] in the monthly price
    [s-buried] buried
    [s-assumption-the-source-does-not-state-whether-the-monthly-price-includes-it] assumption; the source does not state whether the monthly price includes it
    [s-assumption-weather-and-maintenance-on-the-ground] assumption: weather and maintenance on the ground
    [s-assumption-one-operator-in-the-cab] assumption: one operator in the cab
    [s-assumption-height-of-flight] assumption: height of flight
    [s-98-ft-towers] 98 ft towers
    [s-98-ft-as-in-project-28-arizona-daily-star-to-120-ft] 98 ft as in Project 28 (Arizona Daily Star) to 120 ft
    [s-user-manuals-a-track-from-three-correlated-nodes-two-geophones-9-to-12-m-apart-give-direction] user manuals: a track from three correlated nodes, two geophones 9 to 12 m apart give direction
    [s-thermal-640-px-35-mm-12-um-person-detected-at-1458-m-recognised-at-365-m-vehicle-detected-at-4472-m-by-the-dri-formula] thermal 640 px, 35 mm, 12 um: person detected at 1458 m, recognised at 365 m, vehicle detected at 4472 m, by the DRI formula
    [s-replaced] replaced
    [s-not-stated-over-90-of-sensor-alarms-were-not-illegal-activity-oig-06-15] not stated; over 90% of sensor alarms were not illegal activity (OIG-06-15)
    [s-not-stated-separately-from-the-total] not stated separately from the total
    [s-it-reports-nothing-of-its-own] it reports nothing of its own
    [s-derived-168-h-per-week-divided-by-40-h-plus-leave-and-training] derived: 168 h per week divided by 40 h, plus leave and training
    [s-counted-as-crew] counted as crew
    [s-cadet-handout-clear-outline-at-300-m-a-wedge-at-600-m-taken-as-half-detected-at-600-m] cadet handout: clear outline at 300 m, a wedge at 600 m; taken as half detected at 600 m
    [s-assumption-the-earlier-system-was-below-0-5] assumption; the earlier system was below 0.5
    [s-assumption-sweep-width-from-a-wedge-at-300-m-either-side-by-day] assumption; sweep width from a wedge at 300 m either side by day
    [s-assumption-over-90-of-alarms-are-not-illegal-activity-oig-06-15] assumption; over 90% of alarms are not illegal activity (OIG-06-15)
    [s-assumption-contract-of-8-5-years] assumption; contract of 8.5 years
    [s-assumption-8-months-late] assumption; 8 months late
    [s-assumption-years-of-operation] assumption: years of operation
    [s-assumption-tripod-or-light-mast] assumption: tripod or light mast
    [s-assumption-tracks-of-animals-and-wind-that-reach-an-operator] assumption: tracks of animals and wind that reach an operator
    [s-assumption-three-nodes-must-agree] assumption: three nodes must agree
    [s-assumption-ten-nodes-and-a-relay] assumption: ten nodes and a relay
    [s-assumption-reliefs-attention] assumption: reliefs, attention
    [s-assumption-prices-availability-and-reach-of-data-relays-in-the-field-were-not-found-in-public-sources] assumption: prices, availability and reach of data relays in the field were not found in public sources
    [s-assumption-price-not-public] assumption: price not public
    [s-assumption-person-at-about-2-km-600-m-x-7-x-0-5] assumption: person at about 2 km, 600 m x 7 x 0.5
    [s-assumption-one-observer-at-times-two] assumption: one observer, at times two
    [s-assumption-on-an-existing-tower] assumption: on an existing tower
    [s-assumption-monitored-from-the-control-room] assumption: monitored from the control room
    [s-assumption-fraction-of-the-planned-hours] assumption: fraction of the planned hours
    [s-assumption-foundations-power-permits-not-counted] assumption: foundations, power, permits not counted
    [s-assumption-consumer-and-ranger-practice-no-public-figure] assumption: consumer and ranger practice; no public figure
    [s-assumption-classifies-before-it-reports] assumption: classifies before it reports
    [s-assumption-camera-tripod-shelter] assumption: camera, tripod, shelter
    [s-assumption-batteries-losses] assumption: batteries, losses
    [s-assumption-batteries-and-visits] assumption: batteries and visits
    [s-assumption-basic-kit-prices-and-crew-costs-were-not-found-in-public-sources] assumption: basic kit prices and crew costs were not found in public sources
    [s-assumption-attention-fades] assumption: attention fades
    [s-assumption-a-platform] assumption: a platform
    [s-assumption-a-person-looks-before-reporting] assumption: a person looks before reporting
    [s-assumption-a-line-of-ten-nodes-taken-as-a-circle] assumption: a line of ten nodes taken as a circle
    [s-assumption-a-light-fence-on-posts-and-lamps-no-vehicle-barrier] assumption: a light fence on posts and lamps, no vehicle barrier
    [s-assumption-50-m] assumption: 50 m
    [s-assumption-41-minutes-in-the-air-then-charge-one-pilot] assumption: 41 minutes in the air, then charge, one pilot
    [s-assumption-30-m] assumption: 30 m
    [s-integrated-fixed-towers-145-3-m-ceiling-for-65-towers-walking-person-5-to-8-miles-press-on-gao-reports-2014-21-split-radar-70-camera-30-assumed] Integrated Fixed Towers: $145.3 M ceiling for 65 towers, walking person 5 to 8 miles (press on GAO reports, 2014-21); split radar 70%, camera 30% assumed
    [s-integrated-fixed-towers-145-3-m-ceiling-for-65-towers-press-on-gao-reports-2014-21-split-radar-70-camera-30-assumed-ranges-by-the-dri-formula] Integrated Fixed Towers: $145.3 M ceiling for 65 towers (press on GAO reports, 2014-21); split radar 70%, camera 30% assumed; ranges by the DRI formula
    [s-creare-tn-804-2009-a-walker-farther-than-30-m-with-engine-noise-near-a-vehicle-at-100-m-is-an-assumption] Creare TN-804 (2009): a walker farther than 30 m with engine noise near; a vehicle at 100 m is an assumption
    [s-blighter-b202-walking-or-crawling-person-4-km-from-20-m-20-degrees-of-elevation-vendor-2009] Blighter B202: walking or crawling person 4 km, from 20 m, 20 degrees of elevation (vendor 2009)
    [s-autonomous-surveillance-tower-person-at-1-5-miles-vehicle-at-2-5-about-0-93-m-derived-trade-press-2020-21] Autonomous Surveillance Tower: person at 1.5 miles, vehicle at 2.5, about $0.93 M derived (trade press 2020-21)
    [s-33-ft-trade-press] 33 ft, trade press
    [s-mobile-surveillance-capability-8-to-12-km-0-79-to-0-85-m-each-derived-from-contract-notices] Mobile Surveillance Capability: 8 to 12 km, $0.79 to 0.85 M each, derived from contract notices
    [s-mobile-surveillance-system-under-half-of-44-units-working-at-a-time-programme-director] Mobile Surveillance System: under half of 44 units working at a time (programme director)
    [s-tactical-aerostat-about-400-000-per-month-about-1-000-ft-radar-75-miles-press-range-for-a-person-on-foot-assumed-far-less] Tactical aerostat: about $400,000 per month, about 1,000 ft, radar 75 miles (press); range for a person on foot assumed far less
    [s-tactical-aerostat-about-400-000-per-month-about-1-000-ft-camera-20-to-25-miles-grounded-by-wind-and-low-cloud-press] Tactical aerostat: about $400,000 per month, about 1,000 ft, camera 20 to 25 miles; grounded by wind and low cloud (press)
    [s-oig-15-17-12-255-per-flight-hour-the-operator-claimed-2-468-20-h-endurance] OIG-15-17: $12,255 per flight hour (the operator claimed 2,468), 20 h endurance
    [s-m30-41-minutes-23-m-s-vendor] M30: 41 minutes, 23 m/s (vendor)
    [s-remote-video-surveillance-requirement-person-at-3-miles-urban-5-rural-7-5-remote-cbp-request-for-information-price-not-public] Remote Video Surveillance requirement: person at 3 miles urban, 5 rural, 7.5 remote (CBP request for information); price not public
    [s-assumption-about-150-posts-on-180-5-km-of-the-cyprus-buffer-zone-in-1975-dorn] assumption; about 150 posts on 180.5 km of the Cyprus buffer zone in 1975 (Dorn)
    [s-2-000-of-8-766-h] 2,000 of 8,766 h
    [s-press-over-429-m-since-1997-cameras-and-sensors-not-linked-about-5-of-the-border-covered] press: over $429 M since 1997; cameras and sensors not linked; about 5% of the border covered
    [s-arizona-daily-star-2007-08-20-6-m-28-miles-accepted-8-months-late-then-replaced] Arizona Daily Star 2007/08: $20.6 M, 28 miles, accepted 8 months late, then replaced
    [s-2-000-h-at-the-operator-s-claim-and-at-the-inspector-s-figure] 2,000 h at the operator's claim and at the inspector's figure
    [s-gao-10-340-footprint-cut-from-655-to-387-miles-performance-deemed-acceptable-with-under-50-of-items-of-interest-identified] GAO-10-340: footprint cut from 655 to 387 miles; performance deemed acceptable with under 50% of items of interest identified
    [s-gao-12-22-about-1-bn-for-53-miles-18-9-m-per-mile-derived] GAO-12-22: about $1 bn for 53 miles, $18.9 M per mile (derived)
    [s-387-miles-first-planned-655] 387 miles; first planned 655
   *[other] { $text }
}
