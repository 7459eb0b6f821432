coverage-summary = { PERCENT($covered, digits: 1) } de la surface à moins de { DISTANCE($belt) } de la frontière atteint Pd ≥ { $required } ({ $target }, { DURATION($exposure) }). Angles morts : { PERCENT($dead, digits: 1) }. Inconnu et non compris : { PERCENT($unknown, digits: 1) }.
coverage-summary-unknown = La couverture est inconnue sur toute la surface à moins de { DISTANCE($belt) } de la frontière : données de terrain manquantes.
coverage-gap = La plus grande lacune est au { $place } : { PERCENT($gap, digits: 1) } de sa surface n’atteint pas l’exigence.
coverage-gap-none = Chaque segment connu atteint l’exigence sur toute sa surface.
coverage-gap-unknown = L’emplacement de la plus grande lacune ne peut pas être connu.
coverage-progress-sensors = capteurs
coverage-progress-files = fichiers

coverage-condition = { $name ->
    [day] jour
    [night] nuit
    [haze] brume
    [fog] brouillard
    [rain] pluie
    [humid] forte humidité
    [wind] vent
   *[other] { $name }
}

coverage-links-unchecked = { $reason ->
    [no_bases] Les liaisons n’ont pas été vérifiées et tous les capteurs sont pris en compte : le secteur n’a pas de base.
   *[off_terrain] Les liaisons n’ont pas été vérifiées et tous les capteurs sont pris en compte : aucune base du secteur n’est sur le terrain.
}
coverage-links-complete = Chaque capteur a une liaison avec une base.
coverage-links-missing = { $count ->
    [one] { $count } capteur ou relais n’a aucune liaison avec une base et est exclu : { $names }.
   *[other] { $count } capteurs et relais n’ont aucune liaison avec une base et sont exclus : { $names }.
}
coverage-links-remedy = Pour trouver des sites de relais, lancez `watchline plan --start LAYOUT --item radio_relay`, ou indiquez `reports_by` dans le dispositif.
coverage-links-by-hand = { $count ->
    [one] { $count } capteur rend compte par messager, avec retard : { $names }.
   *[other] { $count } capteurs rendent compte par messager, avec retard : { $names }.
}
coverage-bases = { $origin ->
    [sector] L’intervention part de { $count ->
        [one] { $count } base
       *[other] { $count } bases
    } du secteur.
    [example] Le secteur n’a pas de base sur le terrain. Une base d’exemple en terrain plat derrière la frontière est supposée.
   *[none] Le secteur n’a pas de base sur le terrain, et aucun emplacement n’a été trouvé pour une base d’exemple.
}

coverage-off-terrain-line = { DISTANCE($length) } de frontière se trouvent hors du terrain et sont exclus.
coverage-off-terrain-belt = { PERCENT($fraction, digits: 1) } de la surface à moins de { DISTANCE($belt) } de la frontière se trouve hors du terrain et est exclue de tous les chiffres.
coverage-frame = Dans le système { $frame }, les distances le long de la frontière s’écartent des distances au sol de { PERCENT($scale, digits: 3) } au plus et les angles de { DECIMAL($angle, digits: 2) }° au plus.

coverage-ground-kind = { $kind ->
    [roads] routes
    [rivers] cours d’eau
    [fords] gués
    [land_cover] occupation du sol
    [canopy_height] hauteur de canopée
   *[other] { $kind }
}
coverage-ground-lines = { coverage-ground-kind } ({ $file }, { $count ->
    [one] { $count } objet
   *[other] { $count } objets
})
coverage-ground-layer = { coverage-ground-kind } ({ $file })
coverage-ground-bare = altitude seule ; non disponible : { $missing }
coverage-ground-partial = altitude, { $used } ; non disponible : { $missing }
coverage-ground-complete = altitude, { $used }

