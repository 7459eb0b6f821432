# `watchline compare` : lignes affichées, page et PDF du rapport.

compare-objective = { $objective ->
    [mean_detection] détection moyenne
    [least_detection] détection sur le trajet de détection minimale
    [mean_interruption] probabilité d’interruption moyenne
    [least_interruption] probabilité d’interruption sur le trajet le plus vulnérable
   *[other] { $objective }
}
compare-objective-meaning = { $objective ->
    [mean_detection] moyenne, le long de la frontière, de la probabilité qu’un franchissement soit détecté et son alerte évaluée
    [least_detection] probabilité qu’un franchissement par le trajet de détection minimale, où que ce soit sur la frontière, soit détecté et son alerte évaluée
    [mean_interruption] moyenne, le long de la frontière, de la probabilité qu’un franchissement soit interrompu
    [least_interruption] probabilité qu’un franchissement par le trajet le plus vulnérable, où que ce soit sur la frontière, soit interrompu
   *[other] { $objective }
}
compare-target = { $target ->
    [person] personne à pied
    [group] groupe
    [vehicle] véhicule
   *[other] { $target }
}
compare-direction = { $direction ->
    [outward] sens sortant
   *[inward] sens entrant
}
compare-measure = { $measure ->
    [mean_detection] détection moyenne
    [least_detection] détection sur le trajet de détection minimale
    [mean_interruption] probabilité d’interruption moyenne
    [least_interruption] probabilité d’interruption sur le trajet le plus vulnérable
    [meets_requirement_km] frontière conforme à l’exigence
    [assessed_fraction] alertes évaluées par un opérateur
    [alerts_per_day] alertes par jour
    [life_cycle_cost] coût du cycle de vie [{ $currency }]
    [first_cost] coût initial [{ $currency }]
    [crew] personnel de service à tout moment
    [teams] équipes supplémentaires
    [bought_fraction] capteurs couverts par le budget
    [cost_per_km_meeting_requirement] coût par km conforme à l’exigence [{ $currency }]
    [covered_km] frontière couverte
    [cost_per_covered_km] coût des capteurs et des relais par km couvert [{ $currency }]
    [challenge_left] difficulté géographique restante
    [k] résilience k de la barrière, par empreintes
    [gain_before] gain sur le premier dispositif, mêmes trajets
    [gain_after] gain sur le premier dispositif, après report
    [single_points_of_failure] points de défaillance uniques
    [unlinked] sans liaison avec une base
   *[other] { $measure }
}
compare-input = { $input ->
    [service_s] durée de traitement d’une alerte [s]
    [patience_s] délai avant péremption d’une alerte [s]
    [genuine_alerts_per_day] alertes par jour dues à des mouvements réels
    [communication] probabilité de transmission d’une alarme
    [repair_factor] durée de réparation, relative
    [response_factor] délai d’intervention, relatif
    [cost_per_person_year] coût par personne et par an
    [people_per_post] personnes nécessaires pour armer un poste
   *[other] { $name }
}
compare-conditions = { $conditions ->
    [day] jour
    [night] nuit
    [fog] brouillard
    [rain] pluie
    [wind] vent
   *[other] { $name }
}
compare-input-weather = part des franchissements : { $weather }
compare-input-item = { $item } : { $quantity ->
    [capex] prix d’achat
    [opex_per_year] coût d’exploitation annuel
    [service_life_years] durée de vie [ans]
    [availability] disponibilité
    [false_alarms_per_day] fausses alarmes et alarmes intempestives par jour
    [range_factor] portée, relative
    [crew] personnel
    [speed_mps] vitesse [m/s]
    [sweep_width_m] largeur balayée [m]
    [duty_share] part du temps en patrouille
    [identified_share] part des détections identifiées
    [mast_height_m] hauteur d’antenne au-dessus du sol [m]
    [set_up_h] durée de mise en place [h]
    [delay_s] délai de transmission [s]
    [length_km] longueur [km]
    [weather] performance restante : { $conditions }
   *[other] { $name }
}
compare-scenario = { $scenario ->
    [as_planned] comme prévu
    [week_of_fog] une semaine de brouillard
    [half_available] chaque capteur disponible la moitié du temps
    [jammed] radars et radiogoniomètres brouillés
    [one_part_stolen] un capteur ou relais volé
    [three_parts_stolen] trois capteurs ou relais volés
    [one_post_withdrawn] un poste retiré
    [all_posts_withdrawn] tous les postes retirés
   *[other] { $scenario }
}

