# La page de planification : deux dispositifs côte à côte, modifications sur la carte, tâches de fond.

planner-title = Planification Watchline : { $sector }
planner-what = Comparez deux dispositifs de capteurs. Aucune modification ici n’affecte les opérations en cours.
planner-loading = Chargement des dispositifs et de leur couverture…
planner-live-map = Carte en direct
planner-panel =
    .aria-label = Dispositifs et tâches
planner-left = Gauche
planner-right = Droite
planner-layout = Dispositif
planner-undo = Annuler les modifications
planner-save = Enregistrer en GeoJSON
planner-azimuth = Azimut (axe de visée)
planner-move =
    .aria-label = Déplacer de 50 m
planner-north = Nord
planner-south = Sud
planner-west = Ouest
planner-east = Est
planner-remove = Supprimer
planner-jobs = Tâches de fond
planner-job-list =
    .aria-label = Tâches
planner-compare = Comparer à coût égal
planner-budget = Budget (coût du cycle de vie, { $currency })
planner-objective = Maximiser
planner-objective-mean = la probabilité moyenne de détection
planner-objective-worst = la détection du segment le plus faible
planner-objective-path = la détection sur le trajet de détection minimale
planner-from-left = Partir du dispositif de gauche
planner-optimise = Optimiser le dispositif
planner-legend-title = Pd, personne à pied, exposition de 10 min, de jour
planner-legend-existing = Existant
planner-legend-added = Ajouté par le plan
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
planner-figures-sensors = { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}
planner-figures-relays = { $relays ->
    [one] { $relays } relais
   *[other] { $relays } relais
}
planner-figures-mean = Pd moyenne : { PERCENT($mean, digits: 1) }
planner-figures-worst = Segment le plus faible ({ $segment }) : Pd { PERCENT($worst, digits: 1) }
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
