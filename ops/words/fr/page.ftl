# La carte en direct : tous les mots de la page, ses infobulles et ses libellés pour lecteurs d’écran.

## Cadre

page-document-name = { $demo ->
    [yes] DÉMO : Watchline { $sector }
   *[no] Watchline { $sector }
}
page-document-title = { $waiting ->
    [0] { page-document-name }
   *[other] ({ $waiting }) { page-document-name }
}
page-skip =
    .aria-label = Liens d’évitement
page-skip-alerts = Aller aux alertes
page-skip-map = Aller à la carte
page-skip-details = Aller aux détails
page-demo = DÉMO : simulation
page-layout = Dispositif { $layout }
page-operator = { $operator ->
    [operator] Opérateur non nommé
   *[named] { $operator }
}
page-role = { $role ->
    [viewer] lecteur
    [operator] opérateur
    [supervisor] superviseur
    [planner] planificateur
    [analyst] analyste
    [auditor] auditeur
    [admin] administrateur
   *[other] { $role }
}
page-account-of = { $name }, { page-role } : mot de passe, second facteur, sessions
page-log-out = Se déconnecter
page-log-out-button =
    .aria-label = { page-log-out }
    .title = { page-log-out }
page-local = Heure locale
page-buttons =
    .aria-label = Page
page-plan = Planifier
    .title = Comparer et optimiser les dispositifs de capteurs
page-help = Aide
page-help-button =
    .aria-label = { page-help }
    .title = { page-help } (?)
page-settings = Réglages
page-settings-button =
    .aria-label = { page-settings }
    .title = { page-settings }
page-warnings =
    .aria-label = Avertissements
page-close = Fermer
page-cancel = Annuler

## Réglages

page-settings-language = Langue
page-settings-browser = Langue du navigateur
page-settings-units = Unités
page-settings-units-of = { $units ->
    [nautical] Nautiques (NM, kn)
    [imperial] Impériales (mi, ft, mph)
   *[metric] Métriques (km, m, km/h)
}
page-settings-keys = Raccourcis à une touche (L, M, D, T, S, F, Y, G, V, R, J, K, N, B, W, 1–5, / et ?)

## Son et palette

page-sound =
    .aria-label = { $state ->
        [on] Son activé
        [blocked] Son bloqué
       *[off] Son coupé
    }
    .title = { $state ->
        [on] Le son des nouvelles alertes est activé
        [blocked] Son bloqué : le navigateur l’autorise dès que vous appuyez sur une touche ou cliquez dans cette page
       *[off] Le son des nouvelles alertes est coupé
    }
page-palette =
    .title = { $palette ->
        [day] Passer à la palette de jour
       *[night] Passer à la palette de nuit
    }
    .aria-label = { $palette ->
        [day] Passer à la palette de jour
       *[night] Passer à la palette de nuit
    }

## État du flux

page-stream = { $state ->
    [live] EN DIRECT, âge { $age } s
    [stale] PÉRIMÉ, âge { $age } s
    [lost] PERDU, âge { $age }
    [lost-empty] PERDU
    [starting] DÉMARRAGE : { $parts }
    [down] EN PANNE : { $parts }
   *[connecting] Connexion…
}
page-part = { $part ->
    [broker] broker
    [ingest] ingestion
    [fusion] fusion
    [map] carte
    [api] API
    [simulator] simulateur
   *[other] { $part }
}
page-part-why = { $part } ({ $why })
page-problem-of = { $name } : { $problem }
page-banner-lost = { $picture ->
    [yes] Connexion perdue. { $why } La situation affichée est périmée. Les nouvelles alertes n’arrivent pas. Reconnexion…
   *[no] Connexion perdue. { $why } Aucune donnée à afficher. Les nouvelles alertes n’arrivent pas. Reconnexion…
}
page-banner-starting = Démarrage : { $parts } (compilation des noyaux de calcul après une installation ou une mise à jour ; elle peut durer plusieurs minutes). La situation n’est pas actualisée entre-temps. Les messages reçus sont enregistrés et traités ensuite.
page-banner-down = En panne : { $parts }. Des détections peuvent manquer et des alertes peuvent ne pas parvenir aux équipes de terrain. Si cela dure plus d’une minute, appelez l’administrateur.
page-banner-stale-down = La situation affichée est périmée. { page-banner-down }
page-banner-stale = { $why ->
    [fusion] La situation affichée est périmée : serveur connecté, aucun nouveau résultat de la fusion. Les mouvements en cours ne sont pas affichés.
   *[server] La situation affichée est périmée : aucune donnée du serveur. Les mouvements en cours ne sont pas affichés.
}
page-banner-disk = DISQUE DU SERVEUR PLEIN. Les nouvelles détections sont en attente dans les capteurs et NE SONT PAS affichées. Les appels de détresse, les alertes et vos actions fonctionnent toujours. Libérez de l’espace disque pour reprendre.
page-banner-clock = { $ahead ->
    [yes] L’horloge de cet ordinateur avance de { DURATION($by) } sur le serveur. Toutes les heures affichées sont celles du serveur.
   *[no] L’horloge de cet ordinateur retarde de { DURATION($by) } sur le serveur. Toutes les heures affichées sont celles du serveur.
}
page-banner-parts = Non affiché : { $parts }. { $why }
page-missing = { $part ->
    [sector] données du secteur
    [border] frontière
    [layout] portées des capteurs
    [segments] couverture par segment de frontière
   *[layers] relief et angles morts
}

