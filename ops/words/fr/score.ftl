# `watchline score` : tableaux affichés et page du tableau de bord.

score-eyebrow = Tableau de bord Watchline
score-title = Tableau de bord : { $subject }
score-answer = Sur { $lines ->
    [one] { $lines } indicateur
   *[other] { $lines } indicateurs
}, { $met } { $met ->
    [one] atteint sa cible
   *[other] atteignent leur cible
} et { $missed } non ; { $open } ne { $open ->
    [one] peut être jugé
   *[other] peuvent être jugés
}, faute de cible ou de sens d’amélioration.
score-answer-unknown = Inconnu : { $unknown ->
    [0] aucune valeur
    [one] { $unknown } valeur
   *[other] { $unknown } valeurs
}. { $missing ->
    [0] Aucune donnée ne manque.
    [one] { $missing } type de données manque.
   *[other] { $missing } types de données manquent.
}
score-about = Les quatre familles de résultats : valeurs jusqu’au { $date }, telles que connues au { $known } (UTC).
score-family = { $family ->
    [crime_and_governance] Criminalité et gouvernance
    [national_action_plan] Respect du plan d’action national
    [international_agreements] Respect des accords internationaux
    [tactical_tools] Moyens tactiques : interception, dissuasion, renseignement en réseau
   *[other] { $family }
}
score-column-indicator = indicateur
score-column-place = lieu
score-column-value = valeur
score-column-of = effectifs
score-column-trend = tendance
score-column-target = objectif
score-column-distance = écart à l’objectif
score-column-source = source
score-column-date = date
score-heading-missing = Données manquantes
score-heading-limits = Limites
score-colophon = Établi par Watchline { $version } à partir des fichiers cités comme sources.

score-value = { $value } { $unit }
score-fraction = { $part } sur { $whole }
score-interval = de { $low } à { $high } ; { $method }
score-distance = écart : { $distance }
score-none = aucun
score-unknown = inconnue
score-direction = { $direction ->
    [no_trend] pas de tendance : moins de deux valeurs comparables
    [by_chance] pas de tendance nette : l’évolution peut être due au hasard
    [steady] stable
    [rising] en hausse
    [falling] en baisse
    [better] en amélioration
   *[worse] en dégradation
}
score-trend-rate = { $direction }, { $rate } par an
score-verdict = { $verdict ->
    [met] atteint
    [not_met] non atteint
    [no_target] pas d’objectif
    [no_direction] sens d’amélioration non précisé
   *[unknown] inconnu
}
score-dated = { $date }
score-dated-period = du { $start } au { $end }
score-method-drills = rééchantillonnage par exercice, 95 %
score-method-drills-alike = Wilson, chaque exercice comptant pour un cas, 95 %, car les exercices ne diffèrent pas
score-method-one-drill = pas d’intervalle : moins de deux exercices
score-note-drills = { $count ->
    [one] { $count } exercice
   *[other] { $count } exercices
}
score-drills-source = registre des formations : résultats des exercices
score-evidence-drill = { $part } sur { $whole } ; { accounts-role }, { $result ->
    [passed] réussi
   *[failed] non réussi
}
score-dated-confidence = { $date }, confiance { $confidence ->
    [high] élevée
    [medium] moyenne
   *[low] faible
}

score-rate = { $rate ->
    [interdiction_effectiveness_rate] taux d’efficacité de l’interception
    [unlawful_border_crossing_effectiveness_rate] taux d’efficacité face aux franchissements illégaux
    [interdiction_rate] taux d’interception
    [detection_fraction] part des franchissements détectés
    [alert_yield] interpellations par alerte
    [nuisance_alarm_fraction] alarmes intempestives, part des alertes
    [unresolved_fraction] pistes sans issue renseignée
   *[other] { $rate }
}
score-rate-by-weeks = taux d’efficacité de l’interception, par semaine
score-repeated-trials = probabilité d’interpellation, essais répétés
score-method-wilson = Wilson, { PERCENT($level) }
score-method-modelled = pas d’intervalle : les franchissements non détectés sont modélisés, non comptés
score-method-exact = pas d’intervalle : tous les franchissements d’une simulation sont connus
score-method-not-fraction = pas d’intervalle : ce n’est pas une proportion
score-method-reported = pas d’intervalle : valeur déclarée
score-method-bootstrap = rééchantillonnage par lieu et par semaine, 95 %
score-method-repeated = plage des parts dissuadées avec Wilson, 95 %
score-note-detected-only = exclut les franchissements non détectés, donc optimiste
score-note-undetected-unknown = le nombre de franchissements non détectés est inconnu
score-note-modelled = aussi fiable que le modèle des franchissements non détectés
score-note-dispositions = d’après les issues saisies par les opérateurs
score-note-more-than-alerts = plus d’interpellations que d’alertes : certaines sans alerte
score-note-one-alert = suppose une alerte par événement
score-note-tracks = pistes sans issue renseignée
score-note-periods = nombres de cas de périodes de longueur différente : la tendance est celle des périodes aussi longues que la plus récente
score-note-target-period = l’objectif { NUMBER($target, maximumFractionDigits: 4) } de { $period } vaut pour une période d’une autre longueur et n’est donc pas appliqué
score-note-not-reported = due ce jour-là et non déclarée
score-note-repeated = de { DECIMAL($low, digits: 3) } à { DECIMAL($high, digits: 3) }, pour { PERCENT($fewest) } à { PERCENT($most) } de personnes dissuadées
score-note-inconsistent = supérieur à 1 : la part dissuadée ne peut pas être aussi grande
score-note-computed = calculé, non observé
score-note-no-value = aucune valeur

