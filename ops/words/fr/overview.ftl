# Le secteur en bref, la zone de recherche et la solidité des indices.

overview-title = Le secteur en bref
overview-group = { $group ->
    [urgent] Le plus urgent
    [events] Prochains événements
    [sensors] Capteurs
    [coverage] Couverture
    [forces] Forces propres
   *[load] Situation
}
overview-row = { $row ->
    [incident] Incident
    [alert] Alerte
    [assigned] Affectation
    [not-covered] Non couvert
    [waiting] Non acquittés
    [next] Prévu
    [more] Autres
    [online] En ligne
    [dead-ground] Angle mort
    [unknown] Terrain inconnu
    [lost] Couverture perdue
    [on-duty] En service
    [help] Secours le plus proche
    [nearest-unit] Unité la plus proche
    [workload] Charge de travail
    [tracks] Pistes
   *[weather] Lumière et météo
}
overview-unknown = inconnu
overview-more = encore { $count }
overview-waiting = { $count ->
    [one] { $count } incident, depuis { DURATION($age) }
   *[other] { $count } incidents, le plus ancien depuis { DURATION($age) }
}
overview-what = { $time } : { $what }
overview-none-ahead = aucun connu d’ici { DURATION($time) }
overview-crossing = à la frontière dans { DURATION($time) } à la vitesse actuelle
overview-of = { $count } sur { $all }
overview-none-open = aucun ouvert
overview-none-lost = aucune perte signalée par une alerte ouverte
overview-lost = { $count ->
    [one] { $count } segment
   *[other] { $count } segments
}
overview-dead-ground = { PERCENT($share, digits: 0) } en angle mort
overview-chainage = km { DECIMAL($km, digits: 1) }
overview-no-terrain = { PERCENT($share, digits: 0) } sans données de terrain
overview-span = km { DECIMAL($from, digits: 1) }–{ DECIMAL($to, digits: 1) }
overview-duty = { $count ->
    [one] { $count } unité
   *[other] { $count } unités
} : { $assigned ->
    [one] { $assigned } affectée
   *[other] { $assigned } affectées
}, { $free ->
    [one] { $free } non affectée
   *[other] { $free } non affectées
}
overview-help = { $name }, { $time }
overview-tracks = { $count }, dont { $confirmed ->
    [one] { $confirmed } confirmée
   *[other] { $confirmed } confirmées
}
overview-weather = { $weather } (réglage, { $at })
overview-weather-word = { $word ->
    [day] jour
    [night] nuit
    [rain] pluie
    [fog] brouillard
    [haze] brume
    [humid] air humide
    [wind] vent fort
   *[other] { $word }
}

## Recherche

goto-region =
    .aria-label = Aller à
goto-input =
    .aria-label = Aller à un lieu, des coordonnées, un point kilométrique, une piste, un incident, un capteur ou une unité
    .placeholder = Aller à : lieu, MGRS, km…
    .title = Aller à (/)
goto-list =
    .aria-label = Résultats
goto-found = { $count ->
    [0] Aucun résultat dans ce secteur.
    [one] { $count } résultat
   *[other] { $count } résultats
}
goto-chainage = km { DECIMAL($km, digits: 2) }
goto-kind = { $kind ->
    [chainage] sur la frontière
    [mgrs] MGRS
    [lat-lon] lat, lon
    [incident] incident
    [track] piste
    [unit] unité
    [base] base de patrouille
    [sensor] capteur
    [section] section de frontière
    [segment] segment de frontière
    [settlement] localité
    [river] cours d’eau
   *[road] route
}

## Solidité des indices

certainty-title = Indices
certainty-line = { $level ->
    [strong] Indices solides : { $met ->
        [one] { $met } signe
       *[other] { $met } signes
    } sur { $all }
    [fair] Indices moyens : { $met ->
        [one] { $met } signe
       *[other] { $met } signes
    } sur { $all }
   *[weak] Indices faibles : { $met ->
        [one] { $met } signe
       *[other] { $met } signes
    } sur { $all }
}
certainty-sign = { $met ->
    [yes] Oui :
    [no] Non :
   *[unknown] Inconnu :
}
certainty-existence = existence { PROBABILITY($value) }
certainty-sensors = { $value ->
    [one] détecté par { $value } capteur
   *[other] détecté par { $value } capteurs
}
certainty-class = classe { $class ->
    [person] personne
    [group] groupe
    [vehicle] véhicule
    [animal] animal
   *[other] autre
} { PROBABILITY($probability) }
certainty-position = erreur de position ±{ $error } (95 %)
certainty-detection = { $look ->
    [confirmed] détecté en ce moment
    [tentative] détecté en ce moment, non confirmé
    [coasting] extrapolé : non détecté en ce moment
    [gone] piste terminée
   *[stale] sans détection depuis longtemps
}
certainty-unknown = { $sign ->
    [sensors] capteurs non communiqués
    [class] classe non déterminée
   *[position] erreur de position non communiquée
}

## Panneaux

panels-more = Plus
panels-related = Liens :
panels-menu =
    .aria-label = Menu
    .title = Menu
panels-vectors = Vecteurs { DURATION($time) }
panels-resize =
    .aria-label = { $panel ->
        [left] Largeur du panneau des incidents
       *[right] Largeur du panneau latéral
    }
    .title = Glisser, ou utiliser les flèches ; double-clic pour rétablir
panels-resize-value = { $width } px
