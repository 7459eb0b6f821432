# Alertes : titres (douze mots au plus, un nombre et son unité comptent pour un), précisions, motifs et interventions.

alert-target = { $class ->
    [person] Personne à pied probable
    [group] Groupe probable
    [vehicle] Véhicule probable
    [animal] Animal probable
   *[unknown] Cible non classée
}
alert-direction = { $direction ->
    [inbound] sens entrant
    [outbound] sens sortant
   *[none] le long de la frontière
}
alert-side = { $side ->
    [own] en deçà de
   *[far] au-delà de
}
alert-rule = { $rule ->
    [distress] Détresse
    [crossing] Franchissement
    [approaching] Approche
    [track_initiated_inside] Piste initiée à l’intérieur
    [entering_dead_ground] Entrée en angle mort
    [loitering] Présence prolongée
    [group_formed] Groupe formé
    [coverage_lost] Perte de couverture
    [activity_below_baseline] Activité sous la normale
    [sensor_offline] Capteur hors ligne
    [sensor_fault] Défaut de capteur
   *[other] { $rule }
}
alert-priority = { $priority ->
    [distress] Détresse
    [high] Haute
    [medium] Moyenne
    [low] Basse
   *[other] { $priority }
}
alert-status = { $status ->
    [active] active
    [acknowledged] acquittée
    [cleared] levée
    [rejected] rejetée
   *[other] { $status }
}
alert-impact-level = { $level ->
    [low] faible
    [medium] moyen
    [high] élevé
    [critical] critique
   *[other] { $level }
}

## Titres

alert-crossing = { alert-target }, piste { $track } : franchissement { $direction ->
    [inbound] entrant
    [outbound] sortant
   *[unknown] de la frontière
}, segment { NUMBER($segment, useGrouping: 0) }
alert-approaching = { alert-target }, piste { $track }, approche ({ alert-direction }) : frontière dans { DURATION($time_to_border_s) }
alert-approaching-distance = { alert-target }, piste { $track }, approche ({ alert-direction }), frontière à { DISTANCE($offset_m) }
alert-track-initiated-inside = Piste { $track } initiée à { DISTANCE($offset_m) } à l’intérieur, aucun franchissement détecté
alert-entering-dead-ground = { alert-target }, piste { $track } : angle mort dans { DURATION($dead_ground_in_s) }
alert-loitering = { alert-target }, piste { $track }, sur place depuis { DURATION($duration_s) }, segment { NUMBER($segment, useGrouping: 0) }
alert-group-formed = Groupe de { $count ->
    [one] { $count } piste
   *[other] { $count } pistes
}, { DISTANCE($offset_m) } { alert-side } la frontière, segment { NUMBER($segment, useGrouping: 0) }
alert-coverage-lost = Couverture perdue, { $count ->
    [one] { $count } segment
   *[other] { $count } segments
} sur { $total } ({ $segments }) : { $sensor } { alert-cause }
alert-coverage-lost-many = Couverture perdue, { $count ->
    [one] { $count } segment
   *[other] { $count } segments
} sur { $total } : { $sensor } { alert-cause }
alert-coverage-gap = Lacune de couverture, { $count ->
    [one] { $count } segment
   *[other] { $count } segments
} sur { $total } ({ $segments }) : { $sensor } { alert-cause }
alert-coverage-gap-many = Lacune de couverture, { $count ->
    [one] { $count } segment
   *[other] { $count } segments
} sur { $total } : { $sensor } { alert-cause }
alert-cause = { $cause ->
    [offline] hors ligne
    [muted] en sourdine
    [frozen_data] figé
    [unknown_position] position inconnue
   *[other] ne détecte plus
}
alert-activity-below-baseline = Segment { NUMBER($segment, useGrouping: 0) } : aucun trafic depuis une heure, { DECIMAL($expected, digits: 1) } { $expected ->
    [one] piste attendue
   *[other] pistes attendues
}
alert-sensor-offline = Capteur { $sensor } hors ligne : aucune donnée depuis { TIME($since) }
alert-sensor-muted = Capteur { $sensor } en sourdine jusqu’à { TIME($until) } : ses messages ne sont pas lus
alert-sensor-fault = Capteur { $sensor } : { sensor-fault }
alert-distress = Détresse : l’unité { $unit } signale des personnes en danger
alert-distress-at-segment = Détresse : l’unité { $unit } signale des personnes en danger, segment { NUMBER($segment, useGrouping: 0) }
distress-device = { $device ->
    [MOB] la balise d’homme à la mer
    [EPIRB-AIS] la radiobalise de détresse
   *[other] l’émetteur AIS-SART
} { $identity }
alert-device-distress = Détresse : { distress-device } émet
alert-device-distress-at-segment = Détresse : { distress-device } émet, segment { NUMBER($segment, useGrouping: 0) }
alert-more-devices-distress = Détresse : d’autres balises de détresse émettent, trop nombreuses pour être indiquées une à une
alert-more-devices-distress-at-segment = Détresse : d’autres balises de détresse émettent, trop nombreuses pour être indiquées une à une ; la dernière au segment { NUMBER($segment, useGrouping: 0) }

