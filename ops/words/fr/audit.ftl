# `watchline audit`, et l’effacement au terme de la conservation.

audit-shown =
    { $count ->
        [0] Aucune entrée.
        [one] { $count } entrée.
       *[other] { $count } entrées ; affichées : les plus récentes ({ $shown }).
    }
audit-not-recorded = La consultation de ces entrées n’a pas pu être consignée : { $reason }
audit-verified = Journal intact : { $entries ->
    [one] { $entries } entrée
   *[other] { $entries } entrées
} sous { $heads ->
    [one] { $heads } racine signée
   *[other] { $heads } racines signées
}{ $erased ->
    [0] .
   *[other] , dont { $erased ->
            [one] { $erased } effacée
           *[other] { $erased } effacées
        } au terme de leur conservation.
}
audit-witnessed = La copie témoin confirme { $entries ->
    [one] { $entries } entrée.
   *[other] { $entries } entrées.
}
audit-no-witness = Aucune copie témoin indiquée : le remplacement de tout le journal par une copie plus ancienne ne peut pas être détecté.
audit-exported = { $count ->
    [one] { $count } entrée écrite
   *[other] { $count } entrées écrites
} dans { $file } ; l’exportation est consignée.
audit-finding = { $file ->
    [none] Copie témoin
   *[other] { $file }
} : { $kind ->
    [changed] l’entrée { $entry } a été modifiée.
    [removed] des entrées ont été supprimées à partir de l’entrée { $entry }.
    [added] des entrées ont été ajoutées à partir de l’entrée { $entry }.
    [head_changed] la racine signée { $head }, à l’entrée { $entry }, a été modifiée.
    [head_missing] la racine signée { $head }, à l’entrée { $entry }, manque ou n’est pas à sa place.
    [unsigned] les entrées à partir de { $entry } ne sont couvertes par aucune racine signée.
    [copy_changed] cette ligne n’appartient pas à la copie témoin, qui a été modifiée.
    [other_copy] ceci est la copie témoin d’un autre journal, jusqu’à la racine { $head }, dans le même dossier. Si le journal n’a pas été remplacé, indiquez un dossier à part dans les paramètres de l’autre journal, et déplacez-y le fichier.
    [other_key] la racine { $head }, à l’entrée { $entry }, est signée par une autre clé.
   *[not_a_line] une ligne près de l’entrée { $entry } n’est pas une entrée de journal.
}

## Conservation

retention-days =
    { $kind ->
        [detections] Détections
        [tracks] Pistes
        [alerts] Alertes et incidents
        [eurosur] Rapports EUROSUR
        [partners] Enregistrements de partenaires
       *[unit_positions] Positions des unités
    }, { $mode ->
        [planned] à effacer
       *[done] effacement effectué
    } : { $days ->
        [one] { $days } jour
       *[other] { $days } jours
    } (du { $first } au { $last }).
retention-exports =
    Exportations, { $mode ->
        [planned] à effacer
       *[done] effacement effectué
    } : { $files ->
        [one] { $files } fichier.
       *[other] { $files } fichiers.
    }
retention-audit =
    Journal d’audit, { $mode ->
        [planned] à effacer
       *[done] effacement effectué (les empreintes demeurent)
    } : { $entries ->
        [one] { $entries } entrée.
       *[other] { $entries } entrées.
    }
retention-records =
    Enregistrements, { $mode ->
        [planned] à effacer
       *[done] effacement effectué
    } : { $records }.
retention-kept = { $kind ->
    [detections] Détections
    [tracks] Pistes
    [alerts] Alertes et incidents
    [eurosur] Rapports EUROSUR
    [partners] Enregistrements de partenaires
   *[unit_positions] Positions des unités
} du { $day } : conservation prolongée ({ $reason }).
retention-nothing = Aucun enregistrement n’a dépassé sa durée de conservation.
retention-failed = Des enregistrements à effacer n’ont pas pu l’être : { $reason }
retention-approval = Un effacement selon ces paramètres doit être confirmé par une autre personne : demandez-le à la page /approvals avec la somme de contrôle { $checksum }.