## Échecs

page-net-timeout = Le serveur n’a pas répondu à temps.
page-net-unreachable = Le serveur est injoignable.
page-net-status = Le serveur a répondu à { $path } avec le statut { $status }.
page-net-unreadable = La réponse du serveur est illisible.
page-net-refused = { $sentence }
page-net-silent = Aucune donnée reçue du serveur.
page-net-ended = Le serveur a mis fin au flux.
page-net-closed = Cette page a fermé son flux de données.
page-net-behind = Cette page a pris trop de retard sur le flux.
page-net-page = La page n’a pas pu suivre le serveur.
page-no-canvas = Ce navigateur ne peut pas dessiner sur un canevas.

## Ligne de couverture

page-coverage = Couverture
page-coverage-region =
    .aria-label = Couverture : capteurs hors ligne ou en sourdine, angles morts, données de terrain manquantes, pistes sans détection
page-coverage-dead-ground = { $within ->
    [yes] { PERCENT($fraction, digits: 1) } du terrain à moins de { DISTANCE($buffer) } de la frontière en angle mort (ombré)
   *[no] { PERCENT($fraction, digits: 1) } du terrain le long de la frontière en angle mort (ombré)
}
page-coverage-dead-ground-unknown = Angles morts pas encore calculés
page-coverage-unknown = { PERCENT($fraction, digits: 1) } inconnu : données de terrain manquantes (hachures croisées)
page-coverage-no-sensors = Aucune donnée de capteur pour l’instant
page-coverage-online = { $count ->
    [one] { $count } capteur en ligne
   *[other] Les { $count } capteurs sont en ligne
}
page-coverage-lost = { $what ->
    [degraded] { $lost ->
        [one] { $lost } capteur sur { $all } dégradé (hachuré) : { $named }
       *[other] { $lost } capteurs sur { $all } dégradés (hachurés) : { $named }
    }
    [muted] { $lost ->
        [one] { $lost } capteur sur { $all } en sourdine (hachuré) : { $named }
       *[other] { $lost } capteurs sur { $all } en sourdine (hachurés) : { $named }
    }
    [mixed] { $lost ->
        [one] { $lost } capteur sur { $all } hors ligne, en sourdine ou dégradé (hachuré) : { $named }
       *[other] { $lost } capteurs sur { $all } hors ligne, en sourdine ou dégradés (hachurés) : { $named }
    }
    [offline] { $lost ->
        [one] { $lost } capteur sur { $all } hors ligne (hachuré) : { $named }
       *[other] { $lost } capteurs sur { $all } hors ligne (hachurés) : { $named }
    }
   *[both] { $lost ->
        [one] { $lost } capteur sur { $all } hors ligne ou dégradé (hachuré) : { $named }
       *[other] { $lost } capteurs sur { $all } hors ligne ou dégradés (hachurés) : { $named }
    }
}
page-coverage-as-of = { $coverage }, selon la dernière situation reçue
page-coverage-tracks = { $predicted ->
    [one] { $predicted } piste sur { $all } sans détection actuelle : position prédite
   *[other] { $predicted } pistes sur { $all } sans détection actuelle : positions prédites
}
page-sensor-state-faults = { sensor-state } ({ $faults })
page-sensor-state-since = { sensor-state } depuis { DURATION($since) }
page-sensor-state-muted = { $state ->
    [ended] sourdine terminée à { $until } UTC, aucune donnée depuis
   *[muted] en sourdine jusqu’à { $until } UTC
}
page-sensor-named = { $sensor } { $state }

## Alertes

page-alerts = Alertes
page-alerts-waiting = { $what ->
    [alerts] Alertes non acquittées par priorité
   *[incidents] Incidents non pris en charge par priorité
}
page-alerts-waiting-of = { $priority ->
    [distress] Détresse
    [high] Haute priorité
    [medium] Priorité moyenne
   *[low] Basse priorité
} : { $count } { $what ->
    [alerts] { $count ->
        [one] alerte non acquittée
       *[other] alertes non acquittées
    }
   *[incidents] { $count ->
        [one] incident non pris en charge
       *[other] incidents non pris en charge
    }
}
page-alerts-which =
    .aria-label = Alertes affichées