compare-headline-better = { $better } surpasse { $worse } { $cost ->
    [equal] à coût de cycle de vie égal
   *[budget] à budget égal
} : probabilité { PROBABILITY($probability) }
compare-headline-equal = { $first } et { $other } sont équivalents { $cost ->
    [equal] à coût de cycle de vie égal
   *[budget] à budget égal
}
compare-headline-unknown = { $first } et { $other } ne sont pas comparables : une donnée est inconnue
compare-headline-best = { $best } arrive en tête des { $count } dispositifs { $cost ->
    [equal] à coût de cycle de vie égal
   *[budget] à budget égal
}
compare-headline-shared = { $best } arrivent en tête à égalité, sur { $count } dispositifs, { $cost ->
    [equal] à coût de cycle de vie égal
   *[budget] à budget égal
}
compare-detail-objective = Critère : { $objective ->
    [mean_detection] détection moyenne
    [least_detection] détection sur le trajet de détection minimale
    [mean_interruption] probabilité d’interruption moyenne
    [least_interruption] probabilité d’interruption sur le trajet le plus vulnérable
   *[other] { $objective }
}. Chaque dispositif coûte environ { DECIMAL($cost) } { $currency } sur { $years ->
    [one] { $years } an
   *[other] { $years } ans
}.
compare-detail-objective-costs = Critère : { $objective ->
    [mean_detection] détection moyenne
    [least_detection] détection sur le trajet de détection minimale
    [mean_interruption] probabilité d’interruption moyenne
    [least_interruption] probabilité d’interruption sur le trajet le plus vulnérable
   *[other] { $objective }
}. Le budget est le même pour chaque dispositif, mais le coût du cycle de vie sur { $years ->
    [one] { $years } an
   *[other] { $years } ans
} diffère : { $costs }.
compare-layout-cost = { DECIMAL($cost) } { $currency } pour { $layout }
compare-detail-better = { $better } est meilleur que { $worse } dans { $ties ->
    [0] { PERCENT($probability) } (± { PERCENT($error, digits: 1) }) des { DECIMAL($samples) } tirages de Monte-Carlo.
   *[other] { PERCENT($wins, digits: 1) } et à égalité dans { PERCENT($ties, digits: 1) } des { DECIMAL($samples) } tirages de Monte-Carlo ; en comptant les égalités pour moitié, { PERCENT($probability) } (± { PERCENT($error, digits: 1) }).
} Écart { DECIMAL($difference, digits: 3) } (90 % des tirages : de { DECIMAL($low, digits: 3) } à { DECIMAL($high, digits: 3) }). Niveau de confiance { $grade }.
compare-detail-equal = { $first } et { $other } sont à égalité dans les { DECIMAL($samples) } tirages de Monte-Carlo. Niveau de confiance { $grade }.
compare-detail-unknown = { $first } et { $other } ne sont pas comparables, car une donnée du critère est inconnue.
compare-detail-budget = { $layout } : le budget ne couvre que { PERCENT($fraction) } des capteurs.
compare-detail-unlinked = { $layout } : { $count ->
    [one] { $count } capteur ou relais n’a aucune liaison avec une base et est exclu ({ $names }).
   *[other] { $count } capteurs ou relais n’ont aucune liaison avec une base et sont exclus ({ $names }).
} Utilisez `watchline plan SECTOR --start LAYOUT --item radio_relay` pour trouver des relais, ou indiquez `reports_by` dans le dispositif.
compare-detail-minimum = { $layout } : { PERCENT($detection, digits: 1) } de détection sur le trajet de détection minimale.
compare-warning = Avertissement : { $warning }

compare-doing-layouts = Dispositifs
compare-doing-samples = Tirages de Monte-Carlo

