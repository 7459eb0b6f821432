# Le rapport d’une période ou d’une démonstration (report.html).

shift-eyebrow = Rapport Watchline
shift-answer = { $count ->
    [0] Aucune alerte n’a été déclenchée
    [one] { $count } alerte a été déclenchée, dont { $high } de priorité haute
   *[other] { $count } alertes ont été déclenchées, dont { $high } de priorité haute
}, avec { $confirmed ->
    [one] { $confirmed } piste confirmée
   *[other] { $confirmed } pistes confirmées
} ; { $accounted ->
    [all] tous les messages des capteurs sont comptabilisés.
    [none] les capteurs n’ont envoyé aucun message.
   *[other] tous les messages des capteurs ne sont pas comptabilisés.
}
shift-answer-dead-ground = Au moins { PERCENT($fraction) } de la surface à moins de { DISTANCE($belt) } de la frontière est en angle mort : ce qui s’y est passé n’a pas pu être vu.
shift-answer-dead-ground-unknown = La part de la surface qui n’a pas pu être vue est inconnue.
shift-title-demo = Démonstration : { $sector }
shift-notice-demo = Démonstration : les capteurs et toutes les cibles sont simulés. Le broker, les messages, le journal, la poursuite et les alertes sont réels.
shift-notice-sample = Frontière d’exercice sur un terrain d’exemple : les altitudes sont réelles. La frontière est tracée à la main, sans levé. Les latitudes du fichier de terrain semblent décalées de 0,287° vers le nord (décision 0002).
shift-period = { $day }, { $utc } ; heure locale { $local } ; durée { DURATION($length) }
shift-period-utc = { $day }, { $utc } ; durée { DURATION($length) }

shift-headline-figures = Chiffres clés
shift-not-known = inconnu
shift-tile-alerts = Alertes
shift-tile-alerts-why = { $high } de priorité haute, { $confirmed ->
    [one] { $confirmed } piste confirmée
   *[other] { $confirmed } pistes confirmées
}.
shift-tile-messages = Messages comptabilisés
shift-tile-messages-none = aucun message
shift-tile-messages-all = tous
shift-tile-messages-not-all = pas tous
shift-tile-messages-why = { $received } reçus, { $journaled } journalisés, { $duplicate } en double, { $dead_lettered } rejetés, { $shed } délestés.
shift-tile-dead-ground = Angles morts
shift-tile-dead-ground-unknown = Non calculés. Cela ne signifie pas qu’il n’y en a pas.
shift-tile-dead-ground-why = À moins de { DISTANCE($belt) } de la frontière, sur terrain nu : une borne inférieure.
shift-tile-gospa = Erreur de poursuite (GOSPA moyen)
shift-tile-gospa-unknown = Aucune vérité terrain de comparaison.
shift-tile-gospa-why = Seuil { DISTANCE($cutoff) }. Localisation { PERCENT($localisation) }, manquées { PERCENT($missed) }, fausses { PERCENT($false) }.
shift-tile-gospa-covered = Dans la couverture des capteurs : { DECIMAL($mean, digits: 1) } m.
shift-tile-latency-median = Latence médiane
shift-tile-latency-p99 = Latence, 99e centile
shift-tile-latency-unknown = Aucun échantillon.
shift-tile-latency-why = { $samples ->
    [one] { $samples } échantillon.
   *[other] { $samples } échantillons.
}

