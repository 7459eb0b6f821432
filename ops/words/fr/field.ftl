# La page d’une unité de terrain sur son téléphone.

field-other-page = Cette page est ouverte dans un autre onglet. Fermez l’autre onglet pour continuer ici.
field-update = Une nouvelle version de cette page est prête.
field-update-use = L’utiliser maintenant

## Link and age

field-link = { $state ->
    [live] Connecté
    [lost] { $known ->
        [yes] Pas de connexion. Dernier contact il y a { $age }
       *[no] Pas de connexion
    }
   *[connecting] { $known ->
        [yes] Connexion. Dernier contact il y a { $age }
       *[no] Connexion
    }
}{ $waiting ->
    [0] { "" }
    [one] . { $waiting } réponse en attente
   *[other] . { $waiting } réponses en attente
}
field-old = Tout ce qui est affiché date d’il y a { $age }. Vos réponses sont conservées et envoyées au retour de la connexion.
field-problem = Le serveur n’a pas accepté un envoi : { $sentence }
field-clock = { $ahead ->
    [yes] L’horloge de ce téléphone avance de { $time }. Les âges affichés sont corrigés.
   *[no] L’horloge de ce téléphone retarde de { $time }. Les âges affichés sont corrigés.
}

## Storage

field-storage-answers = MÉMOIRE PLEINE. Les réponses ne sont conservées que par cette page. Ne la fermez pas avant leur envoi. Libérez de la mémoire sur le téléphone.
field-storage-map = Mémoire pleine. La carte embarquée a été supprimée pour conserver les réponses. Libérez de la mémoire, puis rechargez la carte.
field-storage-full = Mémoire pleine. La carte n’est embarquée qu’en partie. Libérez de la mémoire sur le téléphone.
field-storage-unusable = Ce navigateur ne conserve pas de données. Les réponses sont perdues à la fermeture de la page. N’utilisez pas de fenêtre privée.

## Position

field-sharing = { $state ->
    [on] Position partagée, d’il y a { $age }, ±{ DISTANCE($error) }
    [waiting] Position activée : en attente d’un point
    [refused] Position refusée par le téléphone. Autorisez-la dans le navigateur
    [unavailable] Position indisponible. Appuyez pour réessayer
   *[off] Position non partagée
}{ $waiting ->
    [0] { "" }
   *[other] . { $waiting } à envoyer
}

## Incidents

field-list-region =
    .aria-label = Incidents
field-list-loading = En attente de la première liste du centre d’opérations.
field-list-empty = Aucun incident pour cette unité.
field-priority = { $priority ->
    [distress] Détresse.
    [high] Priorité haute.
    [medium] Priorité moyenne.
   *[low] Priorité basse.
}
field-margin = { $time } de marge
field-late = { $time } trop tard
field-eta = Arrivée dans { $time }
field-not-reachable = Hors d’atteinte
field-reach-unknown = Chemin inconnu
field-no-reach = Trajet et marge inconnus : le centre d’opérations n’a pas de position actuelle de cette unité.
field-no-place = Position inconnue
field-where = { $heading } { BEARING($bearing) } · { DISTANCE($distance) }
field-marking = Marquage : { $marking }
field-ages = Ouvert il y a { $raised }. Dernière détection il y a { $observed }.
field-yours = Affecté à vous
field-held = Affecté à { $unit }
field-offered = Réponse demandée
field-announce = { $priority ->
    [distress] Appel de détresse. { $sentence }
   *[other] { $why ->
        [offered] Réponse demandée : { $sentence }
        [assigned] Affecté à vous : { $sentence }
        [risen] { $rank } { $sentence }
       *[new] Nouveau : { $sentence }
    }
}

## Answers

field-answers-to =
    Répondre à { $name }
field-action = { $action ->
    [received] Reçu
    [en_route] En route
    [on_scene] Sur place
    [close] Clore…
    [note] Note…
    [attach] Référence photo
    [map] Carte
   *[other] { $action }
}
field-given = { $action } : { $state ->
    [waiting] conservé, non envoyé ({ $age })
    [unkept] NON CONSERVÉ, non envoyé ({ $age })
    [taken] envoyé
    [done] fait
   *[refused] non accepté
}
field-refused = { $action } : non accepté. { $sentence }
field-answer-line = { TIME($at) } { $name }, { $action } : { $state ->
    [waiting] non envoyé
    [taken] envoyé, suite non connue
    [done] fait
   *[refused] non accepté
}{ $has ->
    [yes] . { $sentence }
   *[no] { "" }
}{ $own ->
    [yes] { " " }« { $text } »
   *[no] { "" }
}
field-form-title = { $action ->
    [close] Clore { $name }
   *[note] Note sur { $name }
}
field-form-disposition = Issue
field-form-text = { $action ->
    [close] Motif (obligatoire pour une alarme intempestive)
   *[note] Note
}
field-form-photo = Référence photo (numéro ou emplacement du fichier)
field-form-cancel = Annuler
field-form-send = Envoyer
field-form-choose = Choisissez une issue.
field-form-reason = Indiquez le motif de l’alarme intempestive.
field-form-empty = Écrivez une note ou une référence photo.
field-disposition = { $disposition ->
    [apprehended] Interpellation
    [turn_back] Demi-tour
    [got_away] Fuite
    [no_threat] Sans menace
    [rescue] Sauvetage
    [lost] Perdu
    [nuisance] Alarme intempestive
    [restored] Équipement rétabli
   *[other] { $disposition }
}

