# Lignes affichées par les commandes, sauf celles des analyses.

## Mots des tableaux. Un nom absent de la liste est affiché tel quel.

console-column = { $name ->
    [behind] retard (lignes)
    [cores] cœurs
    [machine] machine
    [fused] lignes fusionnées
    [covered_now] segments couverts actuellement
    [covered_planned] segments couverts selon le plan
    [lease] bail
    [live_since] en service depuis
    [rows] lignes du journal
    [sector] secteur
    [worker] processus de travail
    [sensors_working] capteurs en service
    [sensors_offline] capteurs hors service
    [open_distress] ouverts (détresse)
    [open_high] ouverts (haute)
    [open_medium] ouverts (moyenne)
    [open_low] ouverts (basse)
    [priority] priorité
    [incident] incident
    [opened] ouvert
    [continues] suite de
    [partner] partenaire
    [direction] sens
    [records] enregistrements
    [confidence] fiabilité
    [account] compte
    [name] nom
    [roles] rôles
    [second_factor] second facteur
    [logins] sessions
    [began] depuis
    [device] appareil
    [enrolled] enrôlé
    [revoked] révoqué
    [last_used] dernière utilisation
    [ends] fin
    [address] adresse
    [label] programme ou navigateur
    [position] position
    [at] heure
    [receiver] destinataire
    [record] alerte ou incident
    [revision] révision
    [number] n°
    [operation] opération
    [person] personne
    [what] demande, données, finalité
    [action] action d’opérateur
    [unknown] inconnu
    [actor] client
    [body] octets
    [bytes] taille
    [boot] démarrage
    [code] code
    [content_type] type de contenu
    [dead_lettered] rejetés
    [detections] détections
    [duplicate] doublons
    [existence] P(existence)
    [field] champ
    [found] constat
    [ground] sol
    [id] n°
    [interval] intervalle
    [item] élément
    [journaled] journalisés
    [kept] octets conservés
    [layer] couche
    [subject] sujet
    [attribute] attribut
    [values] valeurs
    [origin] origine
    [kind] type
    [looks] observations
    [message] motif
    [observed] observée
    [offset] écart
    [packet_content_type] type du paquet
    [packet_size] taille du paquet
    [positions] avec position
    [predicted] prévue
    [published] publiés
    [received] reçus
    [received_at] reçu
    [replayed] retraité
    [sapient_node] nœud SAPIENT
    [properties] propriétés
    [scans] balayages
    [segment] segment
    [sender] expéditeur
    [sensor] capteur
    [source] source
    [seq] séquence
    [shed] délestés
    [size] octets
    [sources] sources
    [speed] vitesse
    [state] état
    [status] statut
    [survey] levé
    [target_class] classe
    [topic] topic
    [track] piste
    [tracks] pistes
    [verdict] résultat
   *[other] { $name }
}
console-track-status = { $status ->
    [tentative] provisoire
    [confirmed] confirmée
    [coasting] extrapolée
   *[other] { $status }
}
console-priority = { $priority ->
    [distress] DÉTRESSE
    [high] haute
    [medium] moyenne
    [low] basse
   *[other] { $priority }
}
console-progress = { $step ->
    [messages] messages
    [rows] lignes du journal
    [scans] balayages
    [files] fichiers
    [sectors] secteurs
   *[other] { $step }
}

## Noyaux de calcul

console-output = Résultats : { $folder }
console-compiling = Compilation des noyaux de calcul (une fois après une installation ou une mise à jour ; quelques minutes) depuis { $seconds } s, groupes terminés : { $done } sur { $total }
console-compiled = Noyaux de calcul compilés en { $seconds } s et conservés pour le prochain démarrage.

## Une salle : demo, run, serve