shift-heading-alerts = Alertes
shift-column-time = Heure
shift-column-alert = Alerte
shift-no-alert = Aucune alerte n’a été déclenchée.
shift-alerts-omitted = { $count ->
    [one] { $count } alerte ultérieure se trouve dans le fichier d’alertes joint à ce rapport.
   *[other] { $count } alertes ultérieures se trouvent dans le fichier d’alertes joint à ce rapport.
}
shift-no-priority = sans priorité
shift-segment = segment { $segment }
shift-track = piste { $track }
shift-workload-unknown = La charge d’alertes est inconnue.
shift-workload = Charge d’alertes d’un opérateur : { $raised ->
    [one] { $raised } alerte
   *[other] { $raised } alertes
} en { DURATION($length) }, { DECIMAL($mean, digits: 1) } par 10 minutes en moyenne, { $busiest } dans les 10 minutes les plus chargées. EEMUA 191 juge cette moyenne { $verdict ->
    [acceptable] acceptable
    [manageable] gérable
    [over-demanding] trop exigeante
   *[unmanageable] ingérable
}.
shift-workload-short = Charge d’alertes d’un opérateur : { $raised ->
    [one] { $raised } alerte
   *[other] { $raised } alertes
} en { DURATION($length) }. EEMUA 191 évalue les alertes par 10 minutes ; cette période est plus courte.
shift-workload-priorities = Priorité à l’ouverture : { PERCENT($high) } haute (recommandé 5 %), { PERCENT($medium) } moyenne (recommandé 15 %), { PERCENT($low) } basse (recommandé 80 %).
shift-workload-defects = Défauts : { $chattering ->
    [one] { $chattering } source répétitive
   *[other] { $chattering } sources répétitives
}, { $stale ->
    [one] { $stale } alerte périmée
   *[other] { $stale } alertes périmées
}, { $duplicates ->
    [one] { $duplicates } alerte en double
   *[other] { $duplicates } alertes en double
}.

shift-heading-map = Carte
shift-map-reading = Sélectionnez une ligne ou un symbole pour plus de détails. Le bouton en haut à droite choisit les couches. Relief d’après le modèle de terrain.
shift-map-live = Le même terrain, les mêmes pistes et alertes sur la carte en direct : exécutez la commande dans le dossier de ce fichier, puis ouvrez l’adresse sur la même machine.
shift-map-script = La carte nécessite JavaScript, contenu dans ce fichier. Le reste de la page fonctionne sans lui.
shift-legend-dead-ground = angles morts
shift-shades = Part de la surface du segment en angle mort :
shift-shade = { PERCENT($low) } à { PERCENT($high) }
shift-shade-unknown = inconnu
shift-row-chainage = le long de la frontière
shift-row-chainage-value = de { DECIMAL($start, digits: 1) } à { DECIMAL($end, digits: 1) } km
shift-row-dead-ground = angles morts
shift-row-alerts = alertes
shift-row-kind = type
shift-row-range = portée
shift-row-height = hauteur d’antenne au-dessus du sol
shift-row-reports = comptes rendus
shift-row-reports-every = toutes les { DURATION($period) }
shift-row-reports-event = sur événement uniquement
shift-row-class = classe probable
shift-row-seen = suivie
shift-row-raised = déclenchée
shift-row-status = état
shift-row-priority = priorité
shift-row-certainty = indices
shift-certainty-reading = Les indices comptent cinq signes : existence d’au moins { PERCENT($existence) }, { $sensors } capteurs ou plus, classe d’au moins { PERCENT($class) }, erreur de position d’au plus { DISTANCE($error) } (95 %), et une détection en ce moment, qu’aucune piste n’a dans un rapport.

