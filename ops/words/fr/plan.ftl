# `watchline plan` : lignes affichées.

plan-objective = { $objective ->
    [mean_probability] probabilité de détection moyenne
    [worst_segment] probabilité de détection du segment le plus faible
    [least_detection] probabilité de détection sur le trajet de détection minimale
    [timely_detection] probabilité de détection en temps utile sur le trajet le plus vulnérable
    [least_interruption] probabilité d’interruption sur le trajet le plus vulnérable
   *[other] { $objective }
}
plan-headline-buy = { $count ->
    [one] Acheter { $count } équipement pour { DECIMAL($cost) } { $currency }
   *[other] Acheter { $count } équipements pour { DECIMAL($cost) } { $currency }
}
plan-headline-nothing = Ne rien acheter : aucun achat dans ces limites n’améliore le critère
plan-item = { $count } × { $item }
plan-detail-items = Équipements : { $items }.
plan-detail-value = { $objective ->
    [mean_probability] Probabilité de détection moyenne
    [worst_segment] Probabilité de détection du segment le plus faible
    [mean_probability_weighted] Probabilité de détection moyenne pondérée par le risque
    [worst_segment_weighted] Probabilité de détection du segment le plus faible, pondérée par le risque
    [least_detection] Probabilité de détection sur le trajet de détection minimale
    [timely_detection] Probabilité de détection en temps utile sur le trajet le plus vulnérable
   *[other] { $objective }
} : { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }, { $optimal ->
    [yes] optimum démontré.
   *[no] à moins de { PERCENT($gap, digits: 2) } de l’optimum.
}
plan-detail-mobile = { $count ->
    [one] { $count } équipement acheté se déplace et est compté à un moment inconnu de son programme. Avec `--out`, le programme est dans `{ $file }`.
   *[other] { $count } équipements achetés se déplacent et sont comptés à des moments inconnus de leurs programmes. Avec `--out`, ceux-ci sont dans `{ $file }`.
}
plan-detail-unknown-sight = La recherche compte comme non détecté le terrain où la visibilité est inconnue. Sans ce terrain, la valeur est { DECIMAL($value, digits: 3) }, comme dans `watchline coverage`.
plan-detail-unknown-segments = { $objective ->
    [timely_detection] La recherche compte comme non détecté le terrain où la visibilité est inconnue, et comme tardive la détection là où le délai d’intervention est inconnu. Sans les segments où l’un ou l’autre est inconnu, la valeur est { DECIMAL($value, digits: 3) }.
   *[other] La recherche compte comme non détecté le terrain où la visibilité est inconnue. Sans les segments où la détection est inconnue pour cette raison, la valeur est { DECIMAL($value, digits: 3) }.
}
plan-detail-unknown-everywhere = { $objective ->
    [timely_detection] La recherche compte comme non détecté le terrain où la visibilité est inconnue, et comme tardive la détection là où le délai d’intervention est inconnu. Pour l’une de ces raisons, la détection en temps utile est inconnue dans tous les segments.
   *[other] La recherche compte comme non détecté le terrain où la visibilité est inconnue. Pour cette raison, la détection est inconnue dans tous les segments.
}
plan-detail-nothing = { $objective ->
    [mean_probability] Probabilité de détection moyenne
    [worst_segment] Probabilité de détection du segment le plus faible
    [mean_probability_weighted] Probabilité de détection moyenne pondérée par le risque
    [worst_segment_weighted] Probabilité de détection du segment le plus faible, pondérée par le risque
    [least_detection] Probabilité de détection sur le trajet de détection minimale
    [timely_detection] Probabilité de détection en temps utile sur le trajet le plus vulnérable
   *[other] { $objective }
} : { DECIMAL($before, digits: 3) }. { $optimal ->
    [yes] Cet optimum est démontré.
   *[no] Des valeurs jusqu’à { DECIMAL($bound, digits: 3) } ne sont pas exclues.
}
plan-detail-unlinked = { $count ->
    [one] { $count } capteur ou relais n’a aucune liaison avec une base et est exclu ({ $names }).
   *[other] { $count } capteurs ou relais n’ont aucune liaison avec une base et sont exclus ({ $names }).
} Utilisez `watchline plan SECTOR --start LAYOUT --item radio_relay` pour trouver des relais, ou indiquez `reports_by` dans le dispositif.
plan-detail-radio-gained = { $count ->
    [one] { $count } poste est planifié avec un compte rendu par messager alors qu’un relais acheté lui donne une liaison radio ({ $names }).
   *[other] { $count } postes sont planifiés avec un compte rendu par messager alors que des relais achetés leur donnent une liaison radio ({ $names }).
} La détection en temps utile et la probabilité d’interruption sont sous-estimées ; calculez cette dernière pour le dispositif écrit avec `watchline challenge`.
plan-warning = Avertissement : { $warning }
plan-patrols-no-gain = Les patrouilles n’augmentent pas la probabilité d’interruption minimale, { DECIMAL($value, digits: 3) } : une personne qui observe les patrouilles emprunte le segment { $segment }, où elles ne changent rien.
plan-patrols-elsewhere = Le tableau de service est optimal pour { $count ->
    [one] le segment
   *[other] les { $count } segments
} où les patrouilles ont un effet : au moins { DECIMAL($value, digits: 3) }.
plan-patrols-one-route = Toutes les vacations du tableau de service suivent le même itinéraire : qui en a observé une les connaît toutes.
plan-doing-candidates = Candidats
plan-doing-choosing = Plan