page-alerts-open = Alertes ouvertes
page-alerts-closed = Alertes closes
page-alerts-loading = Chargement des alertes…
page-alerts-unreadable = Les alertes n’ont pas pu être chargées. { $why }
page-alerts-none = Aucune alerte ouverte. Les zones sans couverture ne peuvent pas déclencher d’alerte ; voir Couverture ci-dessus.
page-alerts-none-closed = Aucune alerte close.
page-alerts-first = Affichage des { $shown } premières sur { $all }.
page-alerts-older = Les alertes plus anciennes ne sont pas affichées.
page-priority = { $priority ->
    [distress] DÉTRESSE
    [high] Haute
    [medium] Moyenne
   *[low] Basse
}
page-alert-kind = { $priority ->
    [distress] Alerte de DÉTRESSE
    [high] Alerte de haute priorité
    [medium] Alerte de priorité moyenne
   *[low] Alerte de basse priorité
}
page-alert-handled = { $status ->
    [acknowledged] Acquittée
    [cleared] Levée
   *[rejected] Rejetée
}
page-alert-handled-by = { page-alert-handled } par { $by }
page-alert-reason = { $handled } : { $reason }
page-alert-acknowledge = Acquitter
page-alert-reject = Rejeter…
page-alert-sending = Envoi…
page-alert-unchanged = Le serveur a accepté l’action, mais l’alerte n’a pas encore changé.
page-alert-no-text = Aucune description.
page-alert-outdated = État d’il y a { DURATION($age) }. Délais et intervention actuels inconnus.
page-announce = { $priority ->
    [distress] Alerte de détresse : { $alert }
    [high] Alerte de haute priorité : { $alert }
    [medium] Alerte de priorité moyenne : { $alert }
   *[low] Alerte de basse priorité : { $alert }
}
page-announce-more = { $count ->
    [one] { $count } autre alerte.
   *[other] { $count } autres alertes.
}
page-reject-title = Rejeter l’alerte
page-reject-reason = Motif du rejet (obligatoire, de 3 à 500 caractères ; conservé avec l’alerte)
page-reject-short = Saisissez un motif d’au moins trois caractères.
page-reject-send = Rejeter

## Incidents

page-incidents = Incidents
page-incidents-loading = Chargement des incidents…
page-incidents-unreadable = Les incidents n’ont pas pu être chargés. { $why }
page-incidents-none = Aucun incident ouvert. Les zones sans couverture ne peuvent pas déclencher d’alerte ; voir Couverture ci-dessus.
page-incidents-none-found = Aucun incident ne correspond au filtre.
page-incident-filters =
    .aria-label = Filtrer les incidents
page-incident-search =
    .aria-label = Filtrer les incidents par texte
    .placeholder = Filtrer
page-incident-state =
    .aria-label = État
page-incident-class =
    .aria-label = Classe de la cible
page-incident-section =
    .aria-label = Section frontalière
page-incident-not-closed = Non clos
page-incident-any-class = Toutes les classes
page-incident-any-section = Toutes les sections
page-incident-mine = Les miens
page-incident-what = { $rule }, { $class ->
    [person] personne
    [group] groupe
    [vehicle] véhicule
    [animal] animal
    [other] autre
   *[unknown] non classé
}
page-incident-what-sensor = { $rule }, { $sensor }
page-incident-state-choice = { $state ->
    [open] Ouvert
    [acknowledged] Pris en charge
    [assigned] Affecté
    [en_route] En route
    [on_scene] Sur place
   *[closed] Clos
}
page-incident-segment = Seg. { $segment }
page-incident-left = reste { DURATION($time) }
page-incident-past = Délai écoulé
page-incident-owner = { $owner }
page-incident-unit = Unité { $unit }
page-incident-escalated = au superviseur
page-incident-alert = Alerte principale
page-incident-candidate = arrivée dans { $time }, P(interruption) { $chance }
page-incident-choose = Choisir…
page-incident-other-unit = Autre unité
page-incident-unknown = L’action est enregistrée, mais son résultat n’est pas encore connu.
page-incident-edited = L’action est effectuée. Vos modifications ultérieures n’ont pas été envoyées.
page-incident-do = { $action ->
    [acknowledge] Prendre en charge
    [assign] Affecter…
    [en_route] En route
    [on_scene] Sur place
    [close] Clore…
    [note] Note…
    [attach] Joindre…
    [link] Lier…
    [merge] Fusionner…
    [hand_over] Transmettre…
    [undo] Annuler l’action
    [mark] Marquage…
    [trace] Découverte…
   *[reopen] Rouvrir…
}
page-incident-dialog = { $action ->
    [assign] Affecter une unité à { $name }
    [close] Clore { $name }
    [note] Note sur { $name }
    [attach] Joindre un fichier à { $name }
    [link] Lier { $name } à un autre incident
    [merge] Fusionner { $name } avec un autre incident
    [hand_over] Transmettre { $name }
    [mark] Diffusion de { $name }
    [trace] Marchandises découvertes, incident { $name }
   *[reopen] Rouvrir { $name }
}
page-incident-choice = { $action ->
    [close] Issue (obligatoire)
    [link] Autre incident
    [merge] Incident qui reste ouvert
    [mark] Marquage
   *[assign] Unité ou base de patrouille
}
page-incident-name-of = { $action ->
    [assign] Unité
   *[hand_over] Personne
}
page-incident-text-of = { $action ->
    [close] Motif (obligatoire pour une alarme intempestive)
    [note] Note
    [attach] Adresse ou nom du fichier
    [hand_over] Motif
   *[reopen] Motif (obligatoire)
}
page-marking-none = aucun
page-marking-up-to = sans marquage et jusqu’à { $marking }
page-tracing-send = Enregistrer
page-tracing-released = { $released ->
    [yes] oui
   *[no] non
}
page-incident-no-other = Choisissez l’autre incident.
page-incident-no-file = Indiquez l’adresse ou le nom du fichier.
page-workload-line =
    .title = Alertes déclenchées au cours des 10 dernières minutes. EEMUA 191, pour un opérateur : 1 acceptable, 2 gérable, jusqu’à 5 trop exigeant
