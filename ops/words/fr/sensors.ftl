# États et pannes des capteurs.

sensor-state = { $state ->
    [ok] en ligne
    [degraded] dégradé
    [offline] hors ligne
    [maintenance] arrêté ou en maintenance
    [muted] en sourdine
    [no_data] aucune donnée reçue
    [revoked] certificats révoqués
   *[other] { $state }
}
sensor-kind = { $kind ->
    [radar] radar
    [camera] caméra
    [ground_sensor] capteur au sol
    [radio] radiogoniomètre
    [human] observateur
    [relay] relais radio
   *[other] { $kind }
}
sensor-fault = { $fault ->
    [frozen_data] données figées
    [excessive_message_rate] débit de messages excessif
    [clock_offset] décalage d’horloge
    [low_power] alimentation faible
    [obscured] vue masquée ou détection interrompue
    [azimuth_bias] biais d’azimut
    [implausible_position] position invraisemblable
    [unknown_position] position inconnue
    [flooding] afflux de messages
    [impersonated] messages non signés sous son nom
    [conflict] numéros de message réutilisés
    [rollback] ancien numéro de démarrage
   *[other] { $fault }
}

## Constats

sensor-frozen-data = Données figées : détections identiques sur { $count ->
    [one] { $count } balayage
   *[other] { $count } balayages consécutifs
}
sensor-excessive-message-rate = Débit de messages excessif : { $count ->
    [one] { $count } balayage
   *[other] { $count } balayages
} en { DURATION($window_s) } ({ $expected } attendus)
sensor-clock-ahead = Horloge en avance de { DECIMAL($offset_s, digits: 2) } s sur le serveur (source de temps : { $time_source ->
    [unknown] non indiquée
   *[other] { $time_source }
})
sensor-clock-refused = Horloge en avance de { DURATION($offset_s) } sur le serveur : messages refusés. Vérifiez les deux horloges.
sensor-clock-behind = Horloge ou liaison en retard de { DECIMAL($offset_s, digits: 1) } s (source de temps : { $time_source ->
    [unknown] non indiquée
   *[other] { $time_source }
})
sensor-low-power = Alimentation faible : { PERCENT($fraction) } restants
sensor-implausible-position = Position annoncée non utilisée : { $reason ->
    [jump] plus loin de la précédente que le capteur n’a pu se déplacer
    [ground] sous le sol
   *[terrain] hors du terrain connu
}
sensor-unknown-position = Position inconnue : dernière annonce il y a { DURATION($age_s) } ; détections non utilisées
sensor-obscured = Vue masquée ou détection interrompue, selon le capteur
sensor-azimuth-bias = Biais d’azimut { DECIMAL($bias_deg, digits: 2, sign: 1) }° ({ $survey ->
    [none] orientation au nord non relevée
    [undated] orientation au nord relevée à ±{ DECIMAL($north_sd_deg, digits: 1) }°
   *[dated] orientation au nord relevée à ±{ DECIMAL($north_sd_deg, digits: 1) }° le { $surveyed_on }
}) ; correction appliquée
sensor-flooding = Messages inutilisables en surnombre ; capteur en quarantaine
sensor-impersonated = Un autre programme émet sous ce nom sans la clé ; seuls les messages signés sont utilisés
sensor-conflict = Numéros de message déjà utilisés ; messages rejetés. La file d’envoi a été remplacée, ou deux programmes émettent sous ce nom.
sensor-rollback = Numéro de démarrage inférieur au dernier reçu ; messages refusés. La file d’envoi a été remplacée, ou d’anciens messages ont été retardés.