# Le rapport
plan-sentence = { $text }.
plan-answer-bound = Démontré : aucun achat dans ces limites ne dépasse { DECIMAL($bound, digits: 3) }.
plan-page-eyebrow = Plan Watchline
plan-page-title = Que faut-il acheter : { $sector }
plan-page-about = Cible : { $target }, { $direction }. Conditions : { $conditions }. Budget : { DECIMAL($budget) } { $currency }{ $costs ->
    [stated] . Les coûts des candidats sont ceux qu’indique leur fichier
    [both] . Les coûts des candidats sont ceux qu’indique leur fichier, ceux des équipements mobiles sont des coûts du cycle de vie sur { $years ->
            [one] { $years } an
           *[other] { $years } ans
        }, actualisés à { PERCENT($discount, digits: 2) } par an
   *[priced] , coût du cycle de vie sur { $years ->
            [one] { $years } an
           *[other] { $years } ans
        }, actualisé à { PERCENT($discount, digits: 2) } par an
}. Limite de personnes en service : { $crew ->
    [none] aucune
   *[other] { $crew }
}. { $existing ->
    [0] Rien n’est encore en place.
    [one] { $existing } capteur ou relais est déjà en place.
   *[other] { $existing } capteurs et relais sont déjà en place.
}
plan-page-colophon = Catalogue : { $catalogue }. { $candidates ->
    [one] { $candidates } candidat a été évalué.
   *[other] { DECIMAL($candidates) } candidats ont été évalués.
} Figures : matplotlib.
plan-tile-cost = Coût du cycle de vie, { $currency }
plan-tile-cost-why = Sur un budget de { DECIMAL($budget) }{ $costs ->
    [priced] , pour { $years ->
            [one] { $years } an
           *[other] { $years } ans
        }
   *[stated] {""}
}.
plan-tile-value = Critère, avant → après
plan-tile-value-change = { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }
plan-tile-value-why = { $objective ->
    [mean_probability] Probabilité de détection moyenne.
    [worst_segment] Probabilité de détection du segment le plus faible.
    [least_detection] Probabilité de détection sur le trajet de détection minimale.
    [timely_detection] Probabilité de détection en temps utile sur le trajet le plus vulnérable.
   *[other] { $objective }
}
plan-tile-gap = Écart à l’optimum
plan-tile-gap-why = Borne supérieure du critère : { DECIMAL($bound, digits: 3) }.
plan-value-percent = { PERCENT($value, digits: 2) }
plan-value-probability = { DECIMAL($value, digits: 3) }
plan-value-money = { DECIMAL($value, digits: 0) }
plan-value-people = { DECIMAL($value, digits: 1) }
plan-heading-items = À acheter
plan-heading-patrols = Planning des patrouilles
plan-heading-formulas = Chiffres et formules
plan-heading-limits = Hypothèses et limites
plan-table-items = Équipements achetés, les plus chers d’abord
plan-table-sites = Emplacements, dans l’ordre le long de la frontière ; numéros de la carte
plan-table-worst = { $count ->
    [one] Le segment dont la probabilité de détection moyenne est la plus faible après l’achat
   *[other] Les { $count } segments dont la probabilité de détection moyenne est la plus faible après l’achat
}
plan-table-front = Chaque ligne : le meilleur plan trouvé pour son coût
plan-table-objectives = Chaque critère et la probabilité d’interruption avec ce plan ; mailles et segments inconnus non compris
plan-table-patrols = Le planning en chiffres
plan-total = Total
plan-numbered = { $number }. { $item }
plan-beyond = au-delà de l’extrémité de la frontière
plan-offset = { $side ->
    [home] { DISTANCE($distance) }, côté national
   *[away] { DISTANCE($distance) }, autre côté
}
plan-position = { $latitude }°, { $longitude }°
plan-column-item = équipement
plan-column-count = nombre
plan-column-each = l’unité, { $currency }
plan-column-cost = coût du cycle de vie, { $currency }
plan-column-crew = personnes en service
plan-column-place = segment le plus proche
plan-column-offset = distance à la frontière
plan-column-position = latitude, longitude
plan-column-segment = segment
plan-column-before = avant
plan-column-after = après
plan-column-worst = segment le plus faible
plan-column-bound = borne supérieure
plan-column-objective = critère
plan-column-figure = chiffre
plan-column-value = valeur
plan-axis-mean = probabilité de détection moyenne
plan-axis-chainage = le long de la frontière [km]
plan-axis-cost = coût du cycle de vie [{ $currency }]
plan-axis-worst = segment le plus faible
plan-legend-bought = { $kind }, à acheter
plan-legend-existing = { $kind }, en place
plan-legend-before = avant
plan-legend-after = après
plan-figure-map = Où l’installer
plan-figure-map-alt = Carte de la frontière avec { $bought } équipements achetés et { $existing } capteurs et relais en place
plan-figure-map-caption = La couleur de la frontière est sa probabilité de détection moyenne après l’achat. En tirets : { DISTANCE($belt) } de la frontière.
plan-figure-along = Le long de la frontière, avant et après
plan-figure-along-alt = Probabilité de détection moyenne de { $count } segments avant et après l’achat
plan-figure-along-caption = Probabilité de détection moyenne sur la surface de chaque segment. Une interruption de la ligne signifie inconnu.
plan-figure-front = Ce qu’apporterait plus d’argent
plan-figure-front-alt = Front de Pareto de { $count } plans : coût du cycle de vie et probabilité de détection du segment le plus faible
plan-figure-front-caption = Front de Pareto : la plus haute probabilité de détection du segment le plus faible trouvée à chaque coût. Les mailles inconnues comptent comme non détectées.
plan-front-one = Le front de Pareto ne compte qu’un plan : aucune probabilité de détection plus haute du segment le plus faible n’a été trouvée à un autre coût.
plan-formula-mean = Probabilité de détection moyenne = moyenne sur les mailles de la surface de 1 − Π (1 − Pd de chaque capteur, pannes comprises).
plan-formula-gap = Écart à l’optimum = (borne supérieure − valeur) ÷ borne supérieure. La borne supérieure vaut pour tout achat dans les limites.
plan-formula-cost = Coût du cycle de vie = somme sur les équipements de l’achat, de l’exploitation, de la maintenance et du personnel sur les années, actualisée à aujourd’hui.
plan-formula-cost-stated = Les coûts des candidats sont ceux qu’indique leur fichier.
plan-formula-cost-moving = Coût du cycle de vie des équipements mobiles = somme de l’achat, de l’exploitation, de la maintenance et du personnel sur les années, actualisée à aujourd’hui.
plan-limit-independent = Les non-détections de capteurs différents sont indépendantes, ce qui est optimiste ; un seul état de lumière et de météo.
plan-limit-unknown = Dans le critère, les mailles et les trajets inconnus comptent comme non détectés.
plan-limit-timely = La détection en temps utile ne compte que là où le temps le plus court jusqu’au bord de la surface analysée est au moins égal à celui de l’intervention jusqu’à ce point. Ce sont des temps moyens, sans dispersion ; une alarme est transmise avec une probabilité de { PERCENT($communication) }. La probabilité d’interruption tient compte de la dispersion des deux temps et se calcule comme dans `watchline challenge`.
plan-limit-sites = Seuls les emplacements candidats ont été examinés ; droits fonciers, alimentation et accès sont à vérifier sur place.
plan-limit-own-side = Les sites candidats se trouvent uniquement du côté national de la frontière.
plan-limit-both-sides = Les sites candidats se trouvent des deux côtés de la frontière ; ceux du côté opposé exigent l’accord de l’État voisin.
plan-limit-search = La recherche s’arrête à sa durée limite ou à son écart ; une recherche plus longue ne peut que réduire l’écart à l’optimum.
plan-limit-links = Aucune liaison radio avec une base n’était exigée.
plan-patrols-words = À chaque vacation, les itinéraires sont tirés au sort à partir d’une graine privée : vacations de { DURATION($shift) }, { DURATION($stay) } dans chaque segment. Les itinéraires figurent dans le tableau de service et non dans ce rapport.
plan-patrols-limit = Une patrouille dans le segment intervient en { DURATION($response) } au plus, ou trouve elle-même la personne avec une probabilité de { DECIMAL($finds, digits: 2) }. Qui franchit la frontière connaît les probabilités des itinéraires, mais ni l’itinéraire de la vacation ni les heures des patrouilles : tous les moments d’une vacation sont également probables, de sorte qu’une patrouille qui passe dans un segment y est présente pour { PERCENT($present, digits: 1) } des franchissements (hypothèses). Un segment que plusieurs patrouilles visitent au cours d’une vacation compte une fois.
plan-patrols-row-patrols = Patrouilles par vacation
plan-patrols-row-routes = Itinéraires de la stratégie mixte
plan-patrols-row-reach = Segments où les patrouilles ont un effet
plan-patrols-row-without = Probabilité d’interruption minimale sans patrouille
plan-patrols-row-value = Probabilité d’interruption minimale avec patrouilles
plan-patrols-row-gap = Écart entre les bornes de la valeur du planning
plan-tile-value-risk = 1 moins la part non détectée, pondérée par la menace et l’impact de chaque segment.
plan-risk = Les segments sont pondérés par le risque ({ $decided }). L’objectif est 1 moins la part non détectée, pondérée par la menace et l’impact de chaque segment. Sans cette pondération : { plan-objective } de { DECIMAL($value, digits: 3) }.
plan-risk-unused = Le risque ({ $decided }) ne change pas cet objectif, qui est un minimum sur tous les trajets.
plan-risk-patrols = Le planning des patrouilles est pondéré par le risque ({ $decided }) : ses valeurs sont 1 moins la probabilité qu’un franchissement ne soit pas interrompu, multipliée par la menace et l’impact de son segment. Sans cette pondération, la probabilité d’interruption minimale est de { DECIMAL($before, digits: 3) } sans patrouille et de { DECIMAL($after, digits: 3) } avec les patrouilles.
