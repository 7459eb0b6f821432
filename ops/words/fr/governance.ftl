# Gouvernance : règle des deux personnes, anomalies du journal d’audit, exercices, formation, signalements et publication.

approvals-title = Demandes à confirmer par une autre personne
approvals-intro = Certaines actions ne prennent effet que si une autre personne les confirme. Les demandes et les décisions sont consignées dans le journal d’audit.
approvals-no-accounts = Ce serveur n’a pas de comptes : aucune autre personne ne peut confirmer une demande.
approvals-done = La demande ou la décision a été consignée.
approvals-waiting = { $count ->
    [0] Aucune demande en attente
    [one] { $count } demande en attente
   *[other] { $count } demandes en attente
}
approvals-kind = { $kind ->
    [lower_impact_level] Abaisser un niveau d’impact
    [mute_sensor] Mettre un capteur en sourdine
   *[erase] Effacer des enregistrements
}
approvals-subject = { $kind ->
    [lower_impact_level] Section { $section } : niveau d’impact { alert-impact-level }
    [mute_sensor] Capteur { $sensor } : en sourdine pendant { $minutes } min
   *[erase] Enregistrements arrivés à échéance selon les paramètres { $settings }
}
approvals-asked = Demandé par { $name } à { $time } UTC : { $reason }
approvals-expires = Expire à { $time } UTC.
approvals-decide = { $decision ->
    [confirm] Confirmer
    [refuse] Refuser
    [withdraw] Retirer
   *[override] Exécuter sans autre personne
}
approvals-emergency = Urgence
approvals-emergency-hint = Uniquement si aucune autre personne n’est joignable et qu’attendre est dangereux. L’exécution d’urgence est signalée dans le journal d’audit avec votre nom et votre motif.
approvals-reason = Motif
approvals-mute = Mettre un capteur en sourdine
approvals-mute-hint = Un capteur en sourdine est affiché comme tel, avec votre motif, et sa couverture comme perdue. Il transmet de nouveau après la durée indiquée, au plus un jour.
approvals-sensor = Capteur
approvals-minutes = Minutes
approvals-erase = Effacer des enregistrements (« watchline store purge »)
approvals-erase-hint = « watchline store purge --dry-run » indique ce qui serait effacé et la somme de contrôle des paramètres.
approvals-checksum = Somme de contrôle des paramètres
approvals-ask = Demander la confirmation
approvals-decided = Demandes traitées
approvals-none = Aucune demande n’a été traitée.
approvals-state = { $state ->
    [confirmed] Confirmée par { $name } à { $time } UTC
    [overridden] URGENCE : décidée par { $name } sans autre personne à { $time } UTC
    [refused] Refusée par { $name } à { $time } UTC
    [withdrawn] Retirée à { $time } UTC
    [failed] Impossible ; à demander de nouveau
   *[expired] Expirée
}
approvals-problem = { $problem ->
    [same_person] Une autre personne doit confirmer la demande.
    [newer_account] Un compte plus récent que la demande ne peut pas la confirmer.
    [not_asker] Seule la personne qui l’a faite peut retirer la demande.
    [supervisor] Seul un superviseur peut exécuter une demande sans confirmation.
    [right] Votre compte n’a pas le droit nécessaire.
    [program] Les demandes sont faites et traitées par des personnes dans un navigateur, pas par des programmes.
    [local] Ce serveur n’a pas de comptes : aucune autre personne ne peut confirmer une demande.
    [expired] La demande a expiré. Faites-en une nouvelle.
    [not_waiting] La demande a déjà été traitée.
    [unknown] Cette demande n’existe pas.
    [too_many] Trop de vos demandes sont en attente. Retirez-en d’abord quelques-unes.
    [sensor] Le capteur « { $sensor } » n’existe pas.
    [override] Indiquez un motif d’au moins { $least } caractères.
    [minutes] Minutes : saisissez un nombre entier de 1 à 1440.
    [reason] Motif : saisissez de 3 à 500 caractères sur une seule ligne.
    [settings] Somme de contrôle : saisissez les 16 caractères indiqués par « watchline store purge --dry-run ».
    [action] Le formulaire est incomplet. Ouvrez de nouveau la page.
    [no_actions] Ce serveur n’accepte aucune action.
    [changed] La situation a changé depuis la demande. Faites-en une nouvelle.
   *[storage] L’enregistrement ou l’exécution n’a pas été possible. Réessayez.
}

## Anomalies du journal d’audit

