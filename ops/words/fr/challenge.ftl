challenge-headline = 
    Lacunes de couverture, { $gaps ->
        [one] { $gaps } segment
       *[other] { $gaps } segments
    } sur { $segments } : Pd de franchissement inférieure à { $required }.
challenge-headline-none = Aucune lacune de couverture : la Pd de franchissement est d’au moins { $required } sur chaque segment connu.
challenge-headline-all-unknown = Lacunes de couverture inconnues : la Pd de franchissement est inconnue sur chaque segment franchissable.
challenge-headline-unknown = Pd de franchissement inconnue sur { $unknown ->
    [one] { $unknown } segment
   *[other] { $unknown } segments
}.
challenge-barrier = Résilience de la barrière k = { $k }.
challenge-barrier-bounds = La résilience de la barrière k est d’au moins { $low } et d’au plus { $high } : la ligne de vue d’un capteur est inconnue.
challenge-barrier-unknown = La résilience de la barrière est inconnue.
challenge-barrier-caution = La Pd de franchissement la plus faible n’est pourtant que de { DECIMAL($least, digits: 2) } : k compte les empreintes des capteurs, non les détections.
challenge-progress-movement = routes et intervention
challenge-progress-sections = sous-sections
challenge-progress-files = fichiers

challenge-path = { $kind ->
    [minimum_detection] trajet de détection minimale
    [minimum_time] trajet de temps minimal
   *[most_vulnerable] trajet le plus vulnérable
}
challenge-path-title = { $kind ->
    [minimum_detection] Trajet de détection minimale
    [minimum_time] Trajet de temps minimal
   *[most_vulnerable] Trajet le plus vulnérable
}
challenge-score = { $score ->
    [crossing_ease] Facilité de franchissement
    [surveillance_difficulty] Difficulté de surveillance
   *[response_difficulty] Difficulté d’intervention
}
challenge-direction = { $direction ->
    [inward] entrant
   *[outward] sortant
}
challenge-mover = { $mover ->
    [walker] à pied
   *[vehicle] en véhicule
}
challenge-state = { $state ->
    [unreachable] franchissement impossible
    [unknown] inconnu
   *[crossed] franchissement possible
}
challenge-of-segment = segment { $number }
challenge-never = jamais
challenge-value-minutes = { DECIMAL($value, digits: 0) } min
challenge-value-metres = { DECIMAL($value, digits: 0) } m
challenge-value-km = { DECIMAL($value, digits: 2) } km
challenge-value-percent = { PERCENT($value) }
challenge-value-count = { DECIMAL($value, digits: 0) }
challenge-value-count-bounds = { DECIMAL($low, digits: 0) } à { DECIMAL($high, digits: 0) }
challenge-value-at-least = au moins { $value }
challenge-value-band = { DECIMAL($value, digits: 2) } ({ DECIMAL($low, digits: 2) }–{ DECIMAL($high, digits: 2) })
challenge-value-ratio = { $part } sur { $whole }

challenge-record-known-terrain = Part de la surface dont le terrain est connu
challenge-record-dead-ground-any-layout = Angles morts pour tout dispositif, cibles de { DECIMAL($height, digits: 1) } m
challenge-record-least-crossing-time = Temps de franchissement le plus court
challenge-record-uncrossable = Segments infranchissables
challenge-record-median-response = Délai d’intervention médian des segments
challenge-record-outside-reference = Segments hors de la table de référence : { $score }
challenge-record-composite-correlation = Indice composite : corrélation de rang la plus faible
challenge-record-composite-stable = Indice composite : part du premier décile qui y reste
challenge-record-gap-segments = Segments dont la Pd de franchissement est inférieure à { $required }
challenge-record-gap-length = Longueur de frontière dont la Pd de franchissement est inférieure à { $required }
challenge-record-unknown-segments = Segments dont la Pd de franchissement est inconnue
challenge-record-least-detection = Pd de franchissement la plus faible
challenge-record-least-interruption = Probabilité d’interruption la plus faible
challenge-record-path-time = Temps de franchissement, { $path }
challenge-record-path-detection = Pd, { $path }
challenge-record-path-interruption = Probabilité d’interruption, { $path }
challenge-record-path-confirmed = Probabilité d’une piste confirmée, { $path }
challenge-record-dead-ground-layout = Angles morts de ce dispositif
challenge-record-covered = Surface où Pd cumulée ≥ { $required } (temps d’exposition { DURATION($exposure) })
challenge-record-resilience = Résilience de la barrière k
challenge-record-contribution = Contribution marginale (perte moyenne de Pd sans le capteur)
challenge-record-opened = Part des segments où sa perte ouvre une lacune de couverture

