# La page de planification : deux dispositifs côte à côte, modifications sur la carte, tâches de fond.

planner-title = Planification Watchline : { $sector }
planner-live-map = Carte en direct
planner-panel =
    .aria-label = Dispositifs et tâches
planner-left = Gauche
planner-right = Droite
planner-azimuth = Azimut (axe de visée)
planner-move =
    .aria-label = Déplacer de 50 m
planner-north = Nord
planner-south = Sud
planner-west = Ouest
planner-east = Est
planner-jobs = Tâches de fond
planner-job-list =
    .aria-label = Tâches
planner-compare = Comparer à coût égal
planner-compared = Comparaison à coût égal : mesures des deux dispositifs
planner-budget = Budget (coût du cycle de vie, { $currency })
planner-objective = Maximiser
planner-objective-mean = la probabilité moyenne de détection
planner-objective-worst = la détection du segment le plus faible
planner-objective-path = la détection sur le trajet de détection minimale
planner-from-left = Partir du dispositif de gauche
planner-optimise = Optimiser le dispositif
planner-legend-radar = Radar
planner-legend-camera = Caméra
planner-legend-observer = Observateur
planner-legend-ground-sensor = Capteur au sol
planner-legend-added = Ajouté
planner-legend-relay = Relais
planner-legend-unlinked = Sans liaison avec une base
planner-legend-unknown = Inconnu : pas de données de terrain
planner-legend-probability = { PERCENT($low) } à { PERCENT($high) }
planner-maps =
    .aria-label = Cartes
planner-swipe = Rideau
planner-swipe-bar =
    .aria-label = Rideau entre le dispositif de gauche et celui de droite
planner-map = { $side ->
    [a] Carte du dispositif de gauche
   *[b] Carte du dispositif de droite
}
planner-edited = { $layout } (modifié)
planner-kept-gone = { $side ->
    [a] Le plan qui était affiché à gauche n’est plus conservé, ni ses modifications.
   *[b] Le plan qui était affiché à droite n’est plus conservé, ni ses modifications.
}
planner-figures-unlinked = { $count ->
    [one] { $count } capteur n’a aucune liaison avec une base et est exclu. Un relais peut aider.
   *[other] { $count } capteurs n’ont aucune liaison avec une base et sont exclus. Des relais peuvent aider.
}
planner-kind = { $kind ->
    [radar] radar
    [camera] caméra
    [ground_sensor] capteur au sol
    [radio] radiogoniomètre
    [human] observateur
    [relay] relais
   *[other] { $kind }
}
planner-pin = { planner-kind } { $sensor }
planner-turn = Orienter
planner-turn-of = Orienter { $sensor }
planner-sensor = { $relay ->
    [yes] { $item }, liaison jusqu’à { DISTANCE($range) }
   *[no] { $item }, portée jusqu’à { DISTANCE($range) }
}
planner-job = { $kind ->
    [compare] Comparaison
    [plan] Plan de dispositif
   *[other] { $kind }
}
planner-job-state = { $state ->
    [queued] en attente
    [running] en cours
    [done] résultat prêt
    [cancelled] annulation
   *[failed] échec
}
planner-job-title = { planner-job } : { planner-job-state }
planner-job-doing = { planner-job-title }, { planner-doing }
planner-doing = { $doing ->
    [candidates] évaluation des sites possibles
    [choosing] choix des sites
    [layouts] évaluation des dispositifs
    [samples] tirages de Monte-Carlo
    [front] recherche de plans moins coûteux
    [report] rédaction du rapport
   *[other] { $doing }
}
planner-progress =
    .aria-label = Avancement
planner-cancel = Annuler
planner-show-left = Afficher à gauche
planner-show-right = Afficher à droite
planner-plan = Plan { $number } : { $items }
planner-plan-short = Plan { $number }
planner-item = { $count } × { $item }
planner-no-items = aucun ajout
planner-answer = Ajouter { $items } pour { DECIMAL($cost) } { $currency }. { planner-answer-objective } : { PERCENT($without, digits: 1) } → { PERCENT($value, digits: 1) }, { planner-answer-gap }.
planner-answer-objective = { $objective ->
    [worst_segment] Pd du segment le plus faible, pannes comprises
    [least_detection] Pd sur le trajet de détection minimale, tous les capteurs en service
   *[mean_probability] Pd moyenne, pannes comprises
}
planner-answer-gap = { $optimal ->
    [yes] optimum
   *[no] à moins de { PERCENT($gap, digits: 1) } de l’optimum
}
planner-no-layout = Le secteur n’a aucun dispositif.
planner-refused-closing = Le planificateur se ferme.
planner-refused-full = { $count } tâches sont déjà en attente. Annulez-en une ou patientez.
planner-failed-no-answer = Le processus du planificateur s’est arrêté sans réponse. Réessayez ; en cas d’échec, appelez l’administrateur (le journal technique du serveur en donne la cause).