score-challenge = { $record ->
    [gap-segments] segments dont la Pd de franchissement est inférieure à { DECIMAL($required, digits: 2) }
    [least-detection] Pd de franchissement la plus faible
    [least-interruption] probabilité d’interruption la plus faible
    [resilience] résilience k de la barrière
    [dead-ground-layout] angles morts du dispositif
    [unknown-segments] segments dont la Pd de franchissement est inconnue
   *[other] { $record }
}
score-challenge-source = watchline challenge, dispositif { $layout }, { $target }, { $conditions }

score-missing = manquant : { $sentence }
score-missing-family = Aucun enregistrement : cette famille n’apporte aucune information, ce qui ne signifie pas qu’il ne se passe rien.
score-missing-outcomes = Aucun décompte d’issues : l’issue des franchissements est inconnue.
score-missing-unknown = { $indicator }, { $place } : inconnu ({ $reason }).
score-missing-stale = { $indicator }, { $place } : la valeur la plus récente date du { $date }.
score-missing-target = { $indicator }, { $place } : pas d’objectif.
score-missing-trend = { $indicator }, { $place } : pas de tendance, moins de deux valeurs comparables.

score-limit-families = Les familles 1 à 3 sont telles que leurs sources les déclarent ; Watchline vérifie seulement qu’elles ne se contredisent pas. Seuls les moyens tactiques sont mesurés ou comptés ici.
score-limit-rates = Le taux d’efficacité de l’interception exclut les franchissements non détectés ; le taux d’efficacité face aux franchissements illégaux les inclut, modélisés, et n’a donc pas d’intervalle d’échantillonnage. Ils sont présentés côte à côte, car chacun seul induit en erreur.
score-limit-events = On compte des événements, non des personnes ni des alertes, car les personnes se déplacent en groupe et les alertes se suivent en série.
score-limit-trend = Une tendance est la pente médiane entre toutes les paires de valeurs datées, par an ; avec peu de valeurs, elle a peu de sens. Un nombre de cas croît avec sa période ; seuls ceux de périodes aussi longues que la plus récente sont donc comparés.
score-limit-empty = Une famille sans enregistrement n’apporte aucune information. Cela ne signifie pas qu’il ne se passe rien.