page-workload = { $raised ->
    [one] { $raised } alerte
   *[other] { $raised } alertes
} en 10 min : { $verdict ->
    [acceptable] acceptable
    [manageable] gérable
    [over-demanding] trop exigeant
   *[unmanageable] ingérable
}
page-workload-unknown = Charge : inconnue
page-snooze = Pause sonore
    .title = Suspendre brièvement la répétition de l’alarme
page-snoozed = En pause { DURATION($time) }

## Carte

page-map = Carte
page-map-region =
    .aria-label = Carte
page-map-title = Carte : les flèches déplacent, plus et moins zooment, Entrée sélectionne sous le réticule
page-map-loading = Chargement de la carte…
page-map-failed = La carte n’a pas pu démarrer. Alertes, pistes et capteurs restent affichés dans les listes.
page-map-no-webgl = Ce navigateur ne peut pas dessiner la carte : WebGL 2 est absent ou désactivé. Alertes, pistes et capteurs restent affichés dans les listes.
page-map-tools =
    .aria-label = Outils de la carte
page-zoom-in =
    .aria-label = Zoom avant
    .title = Zoom avant
page-zoom-out =
    .aria-label = Zoom arrière
    .title = Zoom arrière
page-zoom-sector = Secteur
    .title = Afficher tout le secteur
page-measure = Mesurer
    .title = Distance et azimut
page-sight = Ligne de vue
    .title = Ligne de vue et profil altimétrique entre deux points
page-tool =
    .aria-label = Outil
page-map-cluster = { $kind ->
    [sensor] Groupe de { $count } capteurs ouvert.
    [unit] Groupe de { $count } unités ouvert.
   *[track] Groupe de { $count } pistes ouvert.
}
page-base-map-broken = Le fond de carte { $file } ne peut pas être affiché : le fichier est endommagé, incomplet ou n’est pas une archive PMTiles. Le reste de la carte est complet.
page-base-map-gaps = Des parties du fond de carte { $file } n’ont pas pu être chargées.
page-map-gaps-failed = Certaines tuiles n’ont pas pu être chargées. Les angles morts n’y sont pas ombrés.
page-map-gaps-computing = Calcul des angles morts et de la couverture en cours. Ils ne sont pas encore tracés.
page-map-gaps-loading = Chargement des tuiles. Des angles morts peuvent ne pas être encore ombrés.
page-map-detail = Traces, ellipses et vecteurs pour { $shown } pistes sur { $all } : celles en alerte et les plus proches du centre de la carte.
page-map-detail-dots = { $all } pistes. Celles sans alerte sont des points ou forment des groupes ; cliquez sur un groupe, ou appuyez sur Entrée, pour l’ouvrir.
page-map-side = { $side ->
    [own] côté national
   *[far] côté opposé
}
page-map-in = dans { DURATION($time) }
page-map-track = { $known ->
    [ended] { $track } (piste terminée)
    [unknown] { $track } (état de la piste inconnu)
   *[present] { $track }
}
page-map-sensor = { $sensor } ({ $state })
page-map-sensor-old = { $sensor } (position datant de { DURATION($age) })
page-map-end = { $end ->
    [observer] observateur
   *[target] cible
}
page-elevation = Altitude { $height }
page-elevation-unknown = Altitude inconnue

## Outils

page-tool-undo = Retirer le dernier
page-tool-clear = Effacer
page-measure-hint = { $points ->
    [0] Cliquez sur le point de départ.
   *[other] Cliquez sur le point suivant.
} Au clavier : placez la carte sous le réticule et appuyez sur Entrée.
page-measure-leg = Tronçon
page-measure-leg-of = { $from }–{ $to }
page-measure-distance = Distance
page-measure-true = Azimut vrai
page-measure-grid = Azimut grille, { $grid }
page-measure-mils = Grille, millièmes
page-measure-total = Total { $distance }, mesuré sur l’ellipsoïde WGS 84 ; pentes non comprises.
page-sight-title = Ligne de vue
page-sight-hint = { $end ->
    [observer] Cliquez sur la position de l’observateur.
   *[target] Cliquez sur la position de la cible.
} Au clavier : placez la carte sous le réticule et appuyez sur Entrée.
page-sight-asking = Calcul…
page-sight-observer = Hauteur de l’observateur au-dessus du sol
page-sight-target = Hauteur de la cible au-dessus du sol
page-sight-visible = Visible. { $distance }, azimut vrai { $bearing }.
page-sight-unknown = Indéterminé : le terrain entre les points n’est pas entièrement connu. { $distance }, azimut vrai { $bearing }.
page-sight-blocked = Non visible : masqué par le terrain à { DISTANCE($blocked) } de l’observateur. { page-sight-needed } { $distance }, azimut vrai { $bearing }.
page-sight-blocked-somewhere = Non visible. { page-sight-needed } { $distance }, azimut vrai { $bearing }.
page-sight-needed = { $known ->
    [yes] Visible seulement à partir de { $needed } au-dessus du sol.
   *[no] {""}
}
page-sight-flat = Sol nu, sans végétation, Terre plate. Altitudes rapportées au référentiel du modèle de terrain.
page-sight-earth = Sol nu, sans végétation. Réfraction : facteur de rayon terrestre effectif k = { DECIMAL($k, digits: 2) } ; la ligne de vue est tracée courbe. Altitudes rapportées au référentiel du modèle de terrain.
page-sight-chart = Terrain de { $low } à { $high } sur { DISTANCE($length) }