challenge-interval-census = aucun : tous les cas sont comptés, aucun n’est échantillonné
challenge-interval-phase = phase aléatoire des balayages : bornes basse et haute
challenge-interval-samples = 5 % à 95 % des tirages de Monte-Carlo des erreurs d’altitude
challenge-interval-samples-outside = 5 % à 95 % des tirages de Monte-Carlo des erreurs d’altitude ; la valeur est en dehors, car ces erreurs décalent la mesure en moyenne (biais)
challenge-interval-by-segment = aucun pour toute la frontière ; les intervalles de chaque segment sont dans records_by_segment.parquet
challenge-interval-not-sampled = aucun : les erreurs d’altitude n’ont pas été tirées
challenge-interval-uncrossable = aucun : dans certains tirages, aucun franchissement n’est possible ou le terrain est inconnu
challenge-interval-one-path = aucun : un seul trajet
challenge-interval-wilson = intervalle de Wilson à 95 % des franchissements simulés
challenge-interval-strips = sensibilité au nombre de bandes : { $strips }, la moitié et le double ; ce n’est pas un intervalle de confiance
challenge-interval-strips-unknown = aucun : inconnu pour un nombre de bandes
challenge-interval-sight = bornes : les lignes de vue inconnues comptent pour nulles, puis pour acquises
challenge-interval-none = aucun : { $reason }

challenge-limit-no-bases = Le secteur n’a pas de base sur le terrain ; les délais d’intervention sont inconnus.
challenge-limit-no-crossing = Le segment est infranchissable ; il n’y a rien à détecter.
challenge-limit-all-paths-unknown = Le terrain ou la ligne de vue des capteurs est inconnu sur chaque trajet.
challenge-limit-none-crossable = Aucun segment n’est franchissable, d’après les données connues.
challenge-limit-every-unknown = Tous les segments sont inconnus.
challenge-limit-no-segment = Il n’y a pas de segment.
challenge-limit-no-cell = La surface n’a pas de maille.
challenge-limit-all-terrain-unknown = Tout le terrain de la surface est inconnu.
challenge-limit-sight-unknown = La ligne de vue est inconnue pour toutes les mailles.
challenge-limit-undecided = Inconnu et non pris en compte : { PERCENT($unknown, digits: 1) } de la surface, qu’un capteur dont la ligne de vue est inconnue peut couvrir. Avec cette partie, de { PERCENT($low, digits: 1) } à { PERCENT($high, digits: 1) }.
challenge-limit-best-sites = Meilleurs sites d’observation de chaque segment ; voir les réglages des mesures de terrain.
challenge-limit-measure-unknown = La mesure est inconnue.
challenge-limit-terrain-or-access = Le terrain est inconnu, ou aucun trajet n’y mène.
challenge-limit-headline-unknown = La mesure sur laquelle repose l’indice est inconnue.
challenge-limit-within-border = Rang au sein de cette frontière uniquement.
challenge-limit-reference = Table de référence : { $table ->
    [pyrenees-maritime-alps-srtm3] Pyrénées et Alpes-Maritimes (SRTM, 3 secondes d’arc), version { $version }
   *[other] { $table } { $version }
}.
challenge-limit-weights = Pondérations : { $weights } ; chacune modifiée de ±{ PERCENT($change) }.
challenge-limit-excluded = { $count ->
    [one] { $count } segment inconnu est exclu.
   *[other] { $count } segments inconnus sont exclus.
}
challenge-limit-lower-bound = Borne inférieure : la ligne de vue d’un capteur est inconnue sur { DISTANCE($length) }.
challenge-limit-lower-bound-path = Borne inférieure : la ligne de vue d’un capteur est inconnue sur le trajet.
challenge-limit-at-least = Borne inférieure.
challenge-limit-one-detection = Au moins une détection ; une piste confirmée est moins probable.
challenge-limit-three-paths = Minimum de trois trajets, non un pire cas prouvé.
challenge-limit-slower = { DECIMAL($value, digits: 2) } avec une intervention { $factor } fois plus lente.
challenge-limit-overlength = Le trajet est trop long de { PERCENT($overlength, digits: 2) } au plus.
challenge-limit-tasks = Durées des étapes indépendantes et de loi normale.
challenge-limit-detection-unknown = La détection est inconnue : sur chaque trajet, le terrain ou la ligne de vue d’un capteur est inconnu.
challenge-limit-response-unknown = Le délai d’intervention est inconnu : le terrain est inconnu à cet endroit ou sur tout trajet possible.
challenge-limit-interruption-unknown = Dans chaque segment franchissable, la détection ou le délai d’intervention est inconnu.
challenge-limit-no-response = Le délai d’intervention ou la durée du trajet est inconnu.
challenge-limit-no-coverage-on-path = Aucun capteur ne couvre le trajet.
challenge-limit-not-simulated = Non simulé.
challenge-limit-simulation-unknown = La ligne de vue des capteurs sur le trajet est inconnue.
challenge-limit-simulated = Une seule personne, sans fausse alarme ni autre trafic ; les capteurs qui ne couvrent pas le trajet sont omis ; la poursuite suppose un temps clair, de jour ; une caméra qui n’a pas trouvé la personne en une recherche ne recommence pas.
challenge-limit-footprints = Une empreinte est l’ensemble des mailles où une seule observation peut détecter (Pd supérieure à 0) ; k est le nombre d’empreintes à traverser, non de détections.
challenge-limit-upper-bound = Borne supérieure : la frontière a été calculée par sous-sections.
challenge-limit-barrier-bounds = Borne inférieure : k est d’au plus { $high }, et la ligne de vue d’un capteur est inconnue.
challenge-limit-resilience-unknown = La résilience de la barrière est inconnue : la frontière n’a pas deux extrémités, ou une partie est hors du terrain.
challenge-limit-bound-time = Borne supérieure : un trajet au-delà du recouvrement de la sous-section peut être plus rapide.
challenge-limit-bound-detection = Borne supérieure : un trajet au-delà du recouvrement de la sous-section peut avoir une Pd plus faible.
challenge-limit-bound-interruption = Trajets dans le recouvrement de la sous-section uniquement : un trajet au-delà peut être pire.
challenge-cut-set = coupe minimale : { $sensors }
challenge-cut-set-empty = un trajet sans détection existe