compare-eyebrow = Comparaison Watchline
compare-title = Comparaison de { $first } avec { $count ->
    [one] { $other }
   *[other] { $count } autres dispositifs
}
compare-about = Cible : { $target }, { $direction }. Période : { $years ->
    [one] { $years } an
   *[other] { $years } ans
}, taux d’actualisation { PERCENT($discount, digits: 2) } par an. { $fixed ->
    [yes] Budget : { DECIMAL($budget) } { $currency }.
   *[no] Budget : le coût du dispositif le plus cher, dans chaque tirage.
} { DECIMAL($samples) } tirages de Monte-Carlo, graine { $seed }. { $operators ->
    [one] { $operators } opérateur
   *[other] { $operators } opérateurs
} en salle de contrôle. { $item ->
    [none] Le budget restant n’est pas dépensé.
   *[other] Le budget restant achète : { $item }.
}
compare-heading-decides = Données décisives
compare-compared-by = Critère : { $meaning }.
compare-decided = { $other } : le verdict a le niveau de confiance { $grade } (H officiel ou reproduit, M presse, fabricant ou déduit, L hypothèse). { $count ->
    [0] Aucune donnée échantillonnée n’est décisive.
    [one] Donnée décisive : { $inputs }.
   *[other] Données décisives : { $inputs }.
}
compare-input-graded = { $input } ({ $grade })
compare-heading-requirements = Exigences
compare-no-requirements = Aucune exigence n’a été fournie. Des exigences figées avant que le résultat soit connu, avec un journal de chaque modification, garantissent l’honnêteté d’une recette : un programme américain a été accepté alors que moins de la moitié des objets d’intérêt étaient identifiés.
compare-weakened = Plus facile à satisfaire aujourd’hui que lors de sa fixation.
compare-heading-assumptions = Hypothèses et sources
compare-heading-limits = Limites
compare-colophon = Mailles de { DISTANCE($cell) }, à moins de { DISTANCE($belt) } de la frontière, { DECIMAL($paths) } trajets candidats. Catalogue : { $catalogue }.