## Panneaux

page-panels =
    .aria-label = Panneaux
page-tab-alerts = Alertes
page-tab-details = Détails
page-tab-tracks = Pistes
page-tab-sensors = Capteurs
page-tab-layers = Couches

## Pistes

page-tracks-waiting = En attente de la première situation…
page-tracks-none = Aucune piste.
page-tracks-count = { $all ->
    [one] { $all } piste
   *[other] { $all } pistes
}, dont { $confirmed } { $confirmed ->
    [one] confirmée
   *[other] confirmées
} ; d’abord celles en alerte, puis par probabilité d’existence.
page-tracks-count-first = { $all } pistes, dont { $confirmed } { $confirmed ->
    [one] confirmée
   *[other] confirmées
} ; les { $shown } premières sont affichées : d’abord celles en alerte, puis par probabilité d’existence.
page-tracks-unreadable = { $count ->
    [one] { $count } piste illisible.
   *[other] { $count } pistes illisibles.
}
page-class = { $class ->
    [person] Personne
    [group] Groupe
    [vehicle] Véhicule
    [animal] Animal
    [other] Autre
   *[unknown] Non classé
}
page-border-state = { $state ->
    [alert] Frontière : segment avec une alerte ouverte, dans la couleur de sa priorité
    [lost] Frontière : couverture perdue, capteur hors service
    [unknown] Frontière : inconnu, pas de données de terrain ou calcul en cours
    [dead] Frontière : surtout des angles morts
   *[watched] Frontière : surtout en ligne de vue d’un capteur en service
}
page-area = { $name } ({ $kind ->
    [danger] zone dangereuse
    [restricted] zone interdite
    [watch] zone surveillée
   *[crossing_point] zone du point de passage
})
page-track-look = { $look ->
    [confirmed] confirmée
    [tentative] provisoire
    [coasting] extrapolée
   *[stale] périmée
}
page-track-summary = { page-track-look }, existence { PROBABILITY($existence) }, { SPEED($speed) }, segment { $segment }
page-track-summary-no-speed = { page-track-look }, existence { PROBABILITY($existence) }, segment { $segment }
page-track-summary-no-segment = { page-track-look }, existence { PROBABILITY($existence) }, { SPEED($speed) }
page-track-summary-short = { page-track-look }, existence { PROBABILITY($existence) }

## Relèvements sans position

page-bearings = Relèvements sans position
page-bearings-count = { $count ->
    [one] { $count } direction
   *[other] { $count } directions
} à distance inconnue, hors de toute piste ; les plus récentes d’abord.
page-bearing-title = { $sensor }, { BEARING($azimuth) } vrai
page-bearing-summary = ±{ $error } (95 %), il y a { DURATION($age) }
page-kind-bearing = Relèvement sans position
page-lead-bearing = Direction seule : la cible peut se trouver n’importe où sur cette ligne. Dernière détection il y a { DURATION($age) }.
page-section-bearing = Relèvement
page-fact-azimuth = Azimut
page-fact-azimuth-of = { $azimuth } vrai, ±{ $error } (95 %)
page-fact-range-unknown = inconnue, jusqu’à { DISTANCE($far) }
page-fact-bearings = Détections dans cette direction
page-fact-positions = Positions possibles
page-fact-positions-of = { $count ->
    [0] aucune : aucun relèvement d’un autre capteur ne croise celui-ci
    [one] { $count } croisement avec le relèvement d’un autre capteur, non confirmé
   *[other] { $count } croisements avec les relèvements d’autres capteurs, non confirmés
}
page-fact-lifetime = Retiré si aucune détection pendant
page-fact-bearing-sensor = Capteur

## Capteurs

page-sensors-none = Aucune donnée de capteur pour l’instant.
page-sensors-online = { $count ->
    [one] { $count } capteur, en ligne.
   *[other] { $count } capteurs, tous en ligne.
}
page-sensors-lost = { $count ->
    [one] { $count } capteur
   *[other] { $count } capteurs
}, dont { $lost } hors ligne, en sourdine ou { $lost ->
        [one] dégradé.
       *[other] dégradés.
    }
page-sensor-kind = { $kind ->
    [radar] Radar
    [camera] Caméra
    [ground_sensor] Capteur au sol
    [radio] Radiogoniomètre
    [human] Observateur
    [relay] Relais
   *[other] { $kind }
}
page-sensor-kind-consequence = { page-sensor-kind } : { $consequence }
page-sensor-coverage-lost = sa couverture est perdue
page-counts-caption = Messages par capteur
page-counts-sensor = Capteur
page-counts-received = reçus
page-counts-journaled = journalisés
page-counts-duplicate = doublons
page-counts-dead = rejetés
page-counts-shed = délestés
page-counts-no-sensor = (aucun capteur)
page-counts-none = { $past ->
    [yes] Les décomptes de messages ne sont affichés que pour le présent.
   *[no] Aucun décompte de messages pour l’instant.
}
page-counts-balanced = Tous les messages sont comptabilisés : pour chaque capteur, reçus = journalisés + doublons + rejetés + délestés.
page-counts-unbalanced = LES DÉCOMPTES NE CONCORDENT PAS pour { $sensors }.