shift-heading-dead-ground = Angles morts
shift-dead-ground-not-computed = Les angles morts n’ont pas été calculés pour ce rapport. Cela ne signifie pas qu’il n’y en a pas.
shift-dead-ground-unknown = La visibilité est inconnue sur toute la surface le long de la frontière.
shift-dead-ground = Avec tous les capteurs de ce dispositif en service, { PERCENT($fraction) } de la surface à moins de { DISTANCE($belt) } de la frontière est en angle mort. La part dépasse la moitié dans { $dark } sur { $known ->
    [one] { $known } segment
   *[other] { $known } segments
}.
shift-dead-ground-worst = Le plus d’angles morts : { $segments }.
shift-dead-ground-segment = segment { $segment } ({ PERCENT($fraction) })
shift-dead-ground-unknown-part = La visibilité est inconnue pour { PERCENT($fraction, digits: 1) } de la surface.
shift-dead-ground-formula = angles morts = 1 − (mailles en ligne de vue d’au moins un capteur) ÷ (mailles de visibilité connue)
shift-dead-ground-limit-sight = Une maille est en ligne de vue si au moins un capteur en service l’a dans sa portée et son champ, avec une ligne dégagée au-dessus du modèle de terrain jusqu’à une personne debout. Une ligne de vue n’est pas une détection.
shift-dead-ground-limit-bare = Le terrain est supposé nu et la personne debout : les arbres, les bâtiments et la progression en rampant augmentent les angles morts ; la part réelle est donc plus élevée. Les intempéries, les pannes et le camouflage réduisent encore la détection.
shift-dead-ground-limit-ground-sensor = Un capteur au sol compte pour toute la maille où il se trouve, bien qu’il ne perçoive qu’à quelques dizaines de mètres : le chiffre est optimiste.
shift-dead-ground-limit-cells = Les creux plus petits qu’une maille du modèle de terrain ne sont pas résolus. Les mailles derrière une lacune du terrain sont inconnues et exclues des deux décomptes.

shift-heading-quality = Qualité de poursuite et latence
shift-gospa-unknown = Sans vérité terrain, l’erreur de poursuite est inconnue.
shift-gospa = GOSPA compare les pistes aux cibles simulées à { $instants ->
    [one] { $instants } instant
   *[other] { $instants } instants
} : { DECIMAL($mean, digits: 1) } m en moyenne (plus bas est meilleur). Il combine la distance des pistes à leurs cibles, les cibles manquées et les fausses pistes. La part principale : { $part ->
    [localisation] localisation
    [missed] cibles manquées
   *[false] fausses pistes
} ({ PERCENT($fraction) }). Les cibles en angle mort comptent comme manquées.
shift-latency-alert = La latence est mesurée de l’observation d’une détection à la publication de l’alerte.
shift-latency-picture = La latence est mesurée de l’envoi d’un balayage à son intégration dans les pistes enregistrées (temps réel).

shift-heading-messages = Bilan des messages
shift-balanced = Équilibré.
shift-not-balanced = Non équilibré.
shift-not-checked = Non vérifié.
shift-receipts = Réceptions : { $received } reçus = { $journaled } journalisés + { $duplicate } en double + { $dead_lettered } rejetés + { $shed } délestés.
shift-messages = Messages : { $published } publiés = { $journaled } journalisés + { $dead_lettered } rejetés + { $shed } délestés, chacun compté une fois.
shift-messages-unknown = Messages : le nombre publié par les émetteurs est inconnu.
shift-column-sensor = Capteur
shift-column-published = publiés
shift-column-received = reçus
shift-column-journaled = journalisés
shift-column-duplicate = en double
shift-column-dead_lettered = rejetés
shift-column-shed = délestés
shift-column-balanced = équilibré
shift-yes = oui
shift-no = non
shift-all-sensors = Tous les capteurs
shift-no-known-sensor = (capteur inconnu)
shift-colophon = Établi par Watchline à partir du journal et des bases de cette exécution. Référence des altitudes : { $datum } ; mailles de { DISTANCE($cell) }. Dispositif : { $layout }, { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}. { $zone ->
    [UTC] Heures en UTC.
   *[other] Heures en UTC, puis en { $zone }.
} Carte : Leaflet (BSD 2-Clause), dessinée par folium. Figures : matplotlib.

