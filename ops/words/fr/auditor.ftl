# La page de l’auditeur.

auditor-title = Journal d’audit
auditor-intro = { $entries ->
    [one] { $entries } entrée indique qui a consulté ou modifié quels enregistrements, et pourquoi.
   *[other] { $entries } entrées indiquent qui a consulté ou modifié quels enregistrements, et pourquoi.
} La consultation de cette page est également consignée.
auditor-verify = Vérification
auditor-verify-now = Vérifier le journal
auditor-changed = Le journal a été modifié.
auditor-no-witness = Il n’y a pas de copie témoin : le remplacement de tout le journal par une copie plus ancienne n’est pas détectable.
auditor-root = Racine de l’arbre :
auditor-consistency = Cohérence de deux racines signées
auditor-consistency-hint = Prouve qu’une racine contient toutes les entrées d’une racine antérieure, par exemple celle que vous avez notée.
auditor-first-head = Racine antérieure
auditor-second-head = Racine ultérieure (par défaut : la plus récente)
auditor-prove = Prouver la cohérence
auditor-consistent = { $result ->
    [yes] La racine { $second } ({ $after } entrées) prolonge la racine { $first } ({ $before } entrées). Empreintes de la preuve :
   *[no] La racine { $second } ({ $after } entrées) ne prolonge pas la racine { $first } ({ $before } entrées).
}
auditor-entries = Entrées
auditor-person = Personne
auditor-operation = Opération
auditor-any = Toutes
auditor-operation-name = { $operation ->
    [collection] Collecte
    [consultation] Consultation
    [disclosure] Communication
    [alteration] Modification
   *[erasure] Effacement
}
auditor-subject = Enregistrements contenant
auditor-since = À partir de (UTC)
auditor-until = Avant (UTC)
auditor-show = Afficher les entrées
auditor-export = Exporter
auditor-listed = { $count ->
    [0] Aucune entrée ne correspond.
    [one] { $count } entrée
   *[other] { $count } entrées, les plus récentes d’abord
}
auditor-column = { $column ->
    [number] Numéro
    [time] Heure (UTC)
    [person] Personne
    [operation] Opération
    [subject] Enregistrements
   *[purpose] Finalité
}
auditor-older = Entrées plus anciennes
auditor-problem-time = La période est illisible ; indiquez une date et une heure.
auditor-problem-heads = L’une des racines n’existe pas, ou la racine antérieure n’est pas antérieure.