console-demo-title = Démonstration Watchline : { $sector } (capteurs simulés)
console-demo-starting = Démarrage du broker, de l’ingestion, de la fusion et du simulateur…
console-demo-draining = Les expéditeurs sont arrêtés ; traitement des derniers messages…
console-demo-scoring = Évaluation des pistes par rapport à la vérité simulée et rédaction du rapport…
console-live-map = Carte en direct : { $address }
console-demo-status = { $seconds } s : { $journaled ->
    [one] { $journaled } message journalisé
   *[other] { $journaled } messages journalisés
}, { $tracks ->
    [one] { $tracks } piste confirmée
   *[other] { $tracks } pistes confirmées
}, { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
} ; latence { $p50 } (médiane), { $p99 } (99e centile)
console-demo-alert = ALERTE, priorité { $priority } : { $sentence }
console-demo-counts = Messages par capteur
console-demo-unknown-sensor = (capteur inconnu)
console-demo-balance = { $balanced ->
    [yes] Tous les messages sont comptabilisés, pour chaque capteur : reçus = journalisés + doublons + rejetés + délestés, et publiés = journalisés + rejetés + délestés, chaque message étant compté une fois.
   *[no] LES COMPTES DE MESSAGES NE SONT PAS ÉQUILIBRÉS : pour un capteur, les messages reçus ne sont pas la somme des messages journalisés, en double, rejetés et délestés, ou des messages publiés manquent.
}
console-demo-tracks = { $tracks ->
    [one] { $tracks } piste confirmée
   *[other] { $tracks } pistes confirmées
}, { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
} ; { $targets ->
    [one] { $targets } cible simulée
   *[other] { $targets } cibles simulées
}, dont { $covered } en ligne de vue d’un capteur à un moment donné.
console-demo-quality = GOSPA moyen (c = 50 m, p = 2) : { $all } pour toutes les cibles, { $covered } pour celles en ligne de vue d’un capteur ; { $swaps ->
    [one] { $swaps } échange d’identité de pistes
   *[other] { $swaps } échanges d’identité de pistes
}.
console-demo-resources = Latence de l’envoi à la situation en direct : { $p50 } (médiane), { $p99 } (99e centile) ; mémoire maximale { $megabytes } Mo (PSS).
console-files = Fichiers : { $files }
console-milliseconds = { DECIMAL($value) } ms
console-run-embedded = Broker intégré : les expéditeurs de cet ordinateur trouvent son adresse dans { $file }.
console-run-started = Le secteur { $sector } est en service. Carte en direct : { $address } (Ctrl-C pour arrêter)
console-run-stopping = Arrêt : d’abord l’ingestion ; la fusion traite ensuite les derniers messages.
console-serve-started = Carte en direct de { $store } : { $address } (Ctrl-C pour arrêter)
console-stopped = Arrêté.
console-sapient-dial = SAPIENT : connexion à l’intergiciel à l’adresse { $address }
console-sapient-listen = SAPIENT : écoute à l’adresse { $address }
console-sapient-open = ATTENTION : SAPIENT sur TCP n’a ni authentification ni chiffrement. Tout ordinateur qui atteint ce port est considéré comme fiable.

## La console en direct

console-live-running = { $clock }   en marche depuis { $seconds } s
console-live-messages = messages : reçus { $received }, journalisés { $journaled }, doublons { $duplicate }, rejetés { $dead }, délestés { $shed }
console-live-tracks = pistes : confirmées { $confirmed }, extrapolées { $coasting }, provisoires { $tentative } ; alertes : { $alerts }
console-live-latency = latence de la détection à la situation : { $p50 } (médiane), { $p99 } (99e centile)
console-live-memory = mémoire { $megabytes } Mo
console-live-problem = { $code ->
    [compiling_kernels] DÉMARRAGE : { $problem }
   *[other] PROBLÈME : { $problem }
}
console-live-alerts = Alertes, les plus récentes d’abord
console-live-no-alerts = Aucune alerte pour l’instant.
console-live-nearest = Pistes les plus proches de la frontière
console-live-sensors = Capteurs
console-live-sensor = { $mute ->
    [lasting] { sensor-state } jusqu’à { TIME($until) }
    [ended] { sensor-state }, sourdine terminée à { TIME($until) }
   *[none] { sensor-state }
}
console-live-no-sensors = Aucun capteur n’a encore transmis de données.

## Processus surveillés

console-part-problem = { $part } : { $problem }
console-part-well = { $part } : problème résolu.
console-part-recovered = { $part } fonctionne de nouveau.
console-part-silent = { $part } : aucun signe de vie depuis { $seconds } s.
console-part-heard = { $part } donne de nouveau signe de vie.
console-part-killed = { $part } : aucun signe de vie depuis { $seconds } s, le processus est arrêté.
console-part-restarted = { part-ended } Redémarré.
console-part-next-start = { part-ended } Prochain démarrage dans { $seconds } s.
console-part-compiling = { $part } : compilation des noyaux de calcul après une installation ou une mise à jour. Les messages sont journalisés ; la situation n’est pas actualisée avant la fin.
console-part-compiled = { $part } : noyaux de calcul compilés, le traitement reprend.
console-part-not-started = { part-not-started } Prochain démarrage dans { $seconds } s.