## Couches

page-layers-loading = Chargement des couches…
page-layers-terrain = Terrain et couverture
page-layers-objects = Objets
page-layers-symbols = Symboles
page-layer = { $layer ->
    [tracks] Pistes
    [trails] Traces, 10 dernières min
    [vectors] Vecteurs vitesse (durée sous la carte)
    [ellipses] Erreur de position, ellipse à 95 %
    [crossings] Franchissements prévus, 10 prochaines min
    [bearings] Relèvements sans position, erreur à 95 %
    [views] Champs de vision des capteurs
    [sensors] Capteurs
    [border] Frontière, points kilométriques, côtés
    [units] Unités propres
    [bases] Bases de patrouille
    [contours] Courbes de niveau
    [rivers] Cours d’eau
    [roads] Routes et chemins
    [settlements] Localités
    [grid] Carroyage MGRS
    [base-map] Fond de carte
    [levels] Niveau d’impact des sections frontalières
    [areas] Zones nommées
   *[segments] Segments selon les angles morts
}
page-raster = { $layer ->
    [hillshade] Relief
    [elevation] Altitude
    [response] Temps d’intervention depuis la base la plus proche
    [visible] Angles morts : tous les capteurs
    [visible-radar] Angles morts : radars
    [visible-camera] Angles morts : caméras
    [visible-ground_sensor] Angles morts : capteurs au sol
    [visible-radio] Angles morts : radiogoniomètres
    [visible-human] Angles morts : observateurs
    [coverage] Probabilité de détection : tous les capteurs
    [coverage-radar] Probabilité de détection : radars
    [coverage-camera] Probabilité de détection : caméras
    [coverage-ground_sensor] Probabilité de détection : capteurs au sol
    [coverage-radio] Probabilité de détection : radiogoniomètres
    [coverage-human] Probabilité de détection : observateurs
   *[other] { $title }
}
page-legend-dead-ground = { $within ->
    [yes] Angle mort à moins de { DISTANCE($buffer) } de la frontière : aucune ligne de vue depuis un capteur en service
   *[no] Angle mort le long de la frontière : aucune ligne de vue depuis un capteur en service
}
page-legend-unknown = Inconnu : pas de données de terrain
page-legend-probability = Pd de { PERCENT($low) } à { PERCENT($high) }
page-symbol = { $symbol ->
    [person] Personne, confirmée
    [group] Groupe
    [vehicle] Véhicule
    [animal] Animal
    [other] Autre
    [alerted] Avec une alerte ouverte
    [tentative] Provisoire
    [coasting] Extrapolée : pas de détection actuelle, position prédite
    [stale] Périmée : pas de détection depuis longtemps
    [cluster] Groupe de pistes : l’activer pour l’ouvrir
    [sensor-cluster] Groupe de capteurs
    [unit-cluster] Groupe d’unités propres
    [lost] Capteur hors ligne ou dégradé
    [muted] Capteur en sourdine : ses messages ne sont pas lus
    [bearing] Relèvement sans position, erreur à 95 % ; s’estompe avec l’âge
    [danger-area] Zone dangereuse
    [named-area] Autre zone nommée
   *[unknown] Non classé
}

## Détails