challenge-source-terrain = terrain (référence des altitudes : { $datum }), mailles de { DECIMAL($cell, digits: 0) } m
challenge-source-layout = dispositif { $layout }, { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}, sur ce terrain
challenge-assume-movement = déplacement { $mover } d’après : { $ground }
challenge-assume-belt = surface à moins de { DISTANCE($belt) } de la frontière
challenge-assume-settings = mesures de terrain : rayon d’ouverture { DISTANCE($openness_radius_m) }, fenêtre de rugosité { $window } mailles, { $sites } sites d’observation par segment avec antennes à { DECIMAL($mast_m, digits: 0) } m et portée { DISTANCE($sight_m) }, cibles de { $heights } m, facteur de rayon terrestre k = { DECIMAL($curvature_k, digits: 3) }, { $neighbours } voisins par maille
challenge-assume-errors = erreurs d’altitude : écart-type { DECIMAL($sd, digits: 1) } m, corrélées sur { DISTANCE($correlation) }, { $samples } tirages de Monte-Carlo
challenge-assume-no-errors = erreurs d’altitude : non tirées
challenge-assume-target = cible { $target } ; conditions { $conditions } ; franchissement { $direction }
challenge-assume-independence = non-détections des capteurs et des balayages indépendantes
challenge-assume-named-settings = réglages nommés des capteurs : summary.json
challenge-assume-crew = intervention d’une équipe de la base la plus proche en temps, en véhicule tant que cela fait gagner du temps, puis à pied
challenge-assume-off-road = véhicule hors route : { DECIMAL($speed, digits: 1) } m/s en terrain plat et dégagé, multiplié par exp(−{ $decline } |pente|), sur des pentes jusqu’à { $limit }
challenge-assume-on-road = véhicule sur route : vitesse de la classe de route
challenge-assume-on-foot = à pied : vitesse de marche de Tobler, multipliée par { $factor } hors sentier
challenge-assume-turnout = délai de départ { DURATION($turnout) } ; descente du véhicule { DURATION($dismount) }
challenge-assume-response-ground = intervention d’après : { $ground }
challenge-assume-seen = vitesse constatée des franchissements : { SPEED($speed) } ; pour la probabilité d’interruption, un franchissement ne dure pas plus que son trajet à cette vitesse
challenge-assume-strips = { $strips } bandes de { DISTANCE($depth) } ; une détection compte comme s’il restait une fraction { $position } du temps de la bande
challenge-assume-spread = écart-type des durées des bandes et de l’intervention : { PERCENT($sd) } de la moyenne ; indépendantes
challenge-assume-communication = probabilité qu’une alarme soit transmise : { PERCENT($communication) }
challenge-assume-end = l’intervention se rend au point où le trajet quitte la surface

