# La page nationale : tous les secteurs d’une grappe.

nation-page-skip-incidents = Incidents ouverts
nation-page-skip-sectors = Secteurs
nation-page-totals =
    .aria-label = Tous les secteurs ensemble
nation-page-incidents = Incidents ouverts
nation-page-loading = Chargement…
nation-page-incidents-note = { $quiet ->
    [none] Aucun incident ouvert.
    [lost] Aucun incident ouvert n’était connu à la perte de la connexion.
    [unknown] { $silent ->
        [one] Aucun incident ouvert n’est connu ; { $silent } secteur n’est pas à jour.
       *[other] Aucun incident ouvert n’est connu ; { $silent } secteurs ne sont pas à jour.
    }
   *[some] Non acquittés d’abord, puis par priorité et ancienneté.
}
nation-page-map-region =
    .aria-label = Carte des secteurs
nation-page-map = Carte de { $count ->
    [one] { $count } secteur
   *[other] { $count } secteurs
}. Le tableau des secteurs indique la même chose.
nation-page-map-buttons =
    .aria-label = Outils de la carte
nation-page-zoom-all = Tous les secteurs
nation-page-legend =
    .aria-label = Légende
nation-page-legend-planned = Couverture comme prévu
nation-page-legend-less = Couverture inférieure au plan
nation-page-legend-unknown = Couverture inconnue
nation-page-legend-silent = Sans situation à jour
nation-page-legend-hidden = Sans accès
nation-page-sectors = Secteurs
nation-page-table =
    .aria-label = Tableau des secteurs
nation-page-column-sector = Secteur
nation-page-column-open = Incidents ouverts
nation-page-column-waiting = Non acquittés
nation-page-column-sensors = Capteurs en service
nation-page-column-coverage = Couverture actuelle
nation-page-column-posture = Posture satisfaite
nation-page-column-fusion = Fusion, processus
nation-page-formula-title = Comment ces chiffres sont calculés
nation-page-formula = La couverture est le pourcentage des segments de frontière où un franchissement entrant est détecté avec au moins la probabilité requise, P = 1 − exp(−Σ h) ≥ P(requise), le long du trajet le moins détecté. Σ h est la somme des détections attendues de tous les capteurs : pour « prévue », de chaque capteur du dispositif à son poste ; pour « actuelle », de ceux qui fonctionnent, là où ils sont. Les segments sans franchissement possible, ou de visibilité inconnue, ne sont pas comptés.
nation-page-formula-posture = La posture est satisfaite là où une section de frontière a les unités et le délai de réponse que son niveau d’impact exige. Un secteur sans situation à jour n’ajoute rien aux chiffres des capteurs et de la couverture.
nation-page-state = { $state ->
    [current] À jour
    [late] La fusion est en retard ; dernière situation { DATETIME($since) }
    [silent] Aucune donnée depuis { DATETIME($since) }
    [hidden] Sans accès
    [unreadable] Illisible
   *[never] Pas encore de données
}
nation-page-of = { $part } sur { $all }
nation-page-oldest = le plus ancien { DURATION($age) }
nation-page-sensors-lost = { $count ->
    [one] { $count } hors service
   *[other] { $count } hors service
}
nation-page-planned = prévu { PERCENT($fraction) } de { $segments ->
    [one] { $segments } segment
   *[other] { $segments } segments
}
nation-page-posture = { $unmet ->
    [one] { $unmet } non satisfaite
   *[other] { $unmet } non satisfaites
}, { $open ->
    [one] { $open } inconnue
   *[other] { $open } inconnues
}
nation-page-no-sections = aucune section
nation-page-up-to-date = À jour
nation-page-behind = { $count ->
    [one] Plus de { $count } message de retard
   *[other] Plus de { $count } messages de retard
}
nation-page-no-worker = aucun processus
nation-page-unknown = inconnu
nation-page-not-now = inconnu actuellement
nation-page-cluster = { $rank ->
    [distress] Détresse : { $count }
    [high] Priorité haute : { $count }
    [medium] Priorité moyenne : { $count }
   *[low] Priorité basse : { $count }
} ; ouverts au total : { $all } ({ $sectors })
nation-page-cluster-more = +{ $count }
nation-page-event-state = { $attention ->
    [yes] Non acquitté
   *[no] { incident-state }
}, { DURATION($age) }
nation-page-continues = suite de { $names }
nation-page-do = { $action ->
    [separate] Séparer…
   *[rejoin] Réunir de nouveau…
}
nation-page-pair = { $name } ({ $sector }), { $before } ({ $other })
nation-page-separated = { $pair } : séparés par { $by }, { DATETIME($at) }
nation-page-join-title = { $action ->
    [separate] Séparer deux incidents
   *[rejoin] Réunir de nouveau deux incidents
}
nation-page-join-which = Incidents
nation-page-join-hint = { $action ->
    [separate] Ils deviennent deux entrées de cette liste, et chacun demande l’attention selon l’état de son propre secteur. Ils ne sont plus réunis automatiquement. La liste affiche votre nom et l’heure ; les journaux d’audit des deux secteurs enregistrent l’action.
   *[rejoin] Ils deviennent une seule entrée de cette liste, et un acquittement dans l’un des secteurs vaut pour les deux. Les journaux d’audit des deux secteurs enregistrent l’action.
}
nation-page-join-send = { $action ->
    [separate] Séparer
   *[rejoin] Réunir de nouveau
}
nation-page-news = { $rank ->
    [distress] Détresse
   *[other] Priorité haute
} dans { $sector }.
nation-page-stream = { $state ->
    [open] En direct
    [lost] Connexion perdue
   *[connecting] Connexion
}
nation-page-total-waiting = Non acquittés
nation-page-total-current = Secteurs à jour
nation-page-total-hidden = Secteurs sans accès
nation-page-total-sensors = Capteurs en service ({ $sectors ->
    [one] { $sectors } secteur
   *[other] { $sectors } secteurs
})
nation-page-total-coverage = Couverture actuelle ({ $sectors ->
    [one] { $sectors } secteur
   *[other] { $sectors } secteurs
} ; prévu { PERCENT($planned) })
nation-page-lost = { $reason } La situation affichée date du { DATETIME($at) }.