## Distress

field-distress = DÉTRESSE : maintenir 2 s
field-distress-holding = Maintenez. Relâchez pour annuler.
field-distress-cancelled = Annulé. Aucun appel de détresse n’a été envoyé.
field-distress-confirm-region =
    .aria-label = Confirmer l’appel de détresse
field-distress-confirm = Envoyer un appel de détresse ? Ou maintenez le bouton deux secondes.
field-distress-confirm-send = Envoyer l’appel
field-call = { $state ->
    [arrived] APPEL DE DÉTRESSE REÇU par le centre d’opérations il y a { $age }.
   *[sending] APPEL DE DÉTRESSE : non confirmé depuis { $age }. { $tries ->
        [one] { $tries } tentative
       *[other] { $tries } tentatives
    } ; l’appel est répété jusqu’à ce que le centre d’opérations l’ait. Utilisez aussi la radio.
}{ $position ->
    [no] { " " }Sans position actuelle : dites par radio où vous êtes.
   *[yes] { "" }
}
field-call-note = La position date d’il y a { $age }.
field-call-dismiss = Masquer
field-call-other = DÉTRESSE { $name }. { $sentence }

## Map

field-map-region =
    .aria-label = Carte
field-map-keys =
    .aria-label = Carte de la zone. Les flèches la déplacent, plus et moins changent l’échelle. La liste contient les mêmes incidents.
field-map-tools =
    .aria-label = Outils de la carte
field-map-in =
    .aria-label = Agrandir
field-map-out =
    .aria-label = Réduire
field-map-own =
    .aria-label = Position propre
field-map-area = { $kind ->
    [danger] DANGER : { $name }
    [restricted] { $name } (interdite)
    [watch] { $name } (surveillée)
   *[crossing_point] { $name } (point de passage)
}
field-map-meet = Point de rencontre
field-map-held = { $state ->
    [loading] Chargement de la carte : { $done } tuiles sur { $total }
    [complete] Carte embarquée ({ $total } tuiles, chargées il y a { $age })
    [partly] Carte embarquée en partie : { $done } tuiles sur { $total }
   *[none] Aucune carte embarquée
}

## This phone

field-phone-region =
    .aria-label = Ce téléphone
field-phone = Ce téléphone
field-enrolled-as = Enregistré comme { $unit }. { $sector }
field-palette = { $palette ->
    [night] Couleurs de nuit
   *[day] Couleurs de jour
}
field-sound = { $state ->
    [on] Son activé
   *[off] Son coupé
}
field-language =
    .aria-label = Langue
field-carried = Carte
field-carried-progress =
    .aria-label = Avancement de la carte
field-carried-load = Charger la carte de la zone
field-awake = { $state ->
    [on] L’écran reste allumé tant que cette page est ouverte.
    [unavailable] Ce navigateur ne peut pas garder l’écran allumé. Réglez le téléphone pour qu’il ne s’éteigne pas.
   *[off] L’écran peut s’éteindre.
}
field-offline = { $state ->
    [yes] Cette page s’ouvre sans réseau.
   *[no] Cette page ne s’ouvre pas encore sans réseau.
}
field-sent = Réponses
field-sent-none = Aucune réponse donnée.
field-tabs =
    .aria-label = Vues
field-tab-list = Incidents
field-tab-map = Carte
field-tab-phone = Téléphone

## Enrolment

field-enrol-title = Enregistrer ce téléphone
field-enrol-text = Scannez le code QR que montre le centre d’opérations, ou saisissez son code. Un code est valable une fois, pendant dix minutes.
field-enrol-code = Code
field-enrol-send = Enregistrer
field-enrolling = Enregistrement…
field-enrol-no-link = Aucune réponse du serveur. Réessayez ; si le code est refusé, demandez-en un nouveau.
field-enrol-refused = Non enregistré. { $sentence }
field-revoked-title = Accès retiré
field-revoked-text = { $call ->
    [lost] Votre APPEL DE DÉTRESSE n’est pas confirmé. Appelez par radio.{ " " }
   *[none] { "" }
}Le centre d’opérations a retiré l’accès de ce téléphone. Ce qu’il contenait a été supprimé. { $count ->
    [0] Aucune réponse n’était en attente.
    [one] Cette réponse est restée sans suite ; signalez-la par radio :
   *[other] Ces { $count } réponses sont restées sans suite ; signalez-les par radio :
}
field-revoked-next = Pour utiliser de nouveau ce téléphone, demandez un nouveau code au centre d’opérations et scannez-le.