anomaly-title = Schémas inhabituels
anomaly-intro = Compare les actions du journal d’audit des 365 derniers jours à ce qui est attendu par hasard.
anomaly-look = Chercher des schémas inhabituels
anomaly-period = { $entries ->
    [one] { $entries } entrée
   *[other] { $entries } entrées
} du { $start } au { $end } UTC, avec { $crossings ->
    [one] { $crossings } franchissement
   *[other] { $crossings } franchissements
}
anomaly-rule = { $rule ->
    [mute_before_crossing] Capteurs mis en sourdine avant un franchissement
    [outage_before_crossing] Capteurs hors ligne avant un franchissement
    [rejection_burst] Nombreux rejets par un compte en 8 heures
    [export_at_night] Exportations de nuit
   *[override] Exécutions d’urgence répétées
}
anomaly-formula = { $rule ->
    [mute_before_crossing] Queue de la loi de Poisson binomiale P(K ≥ k) des mises en sourdine demandées ou décidées par un compte, avec un franchissement entre leur début et leur fin, au moins 30 min. Probabilité de chacune : part des jours de la période avec un franchissement à la même heure.
    [outage_before_crossing] Queue de la loi de Poisson binomiale P(K ≥ k) des pannes avec un franchissement, comme pour les mises en sourdine.
    [rejection_burst] Queue de la loi bêta-binomiale P(R ≥ r) des décisions de 8 heures. Moyenne et corrélation sur 8 heures : celles de tous les autres comptes, avec une corrélation d’au moins 0,05 ; les décisions des collègues aux mêmes heures comptent pour moitié.
    [export_at_night] Queue de la loi hypergéométrique P(X ≥ x) des nuits parmi les demi-journées avec une exportation, tirées de toutes les demi-journées d’activité du compte. Nuit : de 22 h à 6 h.
   *[override] Queue de la loi de Poisson P(N ≥ n) en 30 jours, pour deux exécutions d’urgence par superviseur et par an.
}
anomaly-tested = { anomaly-rule } : { $tests ->
    [0] trop peu à comparer
    [one] { $tests } test
   *[other] { $tests } tests
}{ $subjects ->
    [0] { "" }
    [one] {" "}sur { $subjects } compte ou capteur
   *[other] {" "}sur { $subjects } comptes ou capteurs
}, { $findings ->
    [0] aucun constat
    [one] { $findings } constat
   *[other] { $findings } constats
}
anomaly-finding = { $rule ->
    [mute_before_crossing] { $subject } : { $observed } mises en sourdine sur { $of } avec un franchissement, { $expected } attendues par hasard
    [outage_before_crossing] { $subject } : { $observed } pannes sur { $of } avec un franchissement, { $expected } attendues par hasard
    [rejection_burst] { $subject } : { $observed } rejets sur { $of } décisions en 8 heures, { $expected } attendus par hasard
    [export_at_night] { $subject } : { $observed } nuits sur { $of } demi-journées avec une exportation, { $expected } attendues par hasard
   *[override] { $subject } : { $observed } exécutions d’urgence en 30 jours, { $expected } attendues
} (probabilité d’au plus 1 sur { $chance }, seuil de 1 sur { $threshold }).
anomaly-entries = Entrées : { $numbers }{ $more ->
    [0] { "" }
   *[other] {" "}et { $more } autres
}
anomaly-rate = Par le seul hasard, au plus { NUMBER($rate, maximumFractionDigits: 2) } constat par mois est attendu. Ce taux est réparti à parts égales entre les comptes, quelle que soit leur activité.
anomaly-caution = Un constat est une question, pas une accusation : la météo, les tableaux de service et la maintenance créent aussi des schémas. Parlez avec la personne avant toute décision.
anomaly-none = Aucun schéma inhabituel n’a été trouvé. Les actions isolées et les schémas sous les seuils ne sont pas détectés.
anomaly-short = Il y a trop peu d’entrées à comparer.
anomaly-column = { $column ->
    [rule] Schéma
    [tests] Tests
    [named] Constats attendus par hasard, par compte ou capteur et par an, au plus
   *[formula] Formule
}

## Exercices et formation