compare-none = aucun
compare-table-outcomes = Résultats : médiane (5 à 95 % des tirages)
compare-range = { $middle } (de { $low } à { $high })
compare-interval = de { $low } à { $high }
compare-partly = { $middle } (aucune valeur dans { PERCENT($fraction) } des tirages)
compare-times = × { DECIMAL($factor, digits: 2) }
compare-table-pairs = Comparaison deux à deux
compare-pair = { $first } contre { $other } : { $objective }
compare-column-better = P(meilleur), égalités comptées pour moitié
compare-column-ties = égalités
compare-column-difference = écart (5 à 95 % des tirages)
compare-table-break-even = Facteurs d’équilibre
compare-break-even-row = { $layout }, comparé à { $other }
compare-column-layout = dispositif
compare-column-availability = sur la disponibilité de tous ses capteurs
compare-column-price = sur tous ses prix
compare-table-strips = Interruption et nombre de bandes
compare-strips-row = { $layout } : { $measure }
compare-column-strips = { $strips ->
    [one] { $strips } bande
   *[other] { $strips } bandes
}
compare-table-inputs = Données échantillonnées
compare-column-input = donnée
compare-column-low = basse
compare-column-central = centrale
compare-column-high = haute
compare-column-grade = niveau
compare-column-source = source
compare-table-model = Modèle de détection
compare-assumption = { $name ->
    [person_speed_mps] vitesse d’une personne
    [group_speed_mps] vitesse d’un groupe
    [vehicle_speed_mps] vitesse d’un véhicule
    [radar_period_s] radar : période de balayage
    [radar_group_range_factor] radar : portée pour un groupe, relative
    [radar_vehicle_range_factor] radar : portée pour un véhicule, relative
    [radar_rain_k] radar : affaiblissement par la pluie, coefficient k
    [radar_rain_alpha] radar : affaiblissement par la pluie, exposant α
    [radar_clutter_rain_mm_h] radar : fouillis de pluie
    [radar_clutter_exponent] radar : fouillis de pluie, exposant
    [radar_clutter_wind_mps] radar : fouillis dû au vent
    [camera_search_s] caméra : durée de recherche
    [radio_search_s] radiogoniomètre : durée de recherche
    [human_search_s] observateur : durée de recherche
    [radar_canopy_fraction] radar : canopée
    [camera_canopy_fraction] caméra : canopée
    [radio_canopy_fraction] radiogoniomètre : canopée
    [human_canopy_fraction] observateur : canopée
    [day_contrast] contraste de jour
    [least_contrast] contraste visible minimal
    [thermal_contrast_k] contraste thermique
    [thermal_least_contrast_k] contraste thermique visible minimal
    [thermal_wavelength_um] longueur d’onde thermique
    [vapour_extinction_per_km] extinction par la vapeur d’eau
    [rain_extinction_db_per_km] extinction par la pluie
    [rain_extinction_exponent] extinction par la pluie, exposant
    [seismic_wind_mps] capteur au sol : vent
    [seismic_rain_mm_h] capteur au sol : pluie
    [confident_look_probability] Pd par observation d’une couverture certaine
   *[other] { $text }
}
compare-assumption-source = { $name ->
    [person_speed_mps] une personne à pied hors route ; aussi celle des exemples traités
    [group_speed_mps] comme une personne
    [vehicle_speed_mps] un véhicule hors route, conduit prudemment
    [radar_period_s] la rotation d’un radar dont le dispositif ne donne pas period_s
    [radar_group_range_factor] un groupe n’est pas détecté plus loin qu’une seule personne
    [radar_vehicle_range_factor] un véhicule est détecté à 1,5 à 2 fois la portée pour une personne
    [radar_rain_k] UIT-R P.838-3, 10 GHz, polarisation horizontale
    [radar_rain_alpha] UIT-R P.838-3, 10 GHz, polarisation horizontale
    [radar_clutter_rain_mm_h] pluie dont le fouillis égale le bruit à la portée de référence, après le filtre Doppler
    [radar_clutter_exponent] Z = 200 R^1,6, Marshall et Palmer (1948)
    [radar_clutter_wind_mps] vent dans lequel le mouvement des plantes double le bruit
    [camera_search_s] durée au bout de laquelle la recherche d’une caméra dans son champ a montré tout ce qu’elle peut montrer
    [radio_search_s] durée au bout de laquelle une cible munie d’un émetteur l’a utilisé
    [human_search_s] durée au bout de laquelle un observateur a parcouru son champ, comme une caméra
    [radar_canopy_fraction] part de la hauteur des arbres qui masque un radar
    [camera_canopy_fraction] part de la hauteur des arbres qui masque une caméra
    [radio_canopy_fraction] part de la hauteur des arbres qui masque un radiogoniomètre
    [human_canopy_fraction] part de la hauteur des arbres qui masque un observateur
    [day_contrast] contraste des vêtements ou de la peinture sur la végétation
    [least_contrast] Koschmieder (1924) : le plus faible contraste visible
    [thermal_contrast_k] une personne ou un moteur par rapport au sol
    [thermal_least_contrast_k] la plus petite différence que voit une caméra refroidie, ou une bonne caméra non refroidie
    [thermal_wavelength_um] milieu de la fenêtre de l’infrarouge lointain
    [vapour_extinction_per_km] fenêtre de l’infrarouge lointain, ordre de grandeur de l’air d’été de LOWTRAN
    [rain_extinction_db_per_km] Carbonneau et Wisely (1998), comme dans UIT-R P.1814 : 1,076 R^0,67
    [rain_extinction_exponent] Carbonneau et Wisely (1998), comme dans UIT-R P.1814
    [seismic_wind_mps] vent qui double le bruit du sol
    [seismic_rain_mm_h] pluie qui double le bruit du sol
    [confident_look_probability] Pd par observation à partir de laquelle un capteur est compté parmi ceux qui couvrent une maille avec certitude
    [service_s] hypothèse : temps dont un opérateur a besoin pour une alerte
    [patience_s] hypothèse : temps après lequel une alerte ne mérite plus d’être évaluée
    [genuine_alerts_per_day] hypothèse : alertes dues à des personnes et à des véhicules, trafic légitime compris
    [communication] hypothèse : une alarme parvient à une équipe capable d’intervenir
    [repair_factor] hypothèse : durée de réparation, relative à celle que supposent les disponibilités
    [response_factor] hypothèse : délai d’intervention, relatif à celui du modèle de déplacement
    [weather] hypothèse : parts des franchissements d’une année
   *[other] { $text }
}
compare-assumption-unit = { $name ->
    [vapour_extinction_per_km] 1/km par g/m³
    [rain_extinction_db_per_km] dB/km à 1 mm/h
   *[other] { $text }
}
compare-column-assumption = hypothèse
compare-column-value = valeur
compare-column-unit = unité
compare-table-summary = { $title } ({ $rows })
compare-requirement-title = { $name } : { $measure }
compare-column-meets = atteint { $value } dans
compare-column-meets-first = atteint la valeur initiale ({ $value }) dans
compare-requirement-set = { $name } : fixée à { $value } le { $date } par { $person } : { $reason }
compare-requirement-changed = { $name } : changée en { $value } le { $date } par { $person } : { $reason }