shift-figure-gospa = Erreur de poursuite dans le temps
shift-figure-gospa-alt = GOSPA dans le temps, en mètres : moyenne { DECIMAL($mean, digits: 1) }, minimum { DECIMAL($low, digits: 1) }, maximum { DECIMAL($high, digits: 1) }, réparti en erreur de localisation, cibles manquées et fausses pistes.
shift-figure-gospa-caption = Plus bas est meilleur. La ligne est GOSPA ; les bandes en montrent les parts.
shift-figure-gospa-thinned = Chaque point est la moyenne généralisée de { $count } instants.
shift-gospa-localisation = localisation
shift-gospa-missed = manquées
shift-gospa-false = fausses
shift-axis-minutes = minutes depuis le début
shift-axis-gospa = GOSPA [m]
shift-figure-latency = Latence
shift-figure-latency-alt = Latence de { $samples ->
    [one] { $samples } échantillon
   *[other] { $samples } échantillons
} : médiane { DECIMAL($median) } ms, 99e centile { DECIMAL($high) } ms.
shift-figure-latency-caption = Barres : nombre d’échantillons. Lignes : centiles.
shift-latency-median = médiane { DECIMAL($value) } ms
shift-latency-p99 = p99 { DECIMAL($value) } ms
shift-axis-latency = millisecondes (logarithmique)
shift-axis-count = nombre
shift-figure-sensors = Messages par capteur
shift-figure-sensors-alt = Messages journalisés par capteur : { $sensors }.
shift-figure-sensors-caption = Les balayages sans détection sont aussi comptés.
shift-sensor-count = { $sensor } { DECIMAL($count) }
shift-more-sensors =
    { $count ->
        [one] { $count } autre
       *[other] { $count } autres
    }
shift-axis-journaled = messages journalisés
shift-figure-border = Alertes et angles morts le long de la frontière
shift-figure-border-alt = { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
} le long de { $segments ->
    [one] { $segments } segment
   *[other] { $segments } segments
}, { DECIMAL($length, digits: 1) } km.
shift-figure-border-worst = Le plus d’angles morts : segment { $segment }, { PERCENT($fraction) } de sa surface.
shift-figure-border-caption = Peu d’alertes au-dessus d’une grande barre d’angles morts indiquent un manque de couverture, non un manque d’activité.
shift-other-rules = autres
shift-axis-alerts = alertes
shift-axis-dead-ground = angles morts
shift-axis-chainage = km le long de la frontière
shift-not-computed = non calculés

## Incidents

shift-incidents =
    { $count ->
        [0] Aucun incident.
        [one] { $count } incident ; non clos : { $open }, clos par le système sans action d’opérateur : { $system }.
       *[other] { $count } incidents ; non clos : { $open }, clos par le système sans action d’opérateur : { $system }.
    }
shift-incidents-disposition = { $disposition ->
    [apprehended] interpellation
    [turn_back] demi-tour
    [got_away] fuite
    [no_threat] sans menace
    [rescue] sauvetage
    [lost] perdu
    [nuisance] alarme intempestive
    [restored] équipement rétabli
    [unresolved] non résolu
   *[merged] fusionné
} { $count }
shift-incidents-dispositions = Issues : { $dispositions }.
shift-incidents-operational = Taux d’efficacité de l’interception (franchissements détectés) : { $part } sur { $whole }, { PERCENT($value) } (intervalle à 95 % : { PERCENT($low) } à { PERCENT($high) }).
shift-incidents-no-rate = Taux d’efficacité de l’interception : inconnu ; aucun incident n’a été clos par une interpellation, un demi-tour ou une fuite.
shift-incidents-statutory-unknown = Taux d’efficacité face aux franchissements illégaux : inconnu sans le nombre de franchissements non détectés.
shift-incidents-acknowledged = Délai de prise en charge : médiane { DURATION($median) }, 90 % en moins de { DURATION($most) } ({ $count ->
    [one] { $count } incident
   *[other] { $count } incidents
}).
shift-incidents-closed = Délai jusqu’à l’issue : médiane { DURATION($median) }, 90 % en moins de { DURATION($most) } ({ $count ->
    [one] { $count } incident
   *[other] { $count } incidents
}).