## record, simulate, replay, import, archive

console-record-started = Enregistrement du secteur { $sector } depuis { $broker } dans { $journal } (Ctrl-C pour arrêter)
console-store-migrated = { $change ->
    [created] Base de données créée à la version { $after } : { $store }
    [upgraded] Base de données mise à niveau de la version { $before } à la version { $after } : { $store }
   *[other] Base de données déjà à la version { $after } : { $store }
}
console-store-granted = { $count ->
    [0] { $role } ne peut lire aucun secteur de { $store }
   *[other] { $role } peut lire dans { $store } : { $sectors }
}
console-store-copied = { $rows ->
    [one] { $rows } ligne
   *[other] { $rows } lignes
} et { $letters ->
    [one] { $letters } message rejeté
   *[other] { $letters } messages rejetés
} copiés dans { $target }
console-store-sealed = { $count ->
    [one] { $count } contenu est chiffré ; sa clé reste à côté du journal d’origine
   *[other] { $count } contenus sont chiffrés ; leurs clés restent à côté du journal d’origine
}
console-store-equal = Contenu identique : { $rows ->
    [one] { $rows } ligne
   *[other] { $rows } lignes
} et { $letters ->
    [one] { $letters } message rejeté
   *[other] { $letters } messages rejetés
}
console-store-fusion-copied = { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
}, { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} et { $estimates ->
    [one] { $estimates } estimation de piste
   *[other] { $estimates } estimations de piste
} copiés dans { $target }
console-store-fusion-equal = Contenu identique : { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
}, { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} et { $estimates ->
    [one] { $estimates } estimation de piste
   *[other] { $estimates } estimations de piste
}
console-store-audit-copied = { $lines ->
    [one] { $lines } ligne
   *[other] { $lines } lignes
} de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
} du journal d’audit { $lines ->
    [one] copiée
   *[other] copiées
} dans { $target } ; la clé de signature reste dans son dossier
console-store-audit-equal = Contenu identique : { $lines ->
    [one] { $lines } ligne
   *[other] { $lines } lignes
} du journal d’audit
console-store-accounts-copied = { $accounts ->
    [one] { $accounts } compte copié
   *[other] { $accounts } comptes copiés
} dans { $target } ; la clé des seconds facteurs reste dans le dossier de données
console-store-accounts-equal = Contenu identique : { $accounts ->
    [one] { $accounts } compte
   *[other] { $accounts } comptes
}
console-simulating = Simulation du scénario…
console-simulated = { $messages ->
    [one] { $messages } message
   *[other] { $messages } messages
} de { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
} et { $targets ->
    [one] { $targets } cible
   *[other] { $targets } cibles
} : { $folder }
console-replayed-hashes = SHA-256 des pistes : { $tracks } ; des alertes : { $alerts }
console-replayed = { $rows ->
    [one] { $rows } ligne du journal
   *[other] { $rows } lignes du journal
} : { $tracks ->
    [one] { $tracks } piste confirmée
   *[other] { $tracks } pistes confirmées
}, { $alerts ->
    [one] { $alerts } alerte
   *[other] { $alerts } alertes
}
console-import-reading = Lecture de l’enregistrement…
console-import-no-empty-scans = L’enregistrement ne contient pas de balayages vides de : { $sensors }. { $rule ->
    [none] Leurs interruptions ne sont pas considérées comme des pannes.
   *[other] Leurs interruptions de plus de { DURATION($seconds) } sont considérées comme des pannes.
}
console-imported = { $scans ->
    [one] { $scans } balayage
   *[other] { $scans } balayages
} de { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
} : { $journal }
console-archived = { $scans ->
    [one] { $scans } balayage
   *[other] { $scans } balayages
} dans { $files ->
    [one] { $files } fichier
   *[other] { $files } fichiers
} : { $folder }
console-archive-tracked = { $files ->
    [one] { $files } fichier traité
   *[other] { $files } fichiers traités
}, { $sectors ->
    [one] { $sectors } secteur
   *[other] { $sectors } secteurs
} : { $folder }

## Messages rejetés