compare-limit-independent = Les non-détections et les pannes des différents capteurs sont indépendantes, et l’évaluation d’une alerte par un opérateur est indépendante du franchissement.
compare-limit-paths = Le trajet de détection minimale est le minimum sur les trajets candidats ; la détection peut donc être légèrement surestimée dans les tirages éloignés du centre.
compare-limit-ground-used = Les déplacements et l’intervention utilisent { $layers }.
compare-limit-ground-missing = Absents du terrain et du secteur : { $layers }.
compare-limit-no-bases = Aucune intervention n’est calculée : le secteur n’a pas de base sur le terrain. Dans un dispositif sans passerelle, les liaisons ne sont pas vérifiées et tous les capteurs sont pris en compte.
compare-limit-response = Une équipe de la base la plus proche en temps intervient, en véhicule là où cela fait gagner du temps, puis à pied, et se rend au point où le trajet quitte la bande frontalière.
compare-limit-response-unknown = { $count ->
    [one] L’interruption est inconnue dans { $count } segment, exclu de sa moyenne, et de son minimum sauf si un dispositif n’y détecte rien : les intervenants l’atteignent au mieux par un terrain inconnu.
   *[other] L’interruption est inconnue dans { $count } segments, exclus de sa moyenne, et de son minimum sauf si un dispositif n’y détecte rien : les intervenants les atteignent au mieux par un terrain inconnu.
}
compare-limit-vehicle = Véhicule hors route : { DECIMAL($speed, digits: 1) } m/s sur terrain plat et dégagé, multiplié par exp(−{ DECIMAL($decline, digits: 1) } × |pente|), jusqu’à une pente de { DECIMAL($limit, digits: 2) } ; sur route, la vitesse de sa classe. À pied : fonction de marche de Tobler, multipliée par { DECIMAL($factor, digits: 2) } hors sentier. Départ { DURATION($turnout) }, descente du véhicule { DURATION($dismount) }.
compare-limit-strips = Les trajets sont découpés en { $strips } bandes de { DISTANCE($depth) } ; une détection laisse { PERCENT($position) } du temps dans sa bande. Les durées des bandes et de l’intervention varient de { PERCENT($spread) } (1 σ), indépendamment.
compare-limit-strips-sensitivity = Deux fois moins ou deux fois plus de bandes modifient la probabilité d’interruption comme l’indique le tableau « Interruption et nombre de bandes » (toutes données centrales).
compare-limit-unbought = { $layouts } : la frontière couverte, son coût par km, la résilience de la barrière et les points de défaillance uniques sont inconnus, car aux prix centraux le budget ne couvre pas tous les capteurs et relais.
compare-limit-segments = { $count ->
    [0] Aucun segment n’est exclu.
    [one] { $count } segment est exclu, car il est infranchissable, ou la détection y est inconnue.
   *[other] { $count } segments sont exclus, car ils sont infranchissables, ou la détection y est inconnue.
}
compare-limit-cost = Coût annuel équivalent : un équipement conserve la valeur de sa durée de vie non utilisée.
compare-limit-central = Les sensibilités, les scénarios défavorables, la courbe de coût et les facteurs d’équilibre utilisent les données centrales. Une telle valeur peut sortir de l’intervalle des tirages, car de nombreuses données sont asymétriques.
compare-limit-resilience = La résilience k de la barrière compte les empreintes qu’il faut traverser, si peu qu’un capteur y détecte. La détection sur le trajet de détection minimale indique ce qui est détecté.
compare-limit-resilience-bounds = { $layouts } : la résilience k de la barrière est comprise entre deux bornes, car la ligne de vue d’un capteur est inconnue ; les points de défaillance uniques sont inconnus.
compare-limit-dash = Un tiret parmi les facteurs d’équilibre signifie qu’il n’en existe aucun dans la plage essayée.
compare-history = { $states ->
    [one] Exigences : { $states } état enregistré
   *[other] Exigences : { $states } états enregistrés
} depuis le { $since }, chaîne de hachage { $hash } ({ $file }). Les rapports antérieurs indiquent ses hachages antérieurs.
compare-history-undeclared = Exigence modifiée sans entrée de modification, constaté le { $date } : { $what }.
compare-history-unwritten = Cet état des exigences n’a pas pu être enregistré : { $reason }.
compare-undeclared-removed = { $name } a été supprimée ; sa valeur était { $value }, fixée le { $date } par { $person } ({ $reason })
compare-undeclared-measure = { $name } portait sur { $before } et porte désormais sur { $now }
compare-undeclared-entry-removed = { $name } : l’entrée { $value }, { $date }, { $person } ({ $reason }) a été supprimée
compare-undeclared-entry-changed = { $name } : l’entrée { $value }, { $date }, { $person } ({ $reason }) est devenue { $new_value }, { $new_date }, { $new_person } ({ $new_reason })

