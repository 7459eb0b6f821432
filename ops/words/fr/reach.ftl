# Ce qu’une unité de terrain peut atteindre en partant maintenant, pour sa liste.
reach-in-time = { DISTANCE($distance_m) } { compass } ({ $degrees }°), à { DURATION($travel_s) }. À temps : { DURATION($margin_s) } de marge (±{ DURATION($sd_s) }).
reach-late = { DISTANCE($distance_m) } { compass } ({ $degrees }°), à { DURATION($travel_s) }. Trop tard de { DURATION($margin_s) } (±{ DURATION($sd_s) }).
reach-there = { DISTANCE($distance_m) } { compass } ({ $degrees }°), à { DURATION($travel_s) }.
reach-none = { DISTANCE($distance_m) } { compass } ({ $degrees }°). Aucun chemin de votre côté de la frontière.
reach-unknown = { DISTANCE($distance_m) } { compass } ({ $degrees }°). Chemin inconnu de votre côté de la frontière : au mieux par un terrain inconnu.
reach-dead-ground = Zone masquée : aucune visibilité directe depuis votre position.
reach-river = Un cours d’eau se trouve entre les deux.
reach-slope = Pentes jusqu’à { $degrees }°.
reach-rise =
    { $which ->
        [up] { HEIGHT($height_m) } au-dessus de votre position.
       *[down] { HEIGHT($height_m) } au-dessous de votre position.
    }