page-details-empty = Aucune sélection. Sélectionnez un incident, une alerte, une piste, un relèvement, un capteur ou un segment de frontière sur la carte ou dans une liste.
page-details-gone = { $kind ->
    [track] Cette piste ne figure plus dans la situation : elle est terminée.
    [incident] Cet incident ne figure plus dans la liste.
    [bearing] Ce relèvement ne figure plus dans la situation : il est trop ancien, ou appartient maintenant à une piste.
    [sensor] Ce capteur ne figure plus dans la situation.
    [unit] Cette unité ne figure plus dans la liste : aucun message depuis longtemps.
    [base] Cette base ne figure plus dans la situation.
    [section] Cette section ne figure plus dans la situation.
    [segment] Ce segment ne figure plus dans la situation.
   *[alert] Cette alerte ne figure plus dans la situation.
}
page-details-unknown = { $kind ->
    [track] En attente de la première situation. Cette piste n’existe peut-être plus.
    [bearing] En attente de la première situation. Ce relèvement n’existe peut-être plus.
    [sensor] En attente des données des capteurs. Ce capteur n’existe peut-être plus.
    [unit] En attente des unités. Cette unité ne figure peut-être plus dans la liste.
    [base] En attente des bases.
    [section] En attente des sections.
    [segment] En attente de la frontière. Ce segment n’existe peut-être plus.
   *[alert] En attente des alertes. Cette alerte n’existe peut-être plus.
}
page-details-show = Voir sur la carte
page-details-deselect = Désélectionner
page-details-classes = Probabilités des classes
page-details-track = Piste { $track }
page-details-sensor = Capteur { $sensor }
page-details-alert = Alerte : { $rule }
page-details-classed = { page-class } { $track }
page-kind-track = Piste, identité normalisée : inconnue
page-kind-segment = Segment de frontière
page-lead-track = { $look ->
    [confirmed] Confirmée ; dernière détection il y a { DURATION($age) }.
    [tentative] Provisoire : trop peu de détections pour confirmer. Dernière détection il y a { DURATION($age) }.
    [coasting] Extrapolée : aucune détection depuis { DURATION($age) }, position prédite.
   *[stale] Périmée : aucune détection depuis { DURATION($age) }, position peu fiable.
}
page-section-confidence = Confiance
page-section-motion = Mouvement
page-section-position = Position
page-section-incident = Incident
page-section-candidates = Interventions possibles, état du { $time }
page-section-notes = Notes
page-section-tracing = Marchandises découvertes
page-section-history = Historique
page-section-alert = Alerte
page-section-response = { $current ->
    [yes] Intervention
   *[no] Intervention, état d’il y a { DURATION($age) } ; inconnue à présent
}
page-section-forecast = { $current ->
    [yes] Franchissement prévu
   *[no] Franchissement prévu, état d’il y a { DURATION($age) } ; inconnu à présent
}
page-section-gaps = Lacunes de couverture
page-section-confidence-then = { $known ->
    [ended] Confiance à la dernière mise à jour (piste terminée)
    [unknown] Confiance à la dernière mise à jour (état de la piste inconnu)
   *[present] Confiance à la dernière mise à jour
}
page-section-position-then = Position à la dernière mise à jour
page-section-mute = Sourdine
page-section-faults = Défauts
page-section-view = Champ de vision
page-section-messages = Messages
page-section-segment = Segment
page-fact-existence = Probabilité d’existence
page-fact-class = Classe
page-fact-class-of = { target-class }, { PROBABILITY($probability) }
page-fact-error = Erreur de position (95 %)
page-fact-error-of = ±{ $major } sur ±{ $minor }
page-fact-axis = Grand axe
page-fact-axis-of = { BEARING($azimuth) } vrai
page-fact-detected = Dernière détection
page-fact-ago = il y a { DURATION($age) }
page-fact-stated = Position annoncée
page-fact-sensors = Détectée par
page-fact-not-reported = Non communiqué
page-fact-revoked = Sources révoquées
page-fact-speed = Vitesse
page-fact-course = Cap
page-fact-course-of = { BEARING($course) } vrai
page-fact-course-none = indéterminé (vitesse trop faible)
page-fact-to-border = Délai jusqu’à la frontière
page-fact-to-border-none = pas avant { DURATION($horizon) }
page-fact-to-border-of = { DURATION($time) } à cette vitesse
page-fact-segment = Segment de frontière
page-fact-chainage = Point kilométrique
page-fact-chainage-range = km { DECIMAL($from, digits: 2) } à { DECIMAL($to, digits: 2) }
page-fact-from-border = Distance à la frontière
page-fact-from-border-of = { $side ->
    [own] { DISTANCE($distance) }, côté national
   *[far] { DISTANCE($distance) }, côté opposé
}
page-fact-latlon = Lat., lon.
page-fact-track-id = Identifiant de la piste
page-fact-status = État
page-fact-raised = Déclenchement
page-fact-age = Âge
page-fact-updated = Dernière mise à jour
page-fact-observed = Dernière détection
page-fact-revision = Révision
page-fact-why = Motif
page-fact-details = Précisions
page-fact-impact = Niveau d’impact
page-fact-left = Temps restant
page-fact-owner = Responsable
page-fact-marking = Marquage
page-fact-receives = Reçoit
page-fact-unit = Unité
page-fact-receipt = Réception confirmée
page-fact-tracks = Pistes
page-fact-disposition = Issue
page-fact-handled-by = Prise en charge
page-fact-last-action-by = Dernière action d’un opérateur
page-fact-comment = Motif de l’opérateur
page-fact-response = Intervention
page-fact-unreachable = Hors d’atteinte de toutes les bases
page-fact-response-unknown = Inconnue : au mieux par un terrain inconnu
page-fact-base = Base
page-fact-eta = Délai d’arrivée
page-fact-margin = Marge
page-fact-margin-of = { $late ->
    [yes] { DURATION($margin) } trop tard pour intercepter
   *[no] { DURATION($margin) } de marge
}
page-fact-interruption = P(interruption)
page-fact-crossing = P(franchissement sous { DURATION($horizon) })
page-fact-crossing-when = Délai de franchissement (80 %)
page-fact-crossing-when-of = { DURATION($from) } à { DURATION($to) }
page-fact-crossing-where = Point de franchissement (80 %)
page-fact-terrain = Terrain
page-terrain = { $terrain ->
    [level] plat
    [rolling] vallonné
    [steep] escarpé
    [very_steep] très escarpé
   *[other] { $terrain }
}
page-land-cover = { $cover ->
    [tree_cover] couvert arboré
    [shrubland] broussailles
    [grassland] prairie
    [cropland] cultures
    [built-up] zone bâtie
    [bare_or_sparse_vegetation] sol nu ou végétation clairsemée
    [snow_and_ice] neige et glace
    [permanent_water] eau permanente
    [herbaceous_wetland] zone humide herbacée
    [mangroves] mangrove
    [moss_and_lichen] mousses et lichens
   *[other] { $cover }
}
page-fact-in-view = Visible par
page-fact-no-sensor = aucun capteur en service
page-fact-dead-ground = Prochain angle mort
page-fact-dead-ground-of = { $now ->
    [yes] en angle mort actuellement
   *[no] dans { DURATION($time) }
}
page-fact-road = Route la plus proche
page-fact-settlement = Localité la plus proche
page-fact-on-foot = { DURATION($time) } à pied
page-fact-no-data = Données absentes
page-ground-layer = { $layer ->
    [roads] routes
    [settlements] localités
    [rivers] cours d’eau
    [fords] gués
    [land_cover] occupation du sol
   *[other] { $layer }
}
page-fact-gap = Segment { $segment }
page-fact-gap-of = Pd { PROBABILITY($before) } → { PROBABILITY($after) }
page-fact-gap-more = Autres
page-fact-gap-more-of = { $count ->
    [one] { $count } autre
   *[other] { $count } autres
}
page-fact-heading = Sens
page-fact-heading-of = { $direction ->
    [inbound] entrant
   *[outbound] sortant
}
page-lead-sensor-online = En ligne. Voir sa couverture dans Couches.
page-lead-sensor-degraded = { $state } : données reçues, mais ne vous fiez pas à ce seul capteur.
page-lead-sensor-lost = { $state }. Aucune couverture par ce capteur.
page-fact-mute-since = En sourdine depuis
page-fact-mute-until = En sourdine jusqu’à
page-fact-mute-ended = Fin de la sourdine
page-fact-mute-by = Décidé par
page-fact-mute-by-of = { $alone ->
    [yes] { $decided } sans autre personne, en urgence
   *[no] { $asked } (demande), { $decided } (confirmation)
}
page-fact-mute-who = { $known ->
    [yes] { $name }, { page-role }
   *[no] { page-role }
}
page-fact-mute-request = Demande
page-fact-range = Portée
page-fact-range-to = jusqu’à { DISTANCE($far) }
page-fact-range-of = de { DISTANCE($near) } à { DISTANCE($far) }
page-fact-sector = Ouverture
page-fact-all-round = 360° (tous azimuts)
page-fact-sector-of = { $width }° autour de { BEARING($azimuth) } vrai
page-fact-antenna = Hauteur au-dessus du sol
page-fact-elevation = Altitude du sol
page-fact-reports = Transmission
page-reports = { $path ->
    [radio] radio
    [radio_or_hand] radio ou messager
    [hand] messager
    [cable] câble
    [satellite] satellite
   *[other] { $path }
}
page-reports-unlinked = { page-reports } ; aucune liaison avec une base sur ce terrain
page-fact-received = Reçus
page-fact-journaled = Journalisés
page-fact-duplicate = Doublons
page-fact-dead-letters = Rejetés
page-fact-dropped = Délestés
page-fact-implausible = Invraisemblables (signalés)
page-details-segment = Segment { $segment }
page-lead-segment = { PERCENT($fraction, digits: 1) } du terrain le long de ce segment est en angle mort.
page-lead-segment-unknown = Les angles morts le long de ce segment ne sont pas encore connus.
page-fact-section = Section
page-fact-dead-ground-share = Angle mort
page-fact-tracks-now = Pistes actuelles

