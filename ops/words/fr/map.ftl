map-symbol = { $kind ->
    [radar] radar
    [camera] caméra
    [ground_sensor] capteur au sol
    [radio] radiogoniomètre
    [human] observateur
    [relay] relais radio
    [base] base de patrouille
    [alert] alerte
   *[other] autre
}
map-relief = Relief ombré du terrain
map-layer-dead-ground = Angles morts (sans ligne de vue)
map-layer-unknown-ground = Pas de données de terrain
map-layer-fields = Portée et champ des capteurs
map-layer-truth = Vérité terrain (simulation)
map-layer-tracks = Pistes
map-layer-border = Segments de la frontière
map-layer-bases = Bases de patrouille
map-layer-sensors = Capteurs
map-layer-alerts = Alertes
map-segment = Segment { $number }
map-outer-edge = Limite extérieure de la zone
map-zoom-in = Zoom avant
map-zoom-out = Zoom arrière

map-row-kind = Type
map-row-antenna-height = Hauteur d’antenne au-dessus du sol
map-row-range = Portée maximale
map-row-period = Période de balayage
map-row-availability = Disponibilité
map-row-chainage = Le long de la frontière

map-km-range = du km { DECIMAL($start, digits: 2) } au km { DECIMAL($end, digits: 2) }
map-place = segment { $number } (km { DECIMAL($start, digits: 1) } à { DECIMAL($end, digits: 1) })
map-place-in = segment { $number } (km { DECIMAL($start, digits: 1) } à { DECIMAL($end, digits: 1) }, { $section })
map-unknown = inconnu
map-number = { $value }
map-height = { HEIGHT($height) }

map-class-none = 0 : aucun capteur ne détecte
map-class-span = de { $low } à { $high }
map-class-span-required = de { $low } (exigence) à { $high }
map-class-change = { $low } à { $high }, variation
map-class-count = { $count }
map-class-count-more = { $count } ou plus
map-class-line-of-sight = en ligne de vue d’un capteur
map-class-dead-ground = angle mort (sans ligne de vue)
map-class-unknown = inconnu (données de terrain manquantes)
map-class-unknown-none = inconnu (aucun ici)
map-class-no-line-of-sight-person = angle mort : aucune ligne de vue sur une personne
map-class-response = en { $minutes } min au plus
map-border = frontière
map-belt = à { DISTANCE($belt) } de la frontière

map-not-in-browser = La carte nécessite JavaScript, entièrement inclus dans ce fichier.
map-legend = Légende
map-legend-of = { $title } :

# Vertical datum of a terrain
map-datum = { $datum ->
    [egm96-geoid] géoïde EGM96
    [egm2008-geoid] géoïde EGM2008
    [egm96-height] géoïde EGM96
    [egm2008-height] géoïde EGM2008
    [egm84-height] géoïde EGM84
    [unknown] inconnue
   *[other] { $name }
}
map-datum-ellipsoid = ellipsoïde de { $name }
