# Le rapport de relève et le retour d’expérience d’une période.

handover-title = Rapport de relève
handover-title-after-action = Retour d’expérience
handover-answer = { $open ->
    [0] Aucun incident n’est ouvert
    [one] { $open } incident est ouvert
   *[other] { $open } incidents sont ouverts
}, { $closed } { $closed ->
    [one] a été clos
   *[other] ont été clos
} ; aucun opérateur n’a agi sur { $unattended }.
handover-answer-sensors = { $sensors ->
    [0] Aucun capteur n’est signalé en panne
    [one] { $sensors } capteur ne fonctionne pas
   *[other] { $sensors } capteurs ne fonctionnent pas
}{ $announced ->
    [0] { "" }
    [one] { " ;" } { $announced } a annoncé son arrêt
   *[other] { " ;" } { $announced } ont annoncé leur arrêt
}, { $now ->
    [yes] en ce moment
   *[no] à la fin de la période
} ; pertes de couverture qui durent : { $lost }.
handover-current = Vacation en cours
handover-previous = Vacation précédente
handover-live = Page en direct
handover-pdf = Enregistrer en PDF
handover-from = De (UTC)
handover-until = À (UTC)
handover-incidents-chosen = Incidents (noms radio, séparés par des virgules ; vide : tous)
handover-show = Afficher la période
handover-made = Établi { $at } par { $by }
handover-page-of = Page { $page } sur { $pages }
handover-erased = { $count ->
    [one] Les données de { $count } incident de cette période ont été effacées
   *[other] Les données de { $count } incidents de cette période ont été effacées
}. Le rapport ne les mentionne pas : il a pu se passer plus que ce qu’il indique.
handover-erased-none = Rien parmi les données conservées ; des données effacées, rien n’est connu.
handover-not-over = La période n’est pas terminée. Le rapport indique ce qui était connu lors de son établissement.
handover-left-out = La période est trop longue : les entrées les plus récentes sont omises. Choisissez une période plus courte.
handover-chosen = Incidents choisis : { $names }.

## Sections

handover-summary = Synthèse
handover-notes = Consignes pour la vacation suivante
handover-notes-none = Aucune consigne n’a été signée.
handover-open = Incidents ouverts
handover-open-none = Aucun incident n’est ouvert.
handover-distress = Détresse
handover-distress-none = Aucun appel de détresse.
handover-unattended = Sans action d’opérateur
handover-unattended-none = Un opérateur a agi sur chaque incident.
handover-escalated = Signalés au superviseur
handover-escalated-none = Aucun incident n’a été signalé au superviseur.
handover-closed = Incidents clos
handover-closed-none = Aucun incident n’a été clos.
handover-goods = Marchandises découvertes
handover-goods-none = Aucune découverte n’a été communiquée.
handover-goods-code = { incident-tracing-field } { $code }{ $title ->
    [none] { "" }
   *[other] { " " }: { $title }
}
handover-goods-checked = { $depth ->
    [list] Les codes ont été vérifiés sur la liste complète.
   *[structure] Certains codes n’ont été vérifiés que par chapitre, position ou catégorie, faute de liste complète.
}
handover-sensors = Capteurs hors service
handover-sensors-none = Tous les capteurs fonctionnent.
handover-sensors-none-then = Aucune alerte ne signale de capteur hors service.
handover-sensors-now = État lors de l’établissement du rapport.
handover-sensors-announced = Un capteur arrêté normalement l’annonce, comme le font tous les capteurs à la fin d’une démonstration.
handover-sensors-then = État à la fin de la période, d’après les alertes alors ouvertes, ou closes par une personne avant que le retour du capteur ne soit connu.
handover-coverage = Couverture perdue
handover-coverage-none = Aucune couverture n’a été perdue.
handover-levels = Niveaux d’impact définis
handover-levels-none = Aucun niveau d’impact n’a été défini.
handover-actions = Actions par personne
handover-actions-none = Personne n’a agi sur un incident, défini de niveau d’impact, ni établi de rapport ou d’export.
handover-log = Main courante
handover-log-none = Aucun événement n’a été consigné.
handover-timeline = Chronologie