## Aide

page-help-keys = Clavier
page-help-drawing = Symboles de la carte
page-help-key-help = ouvrir cette aide
page-help-key-alerts = aller à la liste des incidents ou des alertes
page-help-key-map = aller à la carte
page-help-key-panels = détails, pistes, capteurs, forces, couches
page-help-key-escape = fermer l’outil ou annuler la sélection
page-help-key-list = se déplacer dans une liste
page-help-key-enter = dans une liste : sélectionner et centrer la carte ; sur la carte : sélectionner sous le réticule
page-help-key-actions = dans la liste des alertes : acquitter, rejeter
page-help-key-incidents = dans la liste des incidents : prendre en charge, affecter une unité, clore, changer le marquage
page-help-key-pictures = sur une image : personne, véhicule, animal, rien, indéterminé
page-help-key-looks = dans un incident : orienter la première caméra
page-help-key-search = aller à un lieu, des coordonnées, une piste, un incident, un capteur ou une unité
page-help-key-pan = sur la carte : déplacer et zoomer
page-help-key-tools = mesurer ; ligne de vue (Entrée place un point sous le réticule)
page-help-unknown = Toutes les pistes ont l’identité normalisée « inconnu » (APP-6). Le logiciel ne classe jamais personne comme ami ni comme hostile.
page-help-faint = Symbole pâle : probabilité d’existence plus faible. Petit symbole : piste provisoire, non confirmée.
page-help-dashed = Tireté et creux : piste extrapolée, position prédite. Barré : aucune détection depuis plus de { DURATION($stale) }.
page-help-vector = Trait devant : position prédite après la durée indiquée sous la carte, qui augmente quand on dézoome. Trait pointillé : positions des 10 dernières min. Ellipse : erreur de position à 95 %. Croix sur la frontière : franchissement prévu à ce cap et à cette vitesse.
page-help-alerted = Symbole jaune dans un anneau : alerte ouverte. Anneau tireté : alerte acquittée.
page-help-bearing = Fine ligne tiretée dans un secteur : direction dans laquelle un capteur détecte un objet sans en connaître la distance, à sa dernière détection. Secteur : erreur d’azimut à 95 %. Elle s’estompe avec l’âge et n’appartient à aucune piste.
page-help-hatched = Hachuré : champ de vision d’un capteur hors ligne, en sourdine ou dégradé. Aucune couverture par ce capteur.
