# Le plan d’action national : son état d’après le tableau de bord, son analyse AFOM et son importation.

action-plan-eyebrow = Plan d’action national : état
action-plan-about = Valeurs jusqu’au { $date }, telles que connues au { $known } (UTC). Adopté le { $adopted }. Source : { $source }.
action-plan-to-scorecard = Tableau de bord avec tous les enregistrements
action-plan-answer = Mesures échues dont l’atteinte est démontrée : { $met } sur { $due ->
    [one] { $due }
   *[other] { $due }
}{ $unknown ->
    [0] {""}
   *[other]  ; { $unknown } ne { $unknown ->
        [one] peut être jugée
       *[other] peuvent être jugées
    }
}
action-plan-answer-interval = { $sentence }. Respect du plan : { $value }, intervalle à 95 % de { $low } à { $high }.
action-plan-answer-counts = Sur toutes les mesures : atteintes { $met }, en cours { $in_progress }, en retard { $overdue }, inconnues { $unknown }.
action-plan-adherence = { $title } : mesures échues dont l’atteinte est démontrée : { $met } sur { $due ->
    [one] { $due }
   *[other] { $due }
} ; inconnues : { $unknown }.
action-plan-late = { $id } { $title } ({ $owner }) : { $days ->
    [0] échéance aujourd’hui
    [one] échue depuis { $days } jour
   *[other] échue depuis { $days } jours
} ; { $why }.
action-plan-not-met = non atteinte
action-plan-no-line = le tableau de bord n’a aucune valeur de « { $indicator } »
action-plan-places = le tableau de bord a « { $indicator } » pour plusieurs lieux, et le plan n’en nomme aucun
action-plan-no-value = sa valeur est inconnue
action-plan-stale = sa valeur la plus récente date du { $date }
action-plan-periods = ses valeurs comptent des périodes de longueur différente, et la plus récente n’est pas enregistrée avec cet objectif
action-plan-note-due = { $due } échues, dont { $unknown } inconnues ; une mesure inconnue n’est pas comptée comme atteinte
action-plan-method = Wilson, 95 %, d’aucune mesure inconnue atteinte à toutes atteintes
action-plan-heading-late = Échues, atteinte non démontrée
action-plan-heading-swot = Analyse AFOM à partir des valeurs mesurées
action-plan-objective = { $id } { $title }
action-plan-column-measure = mesure
action-plan-column-owner = responsable (fonction)
action-plan-column-value = valeur
action-plan-column-target = objectif
action-plan-column-due = échéance
action-plan-column-status = état
action-plan-basis = Base de calcul : { $basis }
action-plan-completion = achèvement
action-plan-target = { $direction ->
    [higher] au moins { $target }
    [lower] au plus { $target }
   *[none] { $target }
}
action-plan-status = { $status ->
    [met] atteinte
    [in_progress] en cours
    [overdue] en retard
   *[unknown] inconnue
}
action-plan-quadrant = { $quadrant ->
    [strengths] Forces
    [weaknesses] Faiblesses
    [opportunities] Opportunités
   *[threats] Menaces
}
action-plan-quadrant-empty = Aucune d’après les valeurs connues.
action-plan-finding = { $name }, { $place } : { $value }, objectif { $target }, { $trend }
action-plan-firm = { $sentence } ; tout l’intervalle est de ce côté de l’objectif
action-plan-evidence = justificatif
action-plan-unjudged = { $count ->
    [0] Toutes les lignes du tableau de bord sont jugées.
    [one] { $count } ligne du tableau de bord n’est pas jugée, car sa valeur, son objectif ou sa tendance est inconnu.
   *[other] { $count } lignes du tableau de bord ne sont pas jugées, car leur valeur, leur objectif ou leur tendance est inconnu.
}
action-plan-limit-adherence = Le respect du plan compte les mesures, quel que soit leur poids. Deux plans dont les mesures diffèrent ne sont pas comparables.
action-plan-limit-unknown = Une mesure sans valeur, ou dont la valeur est périmée, est inconnue. Elle est comptée comme échue et non comme atteinte ; l’intervalle tient compte des deux cas.
action-plan-limit-swot = Les règles de l’analyse AFOM sont les nôtres. Les forces et les faiblesses sont les lignes du plan et des moyens tactiques qui atteignent ou manquent leur objectif. Les opportunités et les menaces sont les lignes de la criminalité, de la gouvernance et des accords qui s’améliorent ou atteignent leur objectif, ou qui se dégradent ou le manquent.
action-plan-limit-compare = Une valeur qui atteint son objectif montre ce qui a été mesuré, non que la mesure en est la cause.
action-plan-refused = Ligne { $row } : { $reason } ; attendu : { $expected }.
action-plan-frozen = Les objectifs et les termes sont figés au { $date }. Toute modification ultérieure demande une entrée au journal des modifications du fichier.
action-plan-imported = { $objectives ->
    [one] { $objectives } objectif
   *[other] { $objectives } objectifs
}, { $measures ->
    [one] { $measures } mesure
   *[other] { $measures } mesures
} : { $file }

# Reviews and frozen targets

action-plan-heading-reviews = Calendrier des revues
action-plan-review-measures = mesures
action-plan-review-every = intervalle
action-plan-review-last = dernière revue
action-plan-review-next = prochaine revue
action-plan-review-state = état
action-plan-review-days = { $days ->
    [one] tous les jours
   *[other] tous les { $days } jours
}
action-plan-review-of = { $when ->
    [late] { $days ->
        [one] en retard de { $days } jour
       *[other] en retard de { $days } jours
    }
   *[ahead] { $days ->
        [0] prévue aujourd’hui
        [one] dans { $days } jour
       *[other] dans { $days } jours
    }
}
action-plan-heading-thresholds = Objectifs figés et leurs modifications
action-plan-thresholds = Figés le { $date } : { $targets ->
    [one] { $targets } objectif
   *[other] { $targets } objectifs
}. { $changes ->
    [0] Aucun objectif n’a changé depuis.
    [one] { $changes } modification depuis ; le plan est jugé d’après le nouvel objectif.
   *[other] { $changes } modifications depuis ; le plan est jugé d’après les nouveaux objectifs.
}
action-plan-thresholds-none = Les objectifs de ce plan ne sont pas figés : le fichier peut les modifier sans trace.
action-plan-threshold-measure = mesure
action-plan-threshold-on = date
action-plan-threshold-before = avant
action-plan-threshold-after = après
action-plan-threshold-reason = motif
action-plan-threshold-by = décidé par (fonction)