## Colonnes

handover-column-incident = Incident
handover-column-what = Objet
handover-column-state = État
handover-column-owner = Responsable et unité
handover-column-age = Ouvert depuis
handover-column-left = Temps restant
handover-column-closed = Clos
handover-column-disposition = Issue
handover-column-acknowledged = Délai de prise en charge
handover-column-assigned = Délai d’affectation
handover-column-time = Heure
handover-column-sensor = Capteur
handover-column-since = Depuis
handover-column-until = Jusqu’à
handover-column-goods = Découverte
handover-column-codes = Codes
handover-column-item = Marquage ou numéro de série
handover-column-trace = Demande de traçage
handover-column-person = Personne
handover-column-actions = Actions
handover-column-event = Événement
handover-column-section = Section
handover-column-level = Niveau d’impact
handover-column-reason = Motif
handover-column-note = Consigne
handover-column-signed = Signature

## Cellules

handover-incident = { $name }
    { alert-priority }
handover-state-waiting = { incident-state }, non pris en charge
handover-headline-place = { $headline }
    segment { $segment }
handover-headline-in = { $headline }
    { $section }
handover-headline-section = { $headline }
    segment { $segment }, { $section }
handover-owner-none = sans responsable
handover-owner-unit = { $owner }
    { $unit }
handover-left-over = écoulé { DURATION($since) } avant
handover-closed-by = { incident-disposition }
    { $by }
handover-reason = { incident-disposition }
    { $by } : { $reason }
handover-system = système
handover-sensor-state = { $state ->
    [faulty] en panne
    [maintenance] arrêt ou maintenance annoncés
   *[other] { sensor-state }
}
handover-level-changed = { forces-level }
    avant : { $before }
handover-still = non rétablie
handover-still-unconfirmed = rétablissement non confirmé ; alerte close par { $by }
handover-end-unknown = terminée à une heure inconnue ; alerte close par { $by }
handover-action-count = { handover-action } { $count }
handover-action = { $event ->
    [opened] ouvert
    [acknowledge] pris en charge
    [assign] affecté
    [received] réception confirmée
    [en_route] en route
    [on_scene] sur place
    [close] clos
    [note] note
    [merge] fusionné
    [hand_over] transmis
    [undo] annulé
    [reopen] rouvert
    [trace] marchandises enregistrées
    [escalated] signalé au superviseur
    [impact_level] niveaux d’impact définis
    [report] rapports
    [export] exports
   *[other] { $event }
}
handover-event-opened = Ouverture : { $headline }
handover-event-assign = Affectation à { $unit }
handover-event-close = Clôture : { incident-disposition }
handover-event-close-reason = Clôture : { incident-disposition } ({ $reason })
handover-event-hand-over = Transmission à { $owner }
handover-event-note = Note : { $text }
handover-event-merge = Fusion avec { $reason }
handover-event-reopen = Réouverture : { $reason }
handover-event-escalated = Signalement au superviseur
handover-event-trace = Marchandises découvertes enregistrées
handover-event-undo = Annulation ; état actuel : { incident-state }
handover-event-acknowledge = Prise en charge
handover-event-en-route = En route
handover-event-on-scene = Sur place
handover-signed = { $name } ({ $account }), { accounts-role }
    { $at }
    SHA-256 { $digest }

## Le formulaire des consignes

handover-note-label = Consigne pour la vacation suivante
handover-note-hint = { $most } caractères au plus. Une consigne signée ne peut pas être modifiée ; rédigez-en une autre pour la corriger.
handover-note-sign = Signer en tant que { $name }
handover-note-marking = Marquage de la consigne
handover-note-marking-none = aucun
handover-note-signed = La consigne est signée.
handover-written = Rapport enregistré dans { $file } (incidents ouverts : { $open }, clos : { $closed }).
handover-exported = Export enregistré dans { $file } (éléments : { $count }).