## Édition, chiffres et équipement

planner-what = Concevez et comparez deux dispositifs de capteurs. Aucune modification ici n’affecte les opérations en cours.
planner-loading = Chargement du terrain et des dispositifs…
planner-busy = Calcul de la couverture…
planner-no-webgl = Ce navigateur ne peut pas dessiner les cartes de planification : WebGL 2 est absent ou désactivé.
planner-target = Cible
planner-target-person = Personne à pied
planner-target-group = Groupe à pied
planner-target-vehicle = Véhicule
planner-conditions = Conditions
planner-conditions-day = Jour
planner-conditions-night = Nuit
planner-conditions-day-fog = Jour, brouillard
planner-conditions-night-fog = Nuit, brouillard
planner-conditions-day-rain = Jour, pluie
planner-conditions-night-rain = Nuit, pluie
planner-conditions-wind = Jour, vent fort
planner-figures = Couverture et coût des deux dispositifs
planner-row-sensors = Capteurs + relais
planner-row-mean = Pd moyenne
planner-row-worst = Segment le plus faible : Pd
planner-row-price = Achat, { $currency }
planner-row-cycle = Coût du cycle de vie, { $years } ans, { $currency }
planner-row-crew = Effectif en service
planner-cell-sensors = { $sensors } + { $relays }
planner-cell-percent = { PERCENT($value, digits: 1) }
planner-cell-segment = n° { $segment }
planner-cell-amount = { DECIMAL($value) }
planner-crew = { $whole ->
    [yes] { DECIMAL($crew) }
   *[no] { DECIMAL($crew, digits: 1) }
}
planner-crew-change = { $whole ->
    [yes] { DECIMAL($crew, sign: 1) }
   *[no] { DECIMAL($crew, digits: 1, sign: 1) }
}
planner-change = { DECIMAL($difference, sign: 1) }
planner-change-points = { DECIMAL($points, digits: 1, sign: 1) } pt
planner-tab-equipment = Équipement
planner-tab-sensor = Capteur
planner-equipment-none = Aucun article ne correspond.
planner-equipment-unit = Prix d’achat et, dessous, coût du cycle de vie sur { $years } ans en { $currency }. Choisissez un article, puis cliquez sur la carte ; ou faites-le glisser.
planner-place-hint = Cliquez sur la carte pour placer : { $item }. Échap annule.
planner-sensor-none = Sélectionnez un capteur sur la carte, ou ajoutez-en un depuis la liste d’équipement.
planner-sensor-cost = Achat { $price } { $currency }, coût du cycle de vie { DECIMAL($cost) } { $currency } sur { $years } ans, effectif { planner-crew }
planner-name = Nom
planner-duplicate = Dupliquer
planner-remove = Supprimer
planner-keys = Touches sur un capteur : les flèches le déplacent de 50 m (avec Maj 500 m), R l’oriente, D le duplique, Suppr le supprime. Ctrl+Z annule, Ctrl+Maj+Z rétablit.
planner-legend-in-hand = Visibilité du capteur en cours de déplacement
planner-undo-a =
    .aria-label = Annuler : dispositif de gauche
    .title = Annuler : dispositif de gauche
planner-undo-b =
    .aria-label = Annuler : dispositif de droite
    .title = Annuler : dispositif de droite
planner-redo-a =
    .aria-label = Rétablir : dispositif de gauche
    .title = Rétablir : dispositif de gauche
planner-redo-b =
    .aria-label = Rétablir : dispositif de droite
    .title = Rétablir : dispositif de droite
planner-discard-a =
    .aria-label = Abandonner toutes les modifications : dispositif de gauche
    .title = Abandonner toutes les modifications : dispositif de gauche
planner-discard-b =
    .aria-label = Abandonner toutes les modifications : dispositif de droite
    .title = Abandonner toutes les modifications : dispositif de droite
planner-save-a =
    .aria-label = Enregistrer en GeoJSON : dispositif de gauche
    .title = Enregistrer en GeoJSON : dispositif de gauche
planner-save-b =
    .aria-label = Enregistrer en GeoJSON : dispositif de droite
    .title = Enregistrer en GeoJSON : dispositif de droite
planner-edits-a =
    .aria-label = Modifications du dispositif de gauche
planner-edits-b =
    .aria-label = Modifications du dispositif de droite
planner-tabs =
    .aria-label = Édition et tâches
planner-equipment =
    .aria-label = Équipement à placer
planner-equipment-search =
    .aria-label = Rechercher un équipement
    .placeholder = Rechercher un équipement
planner-zoom-home =
    .aria-label = Afficher toute la frontière
    .title = Afficher toute la frontière
planner-grid =
    .aria-label = Carroyage MGRS
    .title = Carroyage MGRS