score-illustrative = Données illustratives : les enregistrements sont inventés pour un exercice. Aucun de ces chiffres ne décrit une frontière réelle.
score-left-out = Laissés de côté, car ils sont illustratifs et les autres données sont réelles : { $files }
score-absent = { $kind ->
    [indicators] Aucun indicateur : la clé `indicators` manque dans le fichier du secteur.
    [outcomes] Ni incident ni résultat : ni la clé `store` ni la clé `outcomes` ne figure dans le fichier du secteur.
    [action_plan] Aucun plan d’action national : la clé `action_plan` manque dans le fichier du secteur.
    [challenge] Ni couverture ni interruption : la clé `challenge` manque dans le fichier du secteur.
    [erased] Des incidents de certaines semaines ont été effacés : ces semaines ne figurent dans aucun nombre, médiane ou tendance.
    [later_challenge] Ni couverture ni interruption : le résultat de `watchline challenge` date d’un jour ultérieur.
   *[other] { $kind }
}
score-to-plan = État du plan d’action national
score-evidence = Enregistrements : { $indicator }, { $place }
score-evidence-more = { $count ->
    [one] { $count } enregistrement plus ancien
   *[other] { $count } enregistrements plus anciens
} : voir le fichier.
score-evidence-number = { NUMBER($value, maximumFractionDigits: 4) }
score-evidence-value = { NUMBER($value, maximumFractionDigits: 4) } { $unit }
score-evidence-counts = interpellations { $apprehended }, refoulements { $turned_back }, fuites { $got_away }, non détectés { $undetected } ; alertes { $alerts }, alarmes intempestives { $nuisance } ; pistes { $tracks }, sans issue { $unresolved }
score-evidence-time = médiane { NUMBER($minutes, maximumFractionDigits: 1) } min, { $count ->
    [one] { $count } incident
   *[other] { $count } incidents
}
score-column-period = jour ou période
score-column-origin = enregistrement
score-age = { $days ->
    [one] il y a { $days } jour
   *[other] il y a { $days } jours
}
score-age-expected = { $days ->
    [one] il y a { $days } jour
   *[other] il y a { $days } jours
}, attendue tous les { $expected } jours
score-method-weeks = rééchantillonnage par semaine, 95 %
score-method-one-week = pas d’intervalle : moins de deux semaines, ou des semaines qui ne diffèrent pas
score-note-incidents = { $count ->
    [0] aucun incident où cette action a été effectuée
    [one] { $count } incident
   *[other] { $count } incidents
}
score-note-open-alerts = { $count ->
    [one] { $count } alerte d’incident ouvert n’est pas encore comptée
   *[other] { $count } alertes d’incidents ouverts ne sont pas encore comptées
} ; la tendance porte sur les semaines passées sans telles alertes
score-note-not-yet = { $count ->
    [one] { $count } incident ouvert où cette action n’a pas encore été effectuée n’est pas compté
   *[other] { $count } incidents ouverts où cette action n’a pas encore été effectuée ne sont pas comptés
}, de sorte que la médiane peut être trop courte ; la tendance porte sur les semaines passées sans de tels incidents
score-origin = { $file }, ligne { $row }
score-origin-imported = { $file }, ligne { $row } ; importé le { $date }
score-origin-hash = { $origin } ; SHA-256 { $hash }…

# All places at once, by indicator

score-summary-notice = { $lines } lignes sont trop nombreuses pour être affichées une à une. Chaque rangée est un indicateur pour tous les lieux ; tendances, valeurs dans le temps et enregistrements sont présentés par lieu.
score-summary-newest = De ce long historique, seules les valeurs les plus récentes ont été lues pour tous les lieux à la fois ; rien n’est donc jugé d’après sa tendance.
score-summary-end = { $value } ({ $place })
score-summary-places = Chaque lieu séparément
score-summary-missing = { $count ->
    [one] { $count } autre phrase sur des données manquantes
   *[other] { $count } autres phrases sur des données manquantes
} : voir chaque lieu.
score-column-places = lieux
score-column-met = objectif atteint
score-column-not-met = non atteint
score-column-open = sans objectif
score-column-unknown = inconnu
score-column-lowest = valeur récente la plus basse
score-column-highest = valeur récente la plus haute

# Pages of the server

report-menu = Pages et langues
report-show = Afficher
report-live = Page en direct
report-pdf = Enregistrer en PDF
report-docx = Enregistrer en DOCX
report-json = En JSON
score-open = Tableau de bord
score-choose-place = Lieu
score-choose-every-place = Tous les lieux
score-choose-day = Jour de l’évaluation
score-choose-known = Connu le

# Deux frontières côte à côte : `watchline indicators compare`

borders-heading = Valeurs d’une même définition et d’une même période
borders-column = { $name ->
    [indicator] indicateur
    [period] jour ou période
    [note] remarque
   *[other] { $name }
}
borders-comparable = { $whole ->
    [one] { $count } indicateur sur { $whole } peut être comparé.
   *[other] { $count } indicateurs sur { $whole } peuvent être comparés.
}
borders-not = Non comparé : { $indicator } ({ $reason }).
borders-reason = { $reason ->
    [missing] { $border } ne l’a pas
    [places] plusieurs lieux de { $border } l’ont ; choisissez-en un avec `watchline score --place`
    [unit] les unités diffèrent, { $first } et { $second }
    [edition] les éditions de la définition diffèrent, { $first } et { $second }
    [undefined] le catalogue ne le définit pas ou n’en fixe pas l’échelle, et une source n’indique pas l’édition de sa définition
    [direction] les sens d’amélioration diffèrent
    [method] il a été calculé de manières différentes, par exemple pour une autre classe de cible, une autre météo ou une autre exigence
    [period] il n’y a pas de valeur d’un jour ou d’une période communs
    [unknown] une valeur est inconnue
    [plan] deux plans ont des mesures différentes
   *[other] { $reason }
}
borders-overlap = { $overlap ->
    [yes] les intervalles se recouvrent : l’écart peut être dû au hasard
   *[other] les intervalles ne se recouvrent pas
}
borders-limits = Aucune valeur n’est par kilomètre, par habitant ou par agent, sauf si son unité l’indique, et les enregistrements augmentent avec les contrôles. Les frontières ne sont pas classées, et aucun nombre unique ne résume une frontière.