console-dead-letters = { $count ->
    [0] Aucun message rejeté.
    [one] { $count } message rejeté
   *[other] { $count } messages rejetés, dont les { $shown } plus récents
}
console-journal-no-receipts = Aucun message n’a encore été reçu.
console-dead-letters-code = Messages rejetés, { $code } : { $count }
console-resubmitted = { $count ->
    [one] { $count } message rejeté soumis de nouveau
   *[other] { $count } messages rejetés soumis de nouveau
}{ $outcomes ->
    [none] .
   *[other] {" "}: { $outcomes }.
}
console-resubmitted-outcome = { $count } { $outcome ->
    [journaled] { $count ->
        [one] journalisé
       *[other] journalisés
    }
    [duplicate] { $count ->
        [one] déjà connu
       *[other] déjà connus
    }
    [dead_lettered] { $count ->
        [one] rejeté de nouveau
       *[other] rejetés de nouveau
    }
   *[other] { $outcome }
}
console-resubmitted-cut = { $count ->
    [one] { $count } message rejeté n’a pas été conservé en entier et ne peut pas être soumis de nouveau.
   *[other] { $count } messages rejetés n’ont pas été conservés en entier et ne peuvent pas être soumis de nouveau.
}

## Broker

console-broker-written = Secteur { $sector } : { $certificates ->
    [one] { $certificates } nouveau certificat
   *[other] { $certificates } nouveaux certificats
}, { $clients ->
    [one] { $clients } client
   *[other] { $clients } clients
}.
console-broker-listens = Le broker écoute à l’adresse { $address } ; les clients s’y connectent par { $hosts }.
console-broker-no-host = ATTENTION : les clients qui utilisent un autre nom ou une autre adresse refusent le certificat du broker ; ajoutez --host NOM.
console-broker-authority-ends = ATTENTION : l’autorité de certification expire le { $day }, et tous les certificats avec elle ; créez un nouveau dossier avant cette date.
console-broker-copy = Copiez { $folder } sur l’ordinateur du broker et lancez-y : mosquitto -c { $file }
console-broker-owner = Le dossier doit y appartenir à { $user }, le compte que Mosquitto utilise lorsqu’il est lancé par root.
console-broker-owner-unknown = Le dossier doit y appartenir au compte qui exécute Mosquitto : « mosquitto » lorsqu’il est lancé par root, sauf si --user en désigne un autre.
console-broker-identities = Copiez un dossier de { $folder } sur chaque capteur et chaque unité.
console-broker-authority = Déplacez { $folder } vers un stockage hors ligne : avec sa clé, n’importe qui peut émettre des certificats valides. Remettez-le en place pour les renouveler ou les révoquer.
console-broker-next = Quand Mosquitto fonctionne : watchline broker check { $address } --config { $folder }
console-broker-checking = Test : { $step ->
    [receive] réception
    [publish] publication et messages conservés
    [takeover] identifiants de client
    [wills] testaments
   *[outsiders] connexions à refuser
}…
console-broker-matrix = ACL de { $address } : résultats corrects / opérations essayées
console-broker-party = { $party ->
    [revoked] certificat révoqué
    [expired] certificat expiré
    [stranger] certificat d’une autre autorité
    [none] sans certificat
    [plaintext] sans TLS
   *[other] { $party }
}
console-broker-action = { $action ->
    [receive] recevoir
    [publish] publier
    [retain] publier un message conservé
    [will] laisser un testament
    [connect] se connecter
   *[take_over] reprendre une session
}
console-broker-permitted = ÉCART : { $party } peut { $action }, ce qui doit être refusé : { $where }
console-broker-refused = ÉCART : { $party } ne peut pas { $action }, ce qui doit être permis : { $where }
console-broker-correct = Les { $count } résultats sont tous corrects.
console-revoked-keys = { $name } : { $keys ->
    [one] { $keys } clé révoquée
   *[other] { $keys } clés révoquées
} ; l’ingestion refuse ses messages en moins d’une seconde.
console-revoked = { $name } : sa clé et { $certificates ->
    [one] { $certificates } certificat
   *[other] { $certificates } certificats
} sont révoqués. { $reloaded ->
    [yes] Mosquitto relit ses fichiers.
   *[no] Copiez { $folder } sur l’ordinateur du broker et envoyez SIGHUP à Mosquitto.
}

## Doctor

