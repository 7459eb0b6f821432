# What a field unit reaches if it leaves now, for its list.
reach-in-time = { DISTANCE($distance_m) } { compass } ({ $degrees }°), { DURATION($travel_s) } away. In time: { DURATION($margin_s) } to spare (±{ DURATION($sd_s) }).
reach-late = { DISTANCE($distance_m) } { compass } ({ $degrees }°), { DURATION($travel_s) } away. Too late by { DURATION($margin_s) } (±{ DURATION($sd_s) }).
reach-there = { DISTANCE($distance_m) } { compass } ({ $degrees }°), { DURATION($travel_s) } away.
reach-none = { DISTANCE($distance_m) } { compass } ({ $degrees }°). No path on your side of the border.
reach-unknown = { DISTANCE($distance_m) } { compass } ({ $degrees }°). Path on your side of the border unknown: at best over unknown terrain.
reach-dead-ground = Dead ground: no line of sight from your position.
reach-river = A river lies between.
reach-slope = Slopes of up to { $degrees }°.
reach-rise =
    { $which ->
        [up] { HEIGHT($height_m) } above your position.
       *[down] { HEIGHT($height_m) } below your position.
    }
