# Incidents : états, issues, actions, titres et motifs de refus d’une action.

incident-state = { $state ->
    [open] ouvert
    [acknowledged] pris en charge
    [assigned] affecté
    [en_route] en route
    [on_scene] sur place
    [closed] clos
   *[other] { $state }
}
incident-kind = { $kind ->
    [distress] Détresse
    [movement] Mouvement
    [activity] Activité
    [equipment] Équipement
   *[other] { $kind }
}
incident-disposition = { $disposition ->
    [apprehended] Interpellation
    [turn_back] Demi-tour
    [got_away] Fuite
    [no_threat] Sans menace
    [rescue] Sauvetage
    [lost] Perdu
    [nuisance] Alarme intempestive
    [restored] Équipement rétabli
    [unresolved] Non résolu
    [merged] Fusionné
   *[other] { $disposition }
}
incident-action = { $action ->
    [acknowledge] prendre en charge
    [assign] affecter une unité
    [received] confirmer la réception
    [en_route] signaler le départ
    [on_scene] signaler l’arrivée
    [close] clore
    [note] ajouter une note
    [attach] ajouter une pièce jointe
    [link] lier
    [merge] fusionner
    [hand_over] transmettre
    [undo] annuler
    [reopen] rouvrir
    [trace] enregistrer une découverte
    [assess] évaluer une image
    [look] orienter une caméra
   *[other] { $action }
}
incident-goods = { $goods ->
    [arms] armes ou munitions
    [dual_use] biens à double usage
   *[cbrn] matières NRBC
}
incident-trace-status = { $status ->
    [requested] envoyée
    [answered] réponse reçue
    [no_record] sans résultat
    [closed] close
   *[none] aucune demande
}
incident-tracing-field = { $field ->
    [goods] Marchandises découvertes
    [hs_code] Code SH
    [eccn] ECCN
    [eu_list] Numéro de la liste de l’UE (double usage)
    [item_marking] Marquage ou numéro de série
    [authority] Autorité saisie
    [sent_at] Demande envoyée le (UTC)
    [reference] Référence de la demande
    [status] Demande de traçage
   *[released] Communiqué (unités de terrain, TAK, webhooks, exports et rapports)
}
incident-goods-code = { $code }{ $title ->
    [none] { "" }
   *[other] { " " }: { $title }
} ({ incident-goods-depth })
incident-goods-depth = { $depth ->
    [list] vérifié sur la liste complète
    [subheading] vérifié sur les sous-positions fournies
    [heading] seule la position a été vérifiée
    [chapter] seul le chapitre a été vérifié
    [category] seuls la catégorie, le groupe de produits et le premier chiffre ont été vérifiés
   *[none] non vérifié
}

## Titres

incident-outage = Panne commune : { $count ->
    [one] { $count } capteur
   *[other] { $count } capteurs
} hors ligne ({ $sensors })
incident-system = système
incident-by-system = Clos par le système : aucune action de l’opérateur

## Motifs de refus d’une action

incident-refused-taken = Déjà pris en charge par { $owner } à { TIME($at) }.
incident-refused-changed = Modifié par { $by } à { TIME($at) } : l’incident est maintenant { incident-state }.
incident-refused-state = Impossible : { $by } a mis l’incident à l’état { incident-state } à { TIME($at) }.
incident-refused-unknown = Action inconnue : { $action }.
incident-refused-no-incident = Incident inconnu : { $incident }.
incident-refused-no-name = L’action n’indique aucune personne.
incident-refused-no-unit = Choisissez l’unité à affecter.
incident-refused-distress = Un appel de détresse est clos par le centre d’opérations ou par l’unité qui y est affectée.
incident-refused-other-unit = L’incident est affecté à { $unit }.
incident-refused-no-disposition = Choisissez une issue.
incident-refused-restored = Seul un incident d’équipement ou d’activité peut être clos comme rétabli.
incident-refused-no-reason = Un motif est obligatoire.
incident-refused-no-person = Choisissez la personne à qui transmettre.
incident-refused-merged = L’incident a été fusionné avec un autre.
incident-refused-undo = Seul l’auteur d’une action peut l’annuler, dans un délai de { DURATION($seconds) } et avant toute autre action.
incident-refused-empty = La note est vide.
incident-refused-full = L’incident a atteint la limite de { $count } entrées de ce type.
incident-refused-no-other = Aucun autre incident ne porte ce nom.
incident-refused-other-closed = L’autre incident est clos.
incident-refused-other-taken = Une autre personne a pris en charge l’autre incident.
incident-refused-no-look = Choisissez une caméra orientable.
incident-refused-no-assessment = Indiquez ce que montre l’image.
incident-refused-marking = Marquage inconnu.
incident-refused-centre = Réservé au centre d’opérations.
incident-refused-no-alert = Alerte inconnue ou levée : { $alert }.
incident-refused-id = L’identifiant de l’action est déjà utilisé ; renvoyez l’action avec un nouvel identifiant.
incident-refused-alert = Impossible : l’alerte { $alert } est déjà { alert-status }.
incident-refused-no-tracing = Une découverte ne peut être enregistrée que pour un incident de détresse ou de mouvement clos avec l’issue interpellation, demi-tour, fuite, sauvetage ou perdu.
incident-refused-tracing-changed = { $by } a modifié l’enregistrement de la découverte à { TIME($at) }. Ouvrez-le de nouveau.
incident-refused-goods-code = { incident-tracing-field } : « { $given } » { $fault ->
    [not_valid] n’était pas valable le { $day }.
   *[unknown] { $depth ->
        [list] ne figure pas sur la liste.
       *[other] n’existe pas.
    }
}{ $nearest ->
    [none] { "" }
   *[other] { " " }Code valable le plus proche : { $nearest }.
}
incident-refused-tracing = { incident-tracing-field } : « { $given } ». Attendu : { $rule ->
    [goods] armes, biens à double usage ou matières NRBC.
    [hs_code] six chiffres du Système harmonisé avec un chapitre de 01 à 97, sauf 77, par exemple 930190.
    [eccn] une catégorie de 0 à 9, un groupe de produits de A à E et trois chiffres, par exemple 6A003 ou 0A501.a, ou EAR99.
    [eu_list] un numéro de l’annexe I du règlement (UE) 2021/821 : une catégorie de 0 à 9, un groupe de produits de A à E et trois chiffres, par exemple 6A003 ou 6A003.b.4.
    [authority] l’autorité à laquelle la demande de traçage a été envoyée.
    [sent_at_missing] la date et l’heure d’envoi de la demande de traçage.
    [sent_at] une date et une heure entre l’ouverture de l’incident et maintenant.
   *[status] un état de la demande de traçage : envoyée, réponse reçue, sans résultat ou close.
}