challenge-page-eyebrow = Évaluation Watchline du terrain
challenge-page-title = Difficulté géographique : { $sector }
challenge-answer-detection = La frontière est la plus faible au { $place } : une personne qui y franchit est détectée avec une probabilité de { PROBABILITY($value) }.
challenge-answer-detection-at-least = La frontière est peut-être la plus faible au { $place } : une personne qui y franchit est détectée avec une probabilité d’au moins { PERCENT($value) } ; la ligne de vue d’un capteur est inconnue sur { DISTANCE($length) } du trajet.
challenge-answer-detection-unknown = Le point le plus faible de la frontière est inconnu : la Pd de franchissement n’est connue sur aucun segment.
challenge-answer-interruption = { $excluded ->
    [0] L’intervention
   *[other] Parmi les segments où cela est connu, l’intervention
} a le moins de chances d’interrompre un franchissement au { $place } : probabilité { PROBABILITY($value) }.
challenge-answer-interruption-at-least = { $excluded ->
    [0] L’intervention
   *[other] Parmi les segments où cela est connu, l’intervention
} a peut-être le moins de chances d’interrompre un franchissement au { $place } : probabilité d’au moins { PERCENT($value) } ; la ligne de vue d’un capteur est inconnue sur { DISTANCE($length) } du trajet.
challenge-answer-interruption-unknown = La probabilité d’interruption est inconnue. { $why }
challenge-answer-gap = { $count ->
    [one] La seule lacune de couverture mesure { DECIMAL($km, digits: 1) } km (km { DECIMAL($start, digits: 1) } à { DECIMAL($end, digits: 1) })
   *[other] La plus longue des { $count } lacunes de couverture mesure { DECIMAL($km, digits: 1) } km (km { DECIMAL($start, digits: 1) } à { DECIMAL($end, digits: 1) })
} : la Pd de franchissement y est inférieure à { $required }.
challenge-answer-no-gap = Il n’y a pas de lacune de couverture : la Pd de franchissement est d’au moins { $required } sur chaque segment connu.
challenge-answer-unknown = { $count ->
    [0] La Pd de franchissement est connue partout
    [one] Inconnu : la Pd de franchissement sur { $count } segment
   *[other] Inconnu : la Pd de franchissement sur { $count } segments
} ; l’effet des éléments suivants, sans données, est inconnu : { $missing }.
challenge-answer-unknown-segments = { $count ->
    [0] La Pd de franchissement est connue sur chaque segment.
    [one] Inconnu : la Pd de franchissement sur { $count } segment.
   *[other] Inconnu : la Pd de franchissement sur { $count } segments.
}
challenge-page-about = Dispositif { $layout }, { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}. Cible : { $target }, sens { $direction }. Conditions : { $conditions }. Pd exigée : { $required }. { $segments } segments sur { DECIMAL($km, digits: 1) } km. { $zone ->
    [yes] La frontière est une zone à deux limites ; la surface s’étend à { DISTANCE($belt) } au-delà de chacune. Les segments et les distances se rapportent à la limite intérieure.
   *[no] Surface : à moins de { DISTANCE($belt) } de la frontière.
}
challenge-page-tiles = Chiffres clés
challenge-page-map = Carte
challenge-page-map-hint = Cliquez ou touchez la frontière, un trajet ou un symbole pour les détails. Le bouton en haut à droite choisit les couches.
challenge-page-limits = Limites
challenge-page-colophon = Référence des altitudes : { $datum } ; mailles de { DECIMAL($cell, digits: 0) } m. { $code }. Données : { $data }. Les temps de ce rapport sont des durées. Carte : Leaflet (BSD 2-Clause), dessinée avec folium ; figures : matplotlib.
challenge-shades = Probabilité de non-détection sur le trajet de détection minimale :
challenge-shade = { DECIMAL($low, digits: 2) } à { DECIMAL($high, digits: 2) }
challenge-shade-unknown = inconnu, ou franchissement impossible
challenge-layer-paths = Trajets de franchissement
challenge-unknown = inconnu