planner-note = { $side ->
    [a] Gauche : { $note }
   *[b] Droite : { $note }
}
planner-said = { $side ->
    [a] Gauche : Pd moyenne { PERCENT($mean, digits: 1) }, coût du cycle de vie { DECIMAL($cost) }
   *[b] Droite : Pd moyenne { PERCENT($mean, digits: 1) }, coût du cycle de vie { DECIMAL($cost) }
}
planner-name-problem = { $wrong ->
    [taken] Un autre capteur porte ce nom.
   *[unusable] Un nom a de 1 à 64 caractères sans +, # ni /, et aucune espace aux extrémités.
}
planner-legend-title = Pd, { $target ->
    [group] groupe à pied
    [vehicle] véhicule
   *[person] personne à pied
}, exposition de 10 min, { $conditions ->
    [night] de nuit
    [day-fog] de jour, brouillard
    [night-fog] de nuit, brouillard
    [day-rain] de jour, pluie
    [night-rain] de nuit, pluie
    [wind] de jour, vent fort
   *[day] de jour
}

## Résultats en images

planner-results =
    .aria-label = Résultats
planner-result-tabs =
    .aria-label = Résultats affichés
planner-front = Coût et couverture
planner-front-card =
    .aria-label = Coût et couverture
planner-front-measure =
    .aria-label = Mesure de la couverture
planner-front-mean = Pd moyenne
planner-front-worst = segment le plus faible
planner-front-chart =
    .aria-label = Coût du cycle de vie et couverture des dispositifs ; la ligne relie ceux qu’aucun autre ne surpasse
planner-front-axis = Coût du cycle de vie, millions { $currency }
planner-front-cost = { $digits ->
    [0] { DECIMAL($cost) }
    [1] { DECIMAL($cost, digits: 1) }
   *[2] { DECIMAL($cost, digits: 2) }
}
planner-front-value = { $digits ->
    [0] { PERCENT($value) }
   *[1] { PERCENT($value, digits: 1) }
}
planner-front-side = { $side ->
    [a] { planner-left } (modifié)
   *[b] { planner-right } (modifié)
}
planner-front-point = { $layout } : { $measure ->
    [worst] segment le plus faible
   *[mean] Pd moyenne
} { PERCENT($value, digits: 1) }, coût du cycle de vie { DECIMAL($cost, digits: 2) } millions{ $best ->
    [yes] { ", non dominé" }
   *[no] { "" }
}
planner-front-plan = Plan { $number }, étape { $step }
planner-front-plan-title = { $plan } : { $items }
planner-front-without = { $count ->
    [one] { $count } dispositif n’est pas affiché : prix inconnu.
   *[other] { $count } dispositifs ne sont pas affichés : prix inconnu.
}
planner-worst = Pires segments
planner-worst-card =
    .aria-label = Segments les plus faibles
planner-worst-of =
    .aria-label = Dispositif classé
planner-worst-list =
    .aria-label = Segments dont la Pd moyenne est la plus faible ; le repère sur une barre est l’autre dispositif
planner-worst-where = { $segment } · km { DECIMAL($start, digits: 1) }–{ DECIMAL($end, digits: 1) }
planner-gain = Gain et perte
planner-gain-card =
    .aria-label = Gain et perte
planner-change-of =
    .aria-label = Dispositifs comparés
planner-change-of-sides = droite face à gauche
planner-change-of-a = modifications à gauche
planner-change-of-b = modifications à droite
planner-change-on = Afficher sur la carte
planner-change-chart =
    .aria-label = Variation de la Pd moyenne de chaque segment le long de la frontière, en points de pourcentage
planner-change-says = +{ DECIMAL($gained, digits: 1) } km², −{ DECIMAL($lost, digits: 1) } km² d’au moins 5 pt près de la frontière
planner-change-legend-title = Variation de la Pd en points de pourcentage (pt), { $of ->
    [a] modifications à gauche
    [b] modifications à droite
   *[sides] droite par rapport à gauche
}
planner-legend-change = { DECIMAL($low, sign: 1) } à { DECIMAL($high, sign: 1) } pt
planner-report = Rapport
planner-report-of = { $kind ->
    [compare] Rapport : comparaison { $number }
   *[plan] Rapport : plan { $number }
}
planner-report-none = Comparez ou optimisez pour obtenir un rapport.
planner-more = Détails
planner-own-side = Sites du côté national seulement
planner-at-least = { $known ->
    [yes] ≥ { $value }
   *[no] inconnu
}
planner-no-price = { $leased ->
    [yes] location
   *[no] aucun
}
planner-sensor-unpriced = Prix inconnu : n’est pas un article du catalogue d’équipement.
planner-figures-unlisted = { $count ->
    [one] { $count } capteur n’est pas dans le catalogue d’équipement : prix et effectif inconnus.
   *[other] { $count } capteurs ne sont pas dans le catalogue d’équipement : prix et effectif inconnus.
}