## Précisions

alert-detail-motion = { $heading ->
    [none] Immobile
   *[other] Cap { compass }, { alert-direction }, { SPEED($speed_mps) }
}
alert-detail-position = { DISTANCE($offset_m) } { alert-side } la frontière, segment { NUMBER($segment, useGrouping: 0) } ({ CHAINAGE($chainage_m) })
alert-detail-area = À l’intérieur de { $kind ->
    [danger] la zone dangereuse
    [restricted] la zone interdite
    [watch] la zone surveillée
   *[crossing_point] la zone du point de passage
} { $area }
alert-detail-class = Classe la plus probable : { target-class } ({ PROBABILITY($probability) })
alert-detail-confidence = Confiance dans la piste : { PROBABILITY($existence) }
alert-detail-sensors = Détection par { $sensors }
alert-detail-expect-track-loss = Perte de piste à prévoir : aucune ligne de vue depuis un capteur en service.
alert-detail-initiated-in-coverage = La piste a été initiée dans une zone couverte par les capteurs.
alert-detail-check-gap = Vérifier s’il existe une lacune de couverture sur le segment { NUMBER($segment, useGrouping: 0) }.
alert-detail-tracks = Pistes : { $tracks }{ $others ->
    [0] {""}
    [one] {" "}(et { $others } autre)
   *[other] {" "}(et { $others } autres)
}
alert-detail-split = Scission en { $count ->
    [one] { $count } partie
   *[other] { $count } parties
}, à { DISTANCE($distance_m) } l’une de l’autre
alert-detail-segments = { $count ->
    [one] Segment { $segments }
   *[other] Segments { $segments }
}
alert-detail-worst-gap = Pd de franchissement inférieure à l’exigence de { PERCENT($required) } ; minimum : segment { NUMBER($segment, useGrouping: 0) }, { PERCENT($before) } → { PERCENT($after) }
alert-detail-check-sensors = Défaut de capteur non détecté ou changement d’activité possible.
alert-detail-its-coverage-lost = Sa couverture est perdue.
alert-detail-muted = Mis en sourdine sur décision des superviseurs : le capteur lui-même fonctionne peut-être.
alert-detail-mute-ended = Fin de la sourdine à { TIME($until) } ; aucune donnée depuis.
alert-detail-note = Message de l’unité : « { $note } »
alert-detail-coordinates = Position { $position } (WGS 84)
alert-detail-last-coordinates = Dernière position connue { $position } (WGS 84)
alert-detail-placed-at = Position relevée : { DATETIME($at) } ; l’appel n’en indique aucune.
alert-detail-without-fix = La balise ne reçoit plus les satellites et indique une position antérieure, d’une heure inconnue.
alert-detail-heard-by = Reçu par { $sensor }
alert-detail-devices = { $count ->
    [one] { $count } balise : { $devices }
   *[other] { $count } balises, de la plus récente à la plus ancienne : { $devices }
}{ $others ->
    [0] {""}
    [one] {" "}(et { $others } autre)
   *[other] {" "}(et { $others } autres)
}
alert-detail-no-position = Position inconnue : ni l’appel ni un message antérieur ne l’indique.
alert-detail-refused-call = { $code ->
    [missing_field] Le message est incomplet : confirmer l’appel par radio.
   *[other] Le message enfreint les règles des unités ({ $code ->
        [conflict] ses numéros ont déjà servi
        [rollback] son numéro de démarrage est inférieur à un précédent
        [future] son heure est en avance sur la nôtre
       *[other] { $code }
    }) et a été rejeté : confirmer l’appel par radio.
}
alert-detail-response-assumptions = Hypothèses d’intervention : { $responder ->
    [on_foot] équipe à pied
   *[vehicle_then_on_foot] équipe en véhicule ({ SPEED($off_road_mps) } hors route en terrain plat), puis à pied
} ; cible { $target ->
    [by_vehicle] en véhicule
   *[on_foot] à pied
}, { $pace ->
    [observed_speed] à sa vitesse observée
   *[ground] à l’allure la plus rapide que permet le terrain
} ; trajet restant en { $strips ->
    [one] { $strips } bande
   *[other] { $strips } bandes
}