challenge-tile-dead-ground-any-layout = Angles morts, tout dispositif
challenge-tile-dead-ground-layout = Angles morts, ce dispositif
challenge-tile-gap-segments = Segments avec lacune de couverture
challenge-tile-least-detection = Pd de franchissement la plus faible
challenge-tile-least-interruption = P(interruption) la plus faible
challenge-tile-resilience = Résilience de la barrière k

challenge-row-chainage = Le long de la frontière
challenge-row-through = Franchit
challenge-row-time = Temps de franchissement
challenge-row-length = Longueur
challenge-row-detection = Pd
challenge-row-outages = Pd avec pannes
challenge-row-interruption = P(interruption)
challenge-row-least-time = Temps de franchissement le plus court
challenge-row-least-detection = Pd de franchissement la plus faible
challenge-row-least-interruption = P(interruption) la plus faible
challenge-row-resilience = Empreintes de capteurs en profondeur (k)
challenge-row-response = Délai d’intervention

challenge-sheet-terrain = Le terrain, pour tout dispositif
challenge-terrain-intro = Difficulté de chaque segment pour tout dispositif. La facilité de franchissement repose sur le trajet de temps minimal, la difficulté de surveillance sur les angles morts que laissent les quelques meilleurs sites d’observation, la difficulté d’intervention sur le délai depuis la base la plus proche.
challenge-terrain-no-reference = Pas de table de référence.
challenge-terrain-reference = Table de référence : { $table ->
    [pyrenees-maritime-alps-srtm3] Pyrénées et Alpes-Maritimes (SRTM, 3 secondes d’arc), version { $version }
   *[other] { $table } { $version }
}.
challenge-terrain-reference-cells = La table de référence ne s’applique pas : ses mailles sont de { DECIMAL($expected, digits: 0) } m, celles de ce terrain de { DECIMAL($cell, digits: 0) } m.
challenge-terrain-reference-settings = La table de référence ne s’applique pas : elle a été établie avec d’autres réglages.
challenge-terrain-no-bases = La difficulté d’intervention est inconnue : le secteur n’a pas de base sur le terrain.
challenge-terrain-composite = Indice composite avec les pondérations { $weights }. Si chacune est modifiée de ±{ PERCENT($change) }, la corrélation de rang est d’au moins { DECIMAL($correlation, digits: 2) } et { PERCENT($stable) } du premier décile y restent.
challenge-weight = { $score } { $value }
challenge-alt-scores = Cartes de la frontière, colorée selon les indices
challenge-alt-terrain = Cartes de rugosité, d’ouverture, d’angles morts, de temps de franchissement et d’intervention

challenge-sheet-layout = Ce dispositif
challenge-layout-intro = Performance de ce dispositif sur ce terrain.
challenge-layout-no-paths = Aucun franchissement n’est possible, d’après les données connues : il n’y a pas de trajet à montrer.
challenge-layout-resilience = Résilience de la barrière k = { $k }{ $bound ->
    [yes] {" "}au plus (calculée par sous-sections)
   *[no] {""}
} ; { $cut }.
challenge-layout-single-points = Points de défaillance uniques : { $sensors }.
challenge-layout-gaps = { $count ->
    [one] { $count } lacune de couverture de { DECIMAL($km, digits: 1) } km.
   *[other] { $count } lacunes de couverture, { DECIMAL($km, digits: 1) } km au total.
}
challenge-layout-no-gaps = Aucune lacune de couverture sur les segments connus.
challenge-layout-unknown = { $count ->
    [one] { $count } suite de segments est inconnue.
   *[other] { $count } suites de segments sont inconnues.
}
challenge-layout-bounds = La frontière a été calculée par sous-sections. Sur { $segments } segments, les chiffres sont des bornes pour : { $figures }. Un trajet au-delà du recouvrement de la sous-section peut être plus favorable au franchissement ; ces segments sont marqués dans segments.csv, dans les colonnes en _proven.
challenge-layout-bound = { $figure ->
    [crossing_time] temps de franchissement
    [detection_probability] Pd
   *[least_interruption] interruption
} ({ $count })
challenge-alt-layout = Cartes de ce dispositif : Pd cumulée, angles morts, Pd de franchissement la plus faible, marge de temps
challenge-alt-crossings = Carte des trajets de détection minimale, de temps minimal et le plus vulnérable
challenge-alt-profiles = Indices, Pd, interruption et profondeur de la barrière le long de la frontière