compare-figure-maps = Détection le long de la frontière
compare-figure-maps-alt = Cartes des dispositifs côte à côte. Détection moyenne : { $means }.
compare-figure-maps-mean = { $layout } { PERCENT($mean) }
compare-figure-maps-caption = Ligne : probabilité qu’un franchissement de chaque segment, par le trajet le plus favorable à la personne, soit détecté et son alerte évaluée, sur la météo et les pannes d’une année ; médiane des tirages. Tirets : limite de la bande frontalière. Vert : le trajet de détection minimale par le temps le plus fréquent.
compare-figure-map-title = { $layout } : { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}{ $relays ->
    [0] {""}
    [one] , { $relays } relais (triangle)
   *[other] , { $relays } relais (triangles)
}
compare-axis-assessed = détecté et évalué
compare-axis-chainage = le long de la frontière [km]
compare-figure-along = Détection par segment
compare-figure-along-alt = Détection dans chaque segment pour chaque dispositif, avec son intervalle.
compare-figure-along-caption = Marches : médiane des tirages. Ombré : 5 à 95 % des tirages. Pointillé : l’exigence, { PERCENT($required) }. Les segments infranchissables sont exclus.
compare-figure-samples = Distribution du résultat
compare-figure-samples-alt = Distribution cumulée du critère et de son écart sur les tirages.
compare-figure-samples-caption = Toutes les courbes utilisent les mêmes tirages : une donnée commune à deux dispositifs y a la même valeur. Là où une courbe de droite croise zéro, sa hauteur est la part des tirages où le premier dispositif est moins bon.
compare-axis-fraction = part des tirages en dessous
compare-axis-difference = écart de { $objective }
compare-less = { $first } − { $other }
compare-figure-cost = Coût et détection, avec le front de Pareto
compare-figure-cost-alt = Le critère en fonction du coût du cycle de vie pour chaque dispositif.
compare-figure-cost-caption = Points : résultats pour un quart à deux fois le coût de la comparaison (pointillé). En dessous du coût d’un dispositif, ses capteurs sont achetés dans l’ordre de son fichier ; au-dessus, le budget restant achète des équipes. Marches grises : le front de Pareto ; aucun point ne fait mieux à coût égal ou moindre. Toutes données centrales.
compare-axis-cost = coût du cycle de vie [millions { $currency }]
compare-pareto-front = front de Pareto
compare-figure-tornado = Données décisives : { $first } contre { $other }
compare-figure-tornado-alt = { $count ->
    [0] Diagramme en tornade de l’écart : aucune donnée ne le modifie.
   *[other] Diagramme en tornade de l’écart : { $effects }.
}
compare-figure-tornado-effect = { $input } de { DECIMAL($low, digits: 3) } à { DECIMAL($high, digits: 3) }
compare-figure-tornado-caption = Chaque donnée seule à ses quantiles 10 % et 90 %, toutes les autres centrales. Entre parenthèses, le niveau de sa source : H officiel ou reproduit, M presse, fabricant ou déduit, L hypothèse. Là où une barre franchit zéro, cette donnée seule inverse le verdict.
compare-axis-tornado = { $first } − { $other }, { $objective }
compare-low-end = à son quantile 10 %
compare-high-end = à son quantile 90 %
compare-figure-scenarios = Scénarios défavorables
compare-figure-scenarios-alt = Détection moyenne comme prévu et dans chaque scénario.
compare-figure-scenarios-caption = Toutes données centrales. Les personnes choisissent à nouveau parmi les trajets candidats ; un vol peut donc coûter plus qu’indiqué. De plusieurs pertes possibles, la plus coûteuse est retenue.
compare-not-applicable = s. o.