console-doctor-result = { $result ->
    [ok] ok
    [missing] MANQUANT
   *[absent] absent
}
console-doctor-item = { $item ->
    [python] Python
    [packages] paquets
    [kernels] noyaux de calcul
    [sample] secteur d’exemple
    [sqlite] SQLite
    [disk] disque
    [embedded] broker intégré
    [mosquitto] Mosquitto
    [chromium] Chromium
    [asterix] ASTERIX
    [stanag_4607] STANAG 4607
    [identity] clés et certificats
    [broker] broker
    [broker_certificate] certificat du broker
   *[other] { $item }
}
console-doctor-error = { $error }
console-doctor-python = Python { $version } sur { $system }, { $cores ->
    [one] { $cores } cœur
   *[other] { $cores } cœurs
}
console-doctor-packages = { $packages }
console-doctor-packages-missing = Absents : { $packages }
console-doctor-kernels = Compilés.
console-doctor-no-kernels = Pas encore tous compilés ; le prochain démarrage les compilera, ce qui prend quelques minutes. Pour les compiler maintenant : python -m ops.runtime.compile_kernels
console-doctor-sample = { $sector } ; terrain { $terrain }
console-doctor-sqlite = SQLite { $version }, mode de journal { $mode }
console-doctor-disk = { $free } Go libres ici (il en faut au moins { $needed })
console-doctor-embedded = iotcore { $version } démarré sur { $host }, puis arrêté.
console-doctor-program = { $path }
console-doctor-no-program = Non installé. { $name ->
    [mosquitto] C’est le broker de production, utilisé aussi par les tests. Pour l’installer : apt-get install mosquitto
   *[chromium] Les tests de la carte en direct et du rapport l’utilisent. Pour l’installer : apt-get install chromium
}
console-doctor-optional = { $package } { $version }
console-doctor-no-optional = Non installé ; nécessaire pour lire { $standard ->
    [asterix] ASTERIX
   *[stanag_4607] STANAG 4607 (GMTI)
}. Dans le dossier du code source : pip install '.[{ $extra }]' ; avec un fichier wheel : pip install 'FILE.whl[{ $extra }]'
console-doctor-identity = { $names ->
    [one] { $names } nom avec une clé
   *[other] { $names } noms avec une clé
}, révoqués : { $revoked }{ $missing_count ->
    [0] {""}
   *[other] {" "}; sans clé : { $missing }
}{ $expired_count ->
    [0] {""}
   *[other] {" "}; expirés : { $expired }
}{ $soon_count ->
    [0] {""}
   *[other] {" "}; expirent d’ici { $days } jours : { $soon }
}{ $valid ->
    [yes] {" "}; aucun n’expire d’ici { $days } jours
   *[no] {""}
}
console-doctor-broker = { $broker } accepte la connexion et un abonnement.
console-doctor-broker-certificate = { $state ->
    [different] Ce n’est pas celui de { $folder } : copiez ce dossier sur l’ordinateur du broker et redémarrez Mosquitto. Le certificat actuel expire le { $day }.
    [soon] Expire le { $day }. Renouvelez-le avec « watchline broker config », copiez { $folder } sur l’ordinateur du broker et redémarrez Mosquitto.
   *[valid] Valable jusqu’au { $day }.
}

## Capteurs

console-sensor-not-in-layout = absent du dispositif
console-sensor-heard = { $node }, dernière réception { $time }
console-sensor-acknowledgements = accusés de réception au capteur
console-sensor-topic = { $topic } : { $formats }
console-sensor-node = Le nœud SAPIENT { $node } est enregistré comme { $sensor }.
console-sensor-task = { $sensor } : dernière tâche { $task }, { $answer ->
    [none] pas encore de réponse
   *[other] { $answer }
}{ $reasons ->
    [none] {""}
   *[other] {" "}: { $reasons }
}
console-sensor-task-queued = Tâche { $task } mise en attente pour { $sensor }.
console-survey-never = sans levé
console-survey-none = { $sensor } n’a pas de levé enregistré.
console-survey-written = { $layout } écrit ; la position s’est déplacée de { $metres } m. Un « watchline run » en cours l’utilisera après son prochain démarrage.
console-calibrate-interval = Intervalles à { PERCENT($level) } ; les observations d’une même piste sont comptées ensemble.
console-calibrate-support = Seules comptent les observations de pistes qu’un autre capteur a détectées avant et après{ $others ->
    [none] .
   *[other] {" "}; non comptés : { $others }.
}
console-calibrate-not-counted = { $count } de { $sensor }
console-calibrate-not-polled = Les non-détections sont inconnues pour les capteurs qui n’envoient pas de balayages vides : { $sensors }.
console-calibrate-ground = { $ground ->
    [level] plat
    [sloping] incliné
    [steep] raide
    [unknown_ground] inconnu
   *[other] { $ground }
}
console-calibrate-verdict = { $verdict ->
    [as_predicted] conforme
    [worse] inférieure
    [better] supérieure
   *[too_few] trop peu
}

