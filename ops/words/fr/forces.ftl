# Forces propres : unités, postes de patrouille, options d’intervention, niveaux d’impact et posture des sections.

forces-tab = Forces
forces-bases = Bases de patrouille
forces-sections = Sections frontalières : niveau d’impact et posture
forces-sections-note = Niveaux d’impact et réaction : règlement (UE) 2019/1896, articles 34 et 35. Les effectifs requis sont des paramètres de ce site.
forces-no-sections = Le fichier du secteur ne contient aucune section frontalière.
forces-no-units-yet = Aucune unité n’a transmis de position.
forces-no-units = aucune unité
forces-free = Non affectée
forces-kind = { $kind ->
    [unit] Unité
    [base] Base de patrouille
   *[section] Section frontalière
}
forces-symbol = { $symbol ->
    [vehicle] Unité propre en véhicule ; s’estompe quand sa position vieillit
    [foot] Unité propre à pied
    [old] Unité propre, dernière position connue : non actuelle
   *[base] Base de patrouille
}

## Unités

forces-age = { $state ->
    [current] Position d’il y a { $age }
    [fading] Position d’il y a { $age } : l’unité a pu se déplacer
   *[old] Position non actuelle : dernière connue il y a { $age }
}
forces-age-short = { $state ->
    [old] dernière connue il y a { $age }
   *[current] position d’il y a { $age }
}
forces-age-unknown = Âge de la position inconnu
forces-map-unit = { $state ->
    [old] { $name } (dernière position connue il y a { $age })
   *[fading] { $name } (il y a { $age })
}
forces-map-section = { $section } : { $level }
forces-duty = { $duty ->
    [patrol] En patrouille
    [available] Disponible
    [standby] D’astreinte à la base
    [off_duty] Hors service
   *[not_stated] Service non communiqué
}
forces-moves = { $moves ->
    [vehicle] véhicule
    [foot] à pied
   *[not_stated] non communiqué ; véhicule supposé
}
forces-assigned = Affectation : { $incidents }
forces-distress = DÉTRESSE · { $status }
forces-load = { $count ->
    [one] { $count } unité en service
   *[other] { $count } unités en service
}, { $free ->
    [one] { $free } non affectée
   *[other] { $free } non affectées
}.
forces-load-unit = { $unit } : { $incident }

## Appareils des unités de terrain

forces-devices = Appareils…
forces-devices-title = Appareils de { $unit }
forces-devices-note = { $count ->
    [0] Aucun appareil de cette unité n’est en service.
    [one] { $count } appareil en service.
   *[other] { $count } appareils en service.
}
forces-devices-when = { $state ->
    [revoked] Enregistré { $enrolled } ; révoqué { $at }
   *[in_use] Enregistré { $enrolled } ; vu en dernier { $at }
}
forces-devices-revoke = { $sure ->
    [yes] Révoquer maintenant
   *[no] Révoquer…
}
forces-devices-revoke-of = { $sure ->
    [yes] Révoquer { $device } maintenant
   *[no] Révoquer { $device }…
}
forces-devices-enrol = Enregistrer un appareil
forces-devices-close = Fermer
forces-devices-scan = Scannez ce code avec le téléphone de l’unité. Il est valable une fois.
forces-devices-typed = Code à saisir sinon :
forces-devices-expiry = Expire dans { $time }.
forces-devices-qr = Code QR qui enregistre un appareil de { $unit }

## Options d’intervention

forces-option = { $name } : { $figures }
forces-option-name = { $kind ->
    [unit] { $name } (unité)
   *[base] { $name } (base)
}
forces-option-time = arrivée dans { $time } par voie terrestre
forces-option-unknown = intervention inconnue : au mieux par un terrain inconnu
forces-option-none = pas d’arrivée en moins de 4 h par voie terrestre
forces-option-age = { $state ->
    [old] position non actuelle : d’il y a { $age }
   *[current] position d’il y a { $age }
}
forces-options-loading = Calcul des temps d’intervention par voie terrestre…
forces-options-none = Les temps d’intervention par voie terrestre ne sont pas disponibles.
forces-options-interception = Temps par voie terrestre jusqu’au point où la cible devrait quitter la zone frontalière.
forces-options-incident = Temps par voie terrestre jusqu’à la position de l’incident.
forces-options-noplace = L’incident n’a pas de position, donc pas de temps d’intervention.
forces-help-line = Secours le plus proche : { $help }
forces-help = { $help } par voie terrestre
forces-help-age = { $help } par voie terrestre ; position d’il y a { $age }
forces-help-busy = { $help } (affectation : { $incidents })
forces-help-unknown = arrivée inconnue en moins de 4 h des unités et bases de position actuelle : certaines au mieux par un terrain inconnu
forces-help-none = aucune unité ni base de position actuelle n’arrive en moins de 4 h par voie terrestre

