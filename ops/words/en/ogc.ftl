# The pages of OGC API – Features, and the titles of its collections.

ogc-title = Watchline { $sector }: OGC API – Features
ogc-description = The picture of sector { $sector } for geographic information systems: read only, for people and programs with a login.
ogc-path = Path
ogc-collections = Collections
ogc-features = Features
ogc-properties = Properties
ogc-systems = Coordinate reference systems
ogc-conformance = Conformance classes
ogc-openapi = Description of the API
ogc-as-json = As JSON
ogc-previous = Previous page
ogc-next = Next page
ogc-shown = { $count ->
    [one] { $count } feature
   *[other] { $count } features
} of { $matched }
ogc-collection = { $collection ->
    [tracks] Tracks
    [incidents] Incidents
    [alerts] Alerts
    [units] Units
    [sensors] Sensors
    [segments] Border segments
   *[coverage] Coverage cells
}
ogc-collection-description = { $collection ->
    [tracks] Every live track at the newest picture, with position error (one standard deviation), class and course.
    [incidents] Incidents in their newest revision: first those that are not closed, at most 5,000.
    [alerts] Alerts in their newest revision, the latest raised first, at most 5,000.
    [units] Own units at their last position, with its time, duty state and base.
    [sensors] Every sensor of the layout with its state and faults.
    [segments] The segments of the border, with the fraction of dead ground in the belt of each.
   *[coverage] Detection probability by the working sensors, averaged over square cells of the terrain.
}