drill-title = Exercice
drill-real = Ce serveur affiche un centre opérationnel. Seules les démonstrations (« watchline demo ») sont évaluées, afin que des incidents réels ne servent jamais à noter des personnes.
drill-intro = Une équipe travaille sur cette démonstration comme pendant une vraie nuit : elle acquitte, affecte et clôt des incidents. L’évaluation compare ce qu’elle a fait à la vérité de la simulation jusqu’ici.
drill-key-hint = L’évaluation montre le corrigé. Ne l’ouvrez que lorsque l’équipe a terminé : une équipe qui l’a vu ne peut plus être évaluée.
drill-show = Afficher l’évaluation et le corrigé
drill-not-yet = La démonstration n’a pas commencé. Réessayez dans un instant.
drill-figures = Évaluation jusqu’ici
drill-interval = { PERCENT($value) } (95 % : de { PERCENT($low) } à { PERCENT($high) })
drill-not-one-figure = Les chiffres ne sont jamais additionnés, afin que la rapidité ne compense pas un franchissement manqué. « watchline drill score » en conserve une fiche de formation.
drill-answer-key = Corrigé
drill-none = Il n’y a pas encore d’incident de mouvement.
drill-answer-truth = { $there ->
    [no] Il n’y avait rien.
    [crossed] Cible la plus probable : { target-class }. Elle a franchi la frontière.
   *[stayed] Cible la plus probable : { target-class }. Elle n’a pas franchi la frontière.
}
drill-answer-given = { $verdict ->
    [none] Non clos par une personne.
    [right] Clos comme « { incident-disposition } » : correct.
   *[wrong] Clos comme « { incident-disposition } » : incorrect.
}
drill-answer-acknowledged = Acquitté après { DURATION($time) }.
drill-answer-late = Non acquitté par une personne.
drill-answer-right = Issues correctes :
drill-exercise = EXERCICE : { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} de mouvement, comparés à la vérité de la simulation
drill-acknowledged = Acquittés en { $limit } s : { $part } sur { $whole } (médiane { $median } s)
drill-right = Issues correctes : { $part } sur { $whole } clos par une personne
drill-missed = Franchissements affichés et non acquittés : { $part } sur { $whole }
drill-undetected = Franchissements sans incident, qu’aucune équipe ne pouvait voir : { $part } sur { $whole }
drill-result = { $result ->
    [passed] Réussi.
   *[failed] Non réussi.
}
training-period = { $count ->
    [one] { $count } séance de formation
   *[other] { $count } séances de formation
} du { $start } au { $end }
training-role = { $role } : { $trainings ->
    [one] { $trainings } séance de formation
   *[other] { $trainings } séances de formation
}, dont réussies : { $passed }, par { $completed ->
    [one] { $completed } personne ou équipe
   *[other] { $completed } personnes ou équipes
}
training-people = Tous rôles confondus : { $people ->
    [one] { $people } personne ou équipe a réussi
   *[other] { $people } personnes ou équipes ont réussi
}, pour { $met ->
    [one] { $met } exigence de rôle remplie
   *[other] { $met } exigences de rôle remplies
}
training-indicator = Tableau de l’indicateur : { $file }
training-added = { $count ->
    [one] { $count } séance de formation a été ajoutée à { $file }.
   *[other] { $count } séances de formation ont été ajoutées à { $file }.
}

## Chiffres à publier

transparency-written = { $file } : nombres par type et par mois, arrondis au hasard à des multiples de { $base }. Ils sont identiques dans chaque exportation de ce dossier de données.
transparency-since = Le tableau commence au plus tôt en { $month } : des entrées des mois précédents ont été effacées après leur durée de conservation.

## Signalements confidentiels

confidential-title = Signalement confidentiel
confidential-hint = Un signalement confidentiel parvient à son destinataire sans votre nom. Il ne vous protège ni d’un observateur de ce réseau ou de cet ordinateur, ni d’un administrateur qui modifierait le programme : lisez d’abord ses limites.
confidential-none = Ce serveur ne reçoit pas de signalements confidentiels : aucun destinataire n’est défini.
confidential-to = Votre signalement est adressé à : { $recipient }. Personne d’autre ne peut lire ce qui est conservé.
confidential-fingerprint = Clé du destinataire, à comparer avec celle que le destinataire a publiée :
confidential-limits = Ce qui vous protège, et ce qui ne vous protège pas
confidential-limit-sealed = Le serveur chiffre le texte avant de le conserver, et ne garde ni votre nom, ni votre compte, ni votre adresse. Le journal d’audit n’en contient aucune entrée. Le système de fichiers peut indiquer quand un signalement est arrivé.
confidential-limit-network = Le réseau, cet ordinateur et son navigateur peuvent enregistrer que vous avez ouvert cette page. Utilisez un appareil et une connexion qui ne sont pas ceux de votre employeur.
confidential-limit-server = Un administrateur qui modifie le programme, ou qui enregistre la mémoire du serveur, pourrait lire un signalement pendant son envoi. Les signalements conservés restent chiffrés.
confidential-limit-answer = Il n’est pas possible de vous répondre. Votre façon d’écrire, et ce que vous seul savez, peuvent vous trahir.
confidential-report = Signalement
confidential-send = Chiffrer et envoyer
confidential-sent = Le signalement est chiffré et conservé.
confidential-problem = { $problem ->
    [length] Le signalement est vide ou dépasse { $most } caractères.
   *[storage] Le signalement ne peut pas être conservé maintenant. Réessayez plus tard, ou utilisez une autre voie.
}
confidential-keys = Clé privée : { $key }. Remettez-la à « { $recipient } » et n’en gardez aucune copie sur le serveur. Publiez cette empreinte : { $fingerprint }
confidential-read = { $count ->
    [one] { $count } signalement
   *[other] { $count } signalements
} dans { $folder } ; illisibles, car chiffrés avec une autre clé ou modifiés : { $unread }.