## Ce que les destinataires n’ont pas reçu

console-feeds-dead-letters = { $count ->
    [0] Aucun message abandonné.
    [one] { $count } message abandonné
   *[other] { $count } messages abandonnés
}
console-feeds-replayed = { $count ->
    [one] { $count } message abandonné est renvoyé à { $receiver }.
   *[other] { $count } messages abandonnés sont renvoyés à { $receiver }.
}

# `watchline cluster`

cluster-started = { $nation } démarre sur { $workers ->
    [one] { $workers } processus de travail
   *[other] { $workers } processus de travail
}. (Ctrl-C pour arrêter)
cluster-edge-sensors = { $count ->
    [one] { $count } capteur a la frontière d’un secteur voisin à sa portée sans figurer dans le dispositif de ce secteur
   *[other] { $count } capteurs ont la frontière d’un secteur voisin à leur portée sans figurer dans le dispositif de ce secteur
} : { $sensors }. Le relief n’est pas pris en compte. La poursuite à la limite des secteurs est meilleure si un tel capteur émet vers les deux secteurs.
cluster-dashboard = Tableau de bord de dask : { $address } (sans authentification : tout utilisateur de cette machine peut le lire)
cluster-page-opening = Ouverture de { $count ->
    [one] { $count } secteur
   *[other] { $count } secteurs
}.
cluster-page-started = Page nationale de { $nation } : { $address } (Ctrl-C pour arrêter)
cluster-page-no-broker = Les secteurs ne peuvent pas être ouverts depuis cette page : aucun broker n’est connu. Attendu : { $file }, qu’écrit `cluster run`, ou --broker.
cluster-separated = { $action ->
    [separate] { $done ->
        [yes] { $incident } de { $sector } et { $before } de { $other } sont séparés.
       *[no] { $incident } de { $sector } et { $before } de { $other } étaient déjà séparés ; rien n’a été modifié.
    }
   *[rejoin] { $done ->
        [yes] { $incident } de { $sector } et { $before } de { $other } sont de nouveau réunis.
       *[no] { $incident } de { $sector } et { $before } de { $other } n’étaient pas séparés ; rien n’a été modifié.
    }
}
cluster-machine-lost = { $sector } : { $worker }, sur une autre machine, ne donne plus signe de vie. Il ne peut plus rien enregistrer, et le secteur redémarre sur un autre processus.
cluster-worker-started = { $machine } rejoint la grappe à { $scheduler }. (Ctrl-C rend ses secteurs)
cluster-worker-waits = L’ordonnanceur à { $scheduler } ne répond pas ({ $reason }). Cette machine continue avec ses secteurs et réessaie.
cluster-worker-holds = { $sector } est en service sur cette machine.
cluster-worker-leaving = Restitution des secteurs.
cluster-stopping = Arrêt des secteurs.
cluster-sector-live = { $sector } est en service sur { $worker }.
cluster-sector-live-again = { $sector } est de nouveau en service sur { $worker }, après { NUMBER($seconds, maximumFractionDigits: 1) } s.
cluster-worker-lost = { $sector } : { $worker } ne donne plus signe de vie. Il est arrêté, et le secteur redémarre sur un autre processus.
cluster-sector-failed = { $sector } n’a pas pu fonctionner : { $reason } Nouvel essai dans { $seconds } s.
cluster-sector-interrupted = { $sector } n’est plus en service : un de ses programmes s’est arrêté et redémarre. Voir son journal.
cluster-sector-suspect = { $sector } a perdu son processus { $count } fois, et en est peut-être la cause. Nouvel essai dans { $seconds } s, à l’écart des autres secteurs si un processus n’en a aucun.
cluster-sector-waits-failed = { $sector } est arrêté : { $reason } Prochain démarrage : { $at }.
cluster-sector-waits-lost = { $sector } est arrêté : il a perdu son processus { $count } fois, et en est peut-être la cause. Prochain démarrage : { $at }.
cluster-order-withdrawn = { $sector } est confié à un autre processus : { $worker } ne donne plus signe de vie.
cluster-store-problem = La base de données ne répond pas comme prévu : { $reason } Les secteurs qui perdent la connexion sont redémarrés.
cluster-holder-stays = { $reason }
cluster-sector-moved = { $sector } a été déplacé vers { $worker } ; il n’a pas été en service pendant { NUMBER($seconds, maximumFractionDigits: 1) } s.
