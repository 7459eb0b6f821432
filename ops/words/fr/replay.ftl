# Revoir une situation passée sur la carte : bandeau, curseur temporel et ce que l’on sait aujourd’hui.

replay-open = Revoir
    .title = Revoir un moment passé (R)
replay-region =
    .aria-label = Relecture
replay-title = Relecture : { $time } UTC, situation connue alors
replay-date = { $date }, heure locale { $local }
replay-live = { $count ->
    [0] En direct : aucun incident en attente
    [one] En direct : { $count } incident en attente
   *[other] En direct : { $count } incidents en attente
}
replay-back = Retour au direct
replay-no-actions = Les actions sont désactivées pendant la relecture. Revenez au direct avec B.

## Commandes

replay-controls =
    .aria-label = Lecture
replay-previous = Incident précédent
replay-next = Incident suivant
replay-play = { $playing ->
    [yes] Pause
   *[no] Lecture
}
replay-speed = Vitesse de lecture
replay-speed-of = { $speed }×
replay-span = Période du curseur
replay-span-of = { $minutes ->
    [15] 15 min
    [60] 1 h
    [360] 6 h
    [1440] 24 h
    [10080] 7 jours
   *[44640] 31 jours
}
replay-at = Date et heure (UTC)
replay-slider = Heure
replay-slider-at = { $time }, heure locale { $local }
replay-compare = Afficher ce que l’on sait aujourd’hui
replay-follow = { $kind ->
    [off] Ne plus suivre
    [incident] Suivre l’incident dans le temps
    [unit] Suivre l’unité dans le temps
   *[track] Suivre la piste dans le temps
}

## Remarques

replay-loading = Chargement de la situation…
replay-unknown = Inconnu pour l’instant affiché.
replay-nothing = Aucune situation n’a encore été enregistrée.
replay-no-incident = { $where ->
    [before] Aucun incident n’a été ouvert avant cette heure.
   *[after] Aucun incident n’a été ouvert après cette heure.
}
replay-gap = Aucune situation n’a été enregistrée de { $from } à { $until }. La carte montre la dernière avant cette interruption.
replay-present = Les couches de terrain et de couverture montrent l’état présent.
replay-erased = { $date ->
    [unknown] { replay-records } du { $day } : données effacées.
   *[known] { replay-records } du { $day } : données effacées le { $date }.
}
replay-records = { $kind ->
    [alerts] Alertes et incidents
    [unit_positions] Positions des unités
   *[tracks] Pistes et états des capteurs
}

## Ce que l’on sait aujourd’hui

replay-not-final = Des données tardives peuvent encore modifier les pistes de ce moment.
replay-same = Aucune différence avec ce que l’on sait aujourd’hui.
replay-tracks-now = Pistes connues aujourd’hui (anneaux) : à une autre position { $moved }, inconnues alors { $new }, absentes de l’historique définitif { $gone }.
replay-outcome = { $name }, par la suite : { $state }
replay-opened-later = { $name }, ouvert plus tard : { $state }
replay-state = { $disposition ->
    [none] { $state }
   *[closed] { $state }, { $disposition }
}
replay-step = { $time } { $state }
replay-path-unit = Trajet de { $unit } à 1 h près, tel que connu alors.
replay-path = Trajet de { $track } à 1 h près : tireté tel que connu alors, continu tel que connu aujourd’hui.

## Aide

page-help-key-replay = revoir un moment passé ; en relecture : incident précédent, lecture ou pause, incident suivant, retour au direct