challenge-sheet-statistics = Statistiques
challenge-statistics-intro = Chaque chiffre avec son numérateur, son dénominateur, son intervalle et ses limites. Les hypothèses, sources et versions de chacun sont dans records.json, celles de chaque segment dans records_by_segment.parquet.
challenge-statistics-terrain = Hypothèses des mesures de terrain :
challenge-statistics-response = Hypothèses d’intervention et d’interruption :

challenge-limits-percentile = Un centile classe les segments de cette frontière et ne se compare pas entre frontières. Le centile dans la table de référence compare avec des segments mesurés avec les mêmes réglages et la même taille de maille.
challenge-limits-scores = Les trois indices ne sont pas réunis : un terrain accidenté ralentit les personnes qui franchissent, les dissimule et ralentit l’intervention. Un indice composite dépend des pondérations choisies par le lecteur.
challenge-limits-detection = Pd est la probabilité d’au moins une détection, tous capteurs en service et non-détections indépendantes. Masquage, météo et végétation communs rendent les non-détections réelles simultanées ; elle est donc optimiste. Une piste confirmée est moins probable.
challenge-limits-paths = Les trajets relient des centres de mailles et sont trop longs de { PERCENT($overlength, digits: 2) } au plus, ce qui augmente leur Pd. L’interruption est le minimum de trois trajets, non un pire cas prouvé.
challenge-limits-unknown = Là où le terrain ou une ligne de vue est inconnu, le résultat est inconnu, jamais 0. Un segment infranchissable n’a pas de Pd et n’est pas une lacune de couverture.
challenge-limits-errors = Les erreurs d’altitude sont supposées corrélées sur { DISTANCE($correlation) } (faible confiance). Les intervalles excluent les erreurs des capteurs, de la météo, des vitesses de marche et des délais d’intervention.
challenge-limits-people = Les chiffres décrivent le terrain et l’équipement. Ils ne disent rien de l’identité ni des intentions des personnes.
challenge-limits-movement = Déplacement et intervention d’après : { $ground }.

challenge-table-hardest = { $score } : les { $count } segments en tête
challenge-table-hardest-caption = { $score } : les { $count } segments en tête ; tous sont dans segments.csv. * hors de l’étendue de la table de référence.
challenge-column-segment = Segment
challenge-column-percentile = Centile
challenge-column-crossing-time = Temps de franchissement le plus court
challenge-column-dead-ground = Angles morts
challenge-column-response = Délai d’intervention
challenge-column-ruggedness = Rugosité
challenge-column-time-reference = Temps de franchissement, centile de référence
challenge-column-dead-reference = Angles morts, centile de référence
challenge-cell-segment = { $number } (km { DECIMAL($km, digits: 1) })
challenge-table-paths = Trajets de franchissement
challenge-table-paths-caption = Les trois trajets. Marge : temps disponible si la détection a lieu au bord de la surface. Les trajets sont dans crossings.parquet.
challenge-column-path = Trajet
challenge-column-time = Temps
challenge-column-length = Longueur
challenge-column-pd = Pd
challenge-column-outages = Pd avec pannes
challenge-column-confirmed = Piste confirmée
challenge-column-by-kind = Pd par type de capteur seul
challenge-column-interruption = P(interruption), intervention { $factors }
challenge-column-margin = Marge
challenge-column-half = 50 % de la détection cumulée à
challenge-cell-confirmed = { $count } sur { $runs } ({ DECIMAL($low, digits: 2) }–{ DECIMAL($high, digits: 2) })
challenge-cell-no-coverage = { DECIMAL($value, digits: 2) } : sans couverture
challenge-cell-half = { DECIMAL($start, digits: 0) }–{ DECIMAL($end, digits: 0) } min { $sensors }
challenge-cell-kind = { $kind } { $value }
challenge-cell-nowhere = aucune détection
challenge-table-gaps = Lacunes de couverture
challenge-table-gaps-caption = Suites de segments dont la Pd de franchissement est inférieure à { $required }.
challenge-column-segments = Segments
challenge-column-chainage = Le long de la frontière
challenge-column-least = Pd la plus faible
challenge-column-in-segment = Au segment
challenge-table-sensors = Capteurs
challenge-table-sensors-caption = Contribution marginale de chaque capteur : chacun est retiré tour à tour ; les personnes qui franchissent adaptent leur trajet.
challenge-column-sensor = Capteur
challenge-column-contribution = Perte moyenne de Pd sans lui
challenge-column-reduced = Segments à Pd réduite
challenge-column-opened = Segments où s’ouvre une lacune
challenge-table-trade = Temps de franchissement et détection
challenge-table-trade-caption = Trajets qu’aucun autre ne surpasse à la fois en temps et en détection ; sommets de la courbe.
challenge-column-expected = Détections attendues
challenge-table-records = Chiffres de toute la frontière
challenge-table-records-sensors = Chiffres de chaque capteur
challenge-column-number = Chiffre
challenge-column-value = Valeur
challenge-column-ratio = Numérateur / dénominateur
challenge-column-n = n
challenge-column-interval = Intervalle
challenge-column-limits = Limites
challenge-cell-interval = de { $low } à { $high } ; { $interval }
challenge-cell-named = { $name }, { $of }
challenge-cell-unit = { $value } { $unit }

