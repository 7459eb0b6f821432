# `watchline plan` : lignes affichées.

plan-objective = { $objective ->
    [mean_probability] probabilité de détection moyenne
    [worst_segment] probabilité de détection du segment le plus faible
    [least_detection] probabilité de détection sur le trajet de détection minimale
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
    [least_detection] Probabilité de détection sur le trajet de détection minimale
    [least_interruption] Probabilité d’interruption sur le trajet le plus vulnérable
   *[other] { $objective }
} : { DECIMAL($before, digits: 3) } → { DECIMAL($after, digits: 3) }, { $optimal ->
    [yes] optimum démontré.
   *[no] à moins de { PERCENT($gap, digits: 2) } de l’optimum.
}
plan-detail-unknown-sight = La recherche compte comme non détecté le terrain où la visibilité est inconnue. Sans ce terrain, la valeur est { DECIMAL($value, digits: 3) }, comme dans `watchline coverage`.
plan-detail-nothing = { $objective ->
    [mean_probability] Probabilité de détection moyenne
    [worst_segment] Probabilité de détection du segment le plus faible
    [least_detection] Probabilité de détection sur le trajet de détection minimale
    [least_interruption] Probabilité d’interruption sur le trajet le plus vulnérable
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
} La probabilité d’interruption est sous-estimée ; calculez-la pour le dispositif écrit avec `watchline challenge`.
plan-warning = Avertissement : { $warning }
plan-patrols-no-gain = Les patrouilles n’augmentent pas la probabilité d’interruption minimale, { DECIMAL($value, digits: 3) } : une personne qui observe les patrouilles emprunte le segment { $segment }, où elles ne changent rien.
plan-patrols-elsewhere = Le tableau de service est optimal pour { $count ->
    [one] le segment
   *[other] les { $count } segments
} où les patrouilles ont un effet : au moins { DECIMAL($value, digits: 3) }.
plan-patrols-one-route = Toutes les vacations du tableau de service suivent le même itinéraire : qui en a observé une les connaît toutes.
plan-doing-candidates = Candidats
plan-doing-choosing = Plan