## Motifs de l’alerte

alert-why-crossing = { $count ->
    [one] { $count } détection
   *[other] { $count } détections consécutives
} au-delà de la frontière, hors de l’incertitude de position de { DISTANCE($band_m) }
alert-why-approaching = { $count ->
    [one] { $count } détection
   *[other] { $count } détections consécutives
} en rapprochement de la frontière à { SPEED($speed_mps) }
alert-why-loitering = Cible restée à moins de { DISTANCE($radius_m) } d’une même position près de la frontière, détectée en continu
alert-why-track-initiated-inside = Premières détections à l’intérieur de la frontière ; tout le terrain à moins de { DISTANCE($radius_m) } est couvert
alert-why-entering-dead-ground = Aucune couverture de capteur sur la trajectoire prévue
alert-why-group-formed = { $count ->
    [one] Au moins { $count } piste
   *[other] Au moins { $count } pistes
} à moins de { DISTANCE($radius_m) } les unes des autres pendant { DURATION($duration_s) }
alert-why-coverage-lost = { $sensor } { alert-cause } ; l’état de tous les autres capteurs est pris en compte
alert-why-activity-below-baseline = { DECIMAL($expected, digits: 1) } { $expected ->
    [one] piste attendue
   *[other] pistes attendues
} d’après les jours précédents, aucune comptée ; segment { NUMBER($segment, useGrouping: 0) } couvert pendant toute l’heure
alert-why-time-left = Frontière à { DURATION($time_to_border_s) }
alert-why-impact-level = Niveau d’impact de la section : { alert-impact-level }
alert-why-risk = Priorité relevée d’un cran : le risque du segment { NUMBER($segment, useGrouping: 0) } est élevé, décision du { $on } par { $by }

## Intervention

alert-response = { $base } : arrivée dans { DURATION($eta_s) }, { $timing ->
    [late] { DURATION($margin_s) } trop tard pour intercepter
   *[in_time] { DURATION($margin_s) } de marge
} ; P(interruption) { PROBABILITY($interruption_probability) }
alert-response-unknown = Intervention inconnue : depuis les bases, au mieux par un terrain inconnu
alert-response-none = Hors d’atteinte de toutes les bases ; P(interruption) { PROBABILITY($interruption_probability) }

## Levée sans opérateur

alert-cleared = Levée automatique : { $reason ->
    [no_action] aucune action d’opérateur
    [crossed] la piste a franchi la frontière
    [not_approaching] la piste ne s’approche plus
    [approach_lost] l’approche n’est plus détectée
    [track_ended] la piste est terminée
    [moved_on] la piste s’est éloignée
    [not_heading_there] la piste ne se dirige plus vers l’angle mort
    [joined_group] le groupe s’est réuni à un autre
    [dispersed] le groupe s’est dispersé
    [sensor_reports] le capteur émet de nouveau
    [mute_over] la sourdine a pris fin et le capteur émet de nouveau
    [maintenance] le capteur a annoncé un arrêt ou une maintenance
    [fault_over] le défaut a disparu
    [traffic_again] le trafic a repris
   *[other] la condition a pris fin
}