## Niveaux d’impact et posture

forces-level = { $level ->
    [low] Faible
    [medium] Moyen
    [high] Élevé
    [critical] Critique
   *[none] Non défini
}
forces-posture-none = Niveau d’impact non défini : aucune réaction requise
forces-posture = { $fielded ->
    [one] { $fielded } unité
   *[other] { $fielded } unités
} (requis : { $required }) ; base { $response } (limite { $limit })
forces-posture-response = { $time }
forces-posture-response-none = sans accès
forces-posture-response-unknown = temps inconnu
forces-met = { $met ->
    [yes] Exigence satisfaite
    [no] Sous l’exigence
   *[unknown] Non évalué
}
forces-met-line = { $met } : { $posture }
forces-required = { $count ->
    [one] { $count } unité
   *[other] { $count } unités
} ; intervention en { $limit } au plus
forces-slowest = { $time } depuis { $base }, segment le plus lent
forces-set-level = Définir…
forces-set-level-of = Définir le niveau d’impact de { $section }
forces-dialog = Niveau d’impact de la section { $section }
forces-level-label = Niveau d’impact
forces-reason-label = Motif (obligatoire)
forces-level-send = Définir le niveau
forces-level-unset = Le niveau d’impact n’est pas défini.
forces-level-file = Celui du fichier du secteur ; aucune décision
forces-level-now-file = { $level }, d’après le fichier du secteur ; aucune décision.
forces-level-proposed = L’analyse de risque du { $on } propose : { $level }.
forces-level-now = { $level }, défini par { $by } le { $at } : { $reason }
forces-level-waiting = La décision est enregistrée ; elle s’applique dès que le serveur l’a traitée.
forces-level-asked = Le niveau est inchangé. Un autre superviseur doit confirmer le niveau inférieur sous « Demandes à confirmer par une autre personne » à la page « Votre compte ».
forces-level-passed = Votre décision ne s’applique pas : une autre a été prise avant. Vérifiez-la ci-dessus, puis décidez de nouveau.
forces-decision = { $level } : { $reason }

## Faits et parties du panneau des détails

page-section-unit = Unité
page-section-units = Unités
page-section-section = Section
page-section-posture = Requis et déployé
page-section-level-history = Niveau d’impact : décisions
page-fact-duty = Service
page-fact-moves = Mobilité
page-fact-unit-base = Base
page-fact-assigned = Affectée à
page-fact-distress-since = Détresse depuis
page-fact-position-at = Position à
page-fact-clock-ahead = Horloge de l’unité en avance de
page-fact-help = Secours le plus proche
page-fact-level = Niveau d’impact
page-fact-level-source = Source
page-fact-segments = Segments
page-fact-posture = Posture
page-fact-required = Requis
page-fact-fielded = Unités déployées
page-fact-not-current = Non comptées : position non actuelle
page-fact-slowest = Temps de la base

## Messages refusés des unités

unit-refused = { $reason ->
    [future] L’heure du message est dans le futur : vérifiez l’horloge de l’appareil.
    [expired] Le message est trop ancien.
    [signature] Le message n’est pas signé avec une clé valide de l’unité.
    [revoked] Le message est signé avec une clé révoquée ou expirée.
    [rollback] Le numéro de démarrage (boot) du message est inférieur à un numéro déjà reçu.
    [conflict] Le numéro du message a déjà servi pour un autre message.
    [unit_mismatch] Le message nomme une autre unité.
    [out_of_range] Une valeur est hors limites : { $field }.
    [incomplete] Le message n’indique pas de position.
    [too_large] Le message est trop volumineux.
   *[other] Le message est illisible : { $field }.
}
forces-refused-channel = { $channel ->
    [position] { $count ->
        [one] { $count } position
       *[other] { NUMBER($count) } positions
    }
    [reply] { $count ->
        [one] { $count } réponse
       *[other] { NUMBER($count) } réponses
    }
   *[resend] { $count ->
        [one] { $count } demande
       *[other] { NUMBER($count) } demandes
    }
}
forces-refused-reason = { $reason } (dernière fois : { $at })
forces-refused-only = Messages refusés, position inconnue : { $units }. { $reason }
page-section-refused = Messages refusés