challenge-panel-ruggedness = Rugosité (TRI)
challenge-panel-openness = Ouverture positive
challenge-panel-dead-any = Angles morts pour tout dispositif, cibles de 1,7 m
challenge-panel-crossing = Temps de franchissement le plus court par chaque position
challenge-panel-response = Délai d’intervention depuis la base la plus proche
challenge-panel-pd = Pd cumulée pendant le temps d’exposition
challenge-panel-dead-layout = Angles morts de ce dispositif
challenge-panel-through = Pd de franchissement la plus faible par chaque position
challenge-panel-margin = Marge de temps de l’intervention (au-dessus de 0 : à temps)
challenge-panel-composite = Indice composite, avec les pondérations données
challenge-state-sight = ligne de vue
challenge-state-dead = angle mort
challenge-unit-probability = probabilité
challenge-unit-percentile = centile
challenge-unit-metres = m
challenge-unit-degrees = °
challenge-unit-minutes = min
challenge-unit-lowest-pd = Pd la plus faible
challenge-hatch-unknown = { $title } (×× inconnu)
challenge-hatch-no-path = { $title } (.. pas de trajet)
challenge-hatch-no-response = { $title } (.. pas d’intervention)
challenge-scores-note = Centile au sein de cette frontière, de 0 (bas) à 1 (haut) ; gris : inconnu.
challenge-path-label = { $path } : { DECIMAL($minutes, digits: 0) } min, Pd { $pd }
challenge-legend-half = 50 % de la détection cumulée
challenge-footer = { $sector }, dispositif { $layout } ; { $target }, { $conditions }, { $direction } ; surface à moins de { DISTANCE($belt) } de la frontière ; mailles de { DECIMAL($cell, digits: 0) } m ; référence { $datum }. Données de terrain : { $ground }. Nord de la grille.

challenge-profile-axis = km le long de la frontière
challenge-profile-scores = Terrain, tout dispositif : indices au sein de cette frontière{ $bands ->
    [yes] {" "}(bandes : 5 % à 95 % sous erreurs d’altitude{ $moved ->
        [0] )
        [one] {" "}; { $moved } indice hors de sa bande)
       *[other] {" "}; { $moved } indices hors de leur bande)
    }
   *[no] {""}
}
challenge-profile-percentile = centile
challenge-profile-probability = probabilité
challenge-profile-sensors = capteurs
challenge-profile-phase = phase des balayages
challenge-profile-least = Pd de franchissement la plus faible
challenge-profile-outages = avec pannes
challenge-profile-required = exigence : { $required }
challenge-profile-unknown = inconnu
challenge-profile-no-crossing = franchissement impossible
challenge-profile-unknown-no-crossing = inconnu ou infranchissable
challenge-profile-detection = Ce dispositif : Pd du trajet de détection minimale
challenge-profile-interruption = Ce dispositif : probabilité d’interruption la plus faible de trois trajets
challenge-profile-response = intervention calculée
challenge-profile-slower = { $factor } fois plus lente
challenge-profile-footprints = empreintes (k)
challenge-profile-footprints-at-most = au plus (ligne de vue inconnue)
challenge-profile-no-terrain = pas de terrain
challenge-profile-depth = Ce dispositif : empreintes de capteurs à traverser dans chaque segment (k), qui ne sont pas des détections
