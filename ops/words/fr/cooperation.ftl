# Pages des partenaires et des rapports EUROSUR, et exercices pour les partenaires.

partners-title = Partenaires
partners-intro = Cette page montre les envois faits aux partenaires, leur motif, et les envois reçus. Heures en UTC. Chaque envoi est consigné dans le journal d’audit.
partners-problem = { $problem ->
    [action] Action : aperçu, signature ou retrait.
    [outdated] L’aperçu n’est plus à jour. Consultez-le de nouveau avant de signer.
    [changed] Les enregistrements ont changé depuis l’aperçu. Consultez-le de nouveau.
    [partner] Partenaire : un partenaire avec un accord.
    [number] Numéro : celui d’un envoi.
    [agreement] Accord : un accord de la page.
    [purpose] Finalité : de 3 à 200 caractères visibles.
    [from] Du : une date et une heure UTC, par exemple 2026-03-14T21:07.
    [until] Au : une date et une heure UTC, par exemple 2026-03-14T21:07.
    [period] Au : une date et une heure après le début.
    [no_files] Ce serveur n’a pas d’accords ou pas de clé pour les envois : indiquez-les dans la table [exchange] des paramètres.
    [no_agreements] Ce serveur n’a pas de fichier d’accords : indiquez-le sous « agreements » dans la table [exchange] des paramètres.
    [agreements] Le fichier d’accords est inutilisable.
    [packages] Les envois ne peuvent pas être lus pour le moment.
    [no_package] Aucun envoi de ce numéro ne peut être retiré.
    [no_record] L’enregistrement n’est dans aucun envoi à ce partenaire.
    [not_in_force] L’accord n’est pas en vigueur, ou ne prévoit que la réception.
    [no_coverage] Aucun envoi en vigueur du partenaire ne contient de couverture.
    [busy] Un autre envoi est en préparation. Réessayez dans une minute.
    [late] Le traitement a pris trop de temps. Utilisez « watchline share » sur le serveur.
    [failed] L’opération est impossible pour le moment.
   *[refused] L’opération est impossible.
}
partners-done = { $done ->
    [made] L’envoi { $number } est signé et attend que le partenaire vienne le chercher.
   *[withdrawn] L’avis de retrait { $number } est signé et attend que le partenaire vienne le chercher.
}
partners-choice = { $partner } : { $agreement }
partners-column = { $column ->
    [agreement] Accord
    [partner] Partenaire
    [origin] De
    [purpose] Finalité
    [period] Période
    [layers] Couches et champs
    [terms] Conditions
    [number] Numéro
    [kind] Nature
    [why] Finalité ou motif
    [by] Par
    [made] Établi
    [received] Reçu
    [expires] Effacé au plus tard
    [records] Enregistrements
    [state] État
    [last] Dernière tentative
    [reason] Motif du refus
    [what] Détails
    [attempts] Tentatives
    [drill] Exercice
    [shift] Rôle et équipe
    [in-time] Acquittés à temps
    [right] Issues correctes
    [missed] Franchissements manqués
    [cells] Mailles
    [area] km²
   *[meaning] Signification
}
partners-kind = { $kind ->
    [product] Enregistrements
    [withdrawal] Retrait
    [drill] Exercice
    [score] Résultat d’un exercice
   *[other] { $kind }
}
partners-state = { $state ->
    [in_force] En vigueur
    [withdrawn] Retiré
    [partly_withdrawn] Retiré en partie, n’est plus envoyé
    [expired] Échu
   *[done] Terminé
}
partners-withdrawn-by = par l’avis { $number }
partners-layer = { $layer ->
    [incidents] Incidents
    [alerts] Alertes
    [positions] Positions des pistes
    [coverage] Couverture par maille
   *[other] { $layer }
}
partners-direction = { $direction ->
    [send] envoi seulement
    [receive] réception seulement
   *[both] dans les deux sens
}
partners-agreements = Accords
partners-agreed = Grille { $grid }, heures à { $step } près, délai { $delay }, effacement après { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}.
partners-onward = Peut être transmis à { $names }.
partners-no-onward = Ne peut pas être transmis à un tiers.
partners-drills-agreed = Les exercices sont convenus.
partners-not-in-force = Pas en vigueur
partners-no-agreements = Ce serveur n’a pas de fichier d’accords : indiquez-le sous « agreements » dans la table [exchange] des paramètres.
partners-make = Nouvel envoi
partners-make-hint = Examinez d’abord ce qui partirait. Rien n’est signé avant votre confirmation.
partners-agreement = Accord
partners-from = Du (UTC)
partners-until = Au (UTC)
partners-purpose = Finalité, pour le journal d’audit
partners-look = Aperçu
partners-preview = Aperçu pour { $partner } selon { $agreement }
partners-preview-not-sent = Rien n’a été signé ni envoyé.
partners-terms = Enregistrements du { $start } au { $end } UTC. Les positions sont ramenées au centre de mailles de { $grid } et les heures arrondies vers le bas ({ $step }). { $late ->
    [0] { "" }
   *[other] Les enregistrements de moins de { $delay } restent ici.{ " " }
}Le partenaire efface l’envoi après { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}.
partners-leaves = Partiraient : { $leaves } sur { $held }.{ $others ->
    [0] { "" }
   *[other] { " " }Les autres sont hors de la zone ou de la période convenues, trop récents, marqués, retirés, ou identiques après arrondi.
}
partners-fields = Champs qui partent :
partners-removed = Champs supprimés :
partners-first = { $count ->
    [one] Le premier enregistrement, tel qu’il partirait
   *[other] Les { $count } premiers enregistrements, tels qu’ils partiraient
}
partners-hash = SHA-256 du produit qui sera signé :
partners-sign = Signer et partager avec { $partner }
partners-sent = Envois faits
partners-none-sent = Aucun envoi n’a été établi.
partners-withdraw = Retirer
partners-withdraw-one = Retirer l’envoi { $number } fait à { $partner }
partners-withdraw-why = Motif, que le partenaire lira
partners-withdraw-record = Retirer un seul enregistrement
partners-record = Identifiant de l’incident, de l’alerte ou de la piste
partners-received = Envois reçus
partners-none-received = Aucun envoi n’a été reçu.
partners-marking = Marquage : { $marking }
partners-refused = Envois refusés
partners-refused-hint = Rien de ces envois n’a été enregistré. L’expéditeur et le numéro sont ceux que l’envoi indique ; ils peuvent être faux.
partners-reason = { $reason ->
    [malformed] Envoi non valide
    [too_large] Trop volumineux
    [forged] Signature ou contenu non conforme
    [unknown_origin] Expéditeur inconnu
    [wrong_recipient] Pour un autre destinataire
    [replayed] Rejoué ou dans le désordre
    [from_the_future] Daté du futur
    [expired] Échu
    [no_agreement] Aucun accord en vigueur
    [unknown_marking] Marquage inconnu
    [not_agreed] Non conforme à l’accord
   *[bad_row] Un enregistrement n’est pas conforme
}
partners-scores = Résultats des exercices
partners-of = { $part } sur { $whole }
partners-gaps = Lacunes communes
partners-gaps-hint = Combine notre couverture avec celle du dernier envoi du partenaire, par maille de la grille convenue. Cela peut prendre une minute.
partners-needed = Probabilité de détection requise (en %)
partners-gaps-show = Afficher les lacunes communes
partners-gaps-with = Lacunes communes avec { $partner }
partners-gaps-case = Notre couverture et l’envoi { $package }, pour { $target ->
    [group] un groupe
    [vehicle] un véhicule
   *[person] une personne
} ({ $conditions }). Requis : { $needed }. Le nord est en haut ; la ligne est la frontière.
partners-gaps-counted = Mailles selon ce que les deux côtés détectent ensemble
partners-gap-class = { $kind ->
    [gap] Lacune : sous le seuil requis, quelle que soit la dépendance entre les non-détections des deux côtés
    [possible] Lacune possible : sous le seuil requis ou non, selon cette dépendance
    [met] Seuil atteint, quelle que soit la dépendance
   *[unknown] Notre couverture est sous le seuil ; le partenaire n’y partage rien
}
partners-gaps-independent = Si les non-détections des deux côtés sont indépendantes : { $count ->
    [one] { $count } lacune
   *[other] { $count } lacunes
} ; quelle que soit la dépendance, entre { $low } et { $high }.
partners-cell = Nous { $own }, partenaire { $partner } ; ensemble { $low } à { $high }