coverage-map-pd = Pd cumulée, tous capteurs
coverage-map-pd-reading = Probabilité cumulée d’au moins une détection ; chaque capteur est en service ou hors service pendant tout le temps d’exposition, selon sa disponibilité. Les non-détections sont supposées indépendantes, ce qui est optimiste : comparez avec la carte du meilleur capteur seul.
coverage-map-best = Pd cumulée du meilleur capteur seul
coverage-map-best-reading = Probabilité cumulée de détection par le meilleur capteur seul, tous les capteurs en service. Aucune indépendance n’est supposée.
coverage-map-count = Nombre de capteurs capables de détecter
coverage-map-count-reading = Capteurs avec une ligne de vue dégagée et un taux de détection supérieur à 0 dans ces conditions, tous en service.
coverage-map-dead = Angles morts du dispositif
coverage-map-dead-reading = Terrain sans ligne de vue vers aucun capteur, quel que soit le temps. Une ligne de vue seule n’est pas une détection.

coverage-map-heading = { $title } : { $target }, { $conditions }, temps d’exposition { DURATION($exposure) }
coverage-map-subheading = { $sector }, dispositif { $layout }, { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}
coverage-map-footer = Référence des altitudes : { $datum } ; mailles de { DECIMAL($cell, digits: 0) } m ; { $canopy ->
    [yes] canopée d’après les données de terrain
   *[no] sol nu, sans arbres ni bâtiments
}. Nord de la grille. Watchline { $version }.

coverage-page-eyebrow = Couverture Watchline
coverage-page-title = Couverture : { $sector }
coverage-page-about = Dispositif { $layout }, { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}. Cible : { $target }. Conditions : { $conditions }. Temps d’exposition : { DURATION($exposure) }. Pd exigée : { $required }. Surface : à moins de { DISTANCE($belt) } de la frontière.
coverage-page-map = Carte
coverage-page-map-hint = Cliquez ou touchez la frontière ou un symbole pour les détails. Le bouton en haut à droite choisit les couches.
coverage-page-limits = Limites
coverage-heading-figures = Chiffres
coverage-formula = Couvert = mailles dont la Pd cumulée (tous capteurs) atteint la Pd exigée ÷ mailles où cela est décidé. Lacune = 1 − couvert. Angles morts = mailles sans ligne de vue d’un capteur ÷ mailles où cela est connu. Inconnu = mailles indécises ÷ toutes les mailles.
coverage-table-belt = Toute la surface
coverage-table-gaps = Les segments aux plus grandes lacunes
coverage-column-side = côté de la frontière
coverage-column-covered = couvert
coverage-column-dead = angles morts
coverage-column-unknown = inconnu
coverage-column-cells = mailles
coverage-column-segment = segment
coverage-column-gap = lacune
coverage-column-mean = Pd moyenne
coverage-side = { $side ->
    [both] les deux côtés
    [home] côté national
   *[away] autre côté
}
coverage-value-fraction = { PERCENT($value, digits: 1) }
coverage-value-count = { DECIMAL($value, digits: 0) }
coverage-page-independence = Les non-détections de capteurs et de balayages différents sont supposées indépendantes. Masquage, posture, végétation et météo communs rendent les non-détections réelles simultanées ; les valeurs combinées sont donc optimistes : comparez avec le meilleur capteur seul.
coverage-page-colophon = Référence des altitudes : { $datum } ; mailles de { DECIMAL($cell, digits: 0) } m ; { $canopy ->
    [yes] canopée d’après les données de terrain
   *[no] sol nu, sans arbres ni bâtiments
}. Watchline { $version }. Carte : Leaflet (BSD 2-Clause), dessinée avec folium.
coverage-shades = Part de la surface du segment avec une lacune de couverture :
coverage-shade = { PERCENT($low) } à { PERCENT($high) }
coverage-shade-unknown = inconnu
coverage-row-covered = Surface qui atteint l’exigence
coverage-row-dead = Angles morts
coverage-row-unknown = Inconnu
coverage-row-mean = Pd cumulée moyenne
coverage-row-mean-best = Moyenne, meilleur capteur seul, en service

coverage-value-metres = { $value } m
coverage-value-distance = { DISTANCE($value) }
coverage-value-seconds = { $value } s
coverage-value-percent = { PERCENT($value) }
coverage-value-probability = { DECIMAL($value, digits: 2) }
coverage-value-area = { DECIMAL($value, digits: 2) } km²
coverage-row-least = Pd cumulée la plus faible
coverage-row-area = Surface évaluée