## Rapports des couches EUROSUR

eurosur-title = Rapports EUROSUR
eurosur-intro = Rapports des couches « événements », « opérationnelle » et « analyse ». Un rapport n’est jamais modifié : une correction ou une clôture est un nouveau rapport. Heures en UTC.
eurosur-done = Le rapport { $id } a été ajouté.
eurosur-overdue = { $count ->
    [0] Aucun rapport n’est en retard.
    [one] { $count } rapport est en retard : non transmis à temps.
   *[other] { $count } rapports sont en retard : non transmis à temps.
}
eurosur-is-overdue = En retard depuis le { $time } : faites-le transmettre, sur le serveur, avec « watchline eurosur export ».
eurosur-was-late = Un rapport a été transmis en retard.
eurosur-due = Rapport à transmettre avant le { $time }.
eurosur-events = { $count ->
    [one] { $count } événement ou sujet
   *[other] { $count } événements et sujets
}
eurosur-none = Il n’y a encore aucun rapport.
eurosur-more = { $count ->
    [one] { $count } plus ancien n’est pas affiché.
   *[other] { $count } plus anciens ne sont pas affichés.
}
eurosur-facts = Connu depuis le { $time }. Source : { $source }, { $reliability }{ $credibility }, { $validated ->
    [validated] validé
   *[not_validated] non validé
}. { $sent ->
    [none] Non transmis.
   *[other] Transmis pour la première fois le { $sent }.
}
eurosur-earlier = { $count ->
    [one] { $count } rapport antérieur
   *[other] { $count } rapports antérieurs
}
eurosur-follow = Donner suite
eurosur-new = Nouveau rapport
eurosur-hearsay = Une information provenant seulement de personnes ou de sources ouvertes a au mieux la crédibilité { $best }, sauf si un rapport d’une source d’une autre nature l’appuie.
eurosur-kind = Couche et sujet
eurosur-known = Connu depuis (UTC)
eurosur-source = Source
eurosur-reliability = Fiabilité de la source
eurosur-credibility = Crédibilité de l’information
eurosur-supported = Appuyé par (identifiants de rapports)
eurosur-related = Rapports liés (identifiants)
eurosur-text = Contenu du rapport
eurosur-from = Début (UTC, facultatif)
eurosur-until = Fin (UTC, facultatif)
eurosur-lat = Latitude (degrés, facultatif)
eurosur-lon = Longitude (degrés, facultatif)
eurosur-section = Section de frontière (facultatif)
eurosur-impact = Niveau d’impact
eurosur-incident = Identifiant de l’incident (facultatif)
eurosur-marking = Marquage
eurosur-urgent = Réaction rapide nécessaire : premier rapport sous 24 h (toujours pour les franchissements non autorisés, l’aide à l’entrée irrégulière, la traite, le sauvetage et un impact élevé ou très élevé)
eurosur-reaction = Réaction des autorités, avec les mesures prises ou prévues (facultatif)
eurosur-validated = Validé par le propriétaire du tableau de situation
eurosur-problem = { $field ->
    [id] Identifiant du rapport : 1 à 64 lettres, chiffres, points, traits d’union ou traits bas, le premier étant une lettre ou un chiffre ; un identifiant nouveau, car un rapport n’est jamais modifié.
    [layer] Couche et sujet : un élément de la liste.
    [sublayer] Couche et sujet : un élément de la liste.
    [known_at] Connu depuis : une date et une heure UTC qui ne sont pas dans le futur.
    [occurred_from] Début : une date et une heure UTC.
    [occurred_to] Fin : une date et une heure UTC, pas avant le début.
    [source] Source : un élément de la liste.
    [reliability] Fiabilité de la source : de A à F.
    [credibility] Crédibilité de l’information : un nombre de 1 à 6 ; de 3 à 6 pour les personnes et les sources ouvertes, sauf si un rapport d’une source d’une autre nature l’appuie.
    [text] Contenu du rapport : de 1 à 4 000 caractères visibles.
    [reaction] Réaction des autorités : 4 000 caractères visibles au plus.
    [lon] Position : latitude et longitude en degrés, ou aucune des deux.
    [lat] Position : latitude et longitude en degrés, ou aucune des deux.
    [section] Section de frontière : 120 caractères visibles au plus, sur une ligne.
    [impact] Niveau d’impact : un élément de la liste.
    [urgent] Réaction rapide nécessaire : seulement pour un événement. Seul un événement peut avoir les états « N’a pas eu lieu » et « Impact trop faible pour un rapport ».
    [status] État : un élément de la liste.
    [follows] Donner suite : le rapport le plus récent d’un événement ouvert de la page.
    [supported_by] Appuyé par : des identifiants de rapports de la page.
    [incident] Identifiant de l’incident : 64 caractères visibles au plus.
    [marking] Marquage : un marquage de cette installation que vous pouvez recevoir.
    [validation] Validé : un élément de la liste.
    [related] Rapports liés : des identifiants de rapports de la page.
    [details] Attributs : ceux du sujet choisi.
    [storage] Les rapports ne peuvent être ni lus ni enregistrés pour le moment.
   *[report] Le rapport est inutilisable.
}
eurosur-status = État
eurosur-stated = { $name } : { $value }
eurosur-add = Ajouter le rapport
eurosur-value = { $field ->
    [layer] { $value ->
        [events] Événements
        [operational] Opérationnelle
       *[analysis] Analyse
    }
    [sublayer] { $value ->
        [unauthorised_border_crossing] Franchissement non autorisé
        [facilitation_or_trafficking] Aide à l’entrée irrégulière ou traite des êtres humains
        [cross_border_crime] Criminalité transfrontalière
        [secondary_movement] Mouvement secondaire non autorisé
        [search_and_rescue] Recherche et sauvetage
        [crisis] Crise
        [own_assets] Moyens propres
        [operational_plans] Plans opérationnels
        [environment] Informations environnementales
        [risk_analysis] Analyse des risques
        [reference_imagery] Imagerie et produits géospatiaux
        [background] Contexte
        [suspect_craft] Engins ou personnes suspects ou non identifiés
        [refusals_of_entry] Refus d’entrée (indicateur)
        [illegal_stays] Séjours irréguliers (indicateur)
        [indicator_warning] Alerte sur un indicateur
        [key_developments] Principales évolutions et indicateurs
        [section_impact] Niveau d’impact d’une section
        [request_for_information] Demande d’informations
        [watchlist] Inscription sur une liste de surveillance
       *[other] Autre événement
    }
    [status] { $value ->
        [closed] Clos
        [did_not_happen] N’a pas eu lieu
        [no_reportable_impact] Impact trop faible pour un rapport
       *[open] Ouvert
    }
    [source] { $value ->
        [sensor] Capteur
        [patrol] Patrouille
        [human] Personne
        [osint] Source ouverte
        [partner] Partenaire
       *[authority] Autorité
    }
    [reliability] { $value ->
        [A] A : entièrement fiable
        [B] B : habituellement fiable
        [C] C : assez fiable
        [D] D : généralement pas fiable
        [E] E : non fiable
       *[F] F : non évaluable
    }
    [credibility] { $value ->
        [1] 1 : confirmée par d’autres sources
        [2] 2 : probablement vraie
        [3] 3 : peut-être vraie
        [4] 4 : douteuse
        [5] 5 : improbable
       *[6] 6 : non évaluable
    }
    [impact] { $value ->
        [low] Faible
        [medium] Moyen
        [high] Élevé
        [very_high] Très élevé
        [critical] Critique
       *[none] Non indiqué
    }
   *[marking] Aucun
}

## Exercices pour les partenaires

drill-key = Clé publique de l’évaluateur, pour le fichier d’accords du partenaire : { $key }
    Clé privée : { $file }
drill-shared = Exercice « { $title } » pour { $partner } : { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
}, avec le corrigé scellé pour l’évaluateur.
drill-running = EXERCICE : { $title }. { $incidents ->
    [one] { $incidents } incident
   *[other] { $incidents } incidents
} ; acquittez chacun en { $limit } s au plus.
drill-ask-acknowledge = { $place } { $incident }
    Entrée pour l’acquitter, ou - puis Entrée pour le laisser :
drill-ask-disposition = Issue ({ $choices }), ou seulement Entrée :
drill-answered = { $count } sur { $whole ->
    [one] { $whole } incident traité
   *[other] { $whole } incidents traités
} ; réponses dans { $file }
