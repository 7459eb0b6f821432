# `watchline score` d’un fichier de nation : les secteurs côte à côte.

nation-title = Tableau de bord national : { $subject }
nation-answer = Secteurs évalués : { $read } sur { $whole }.
nation-never = Aucun nombre ne résume la nation ni une frontière.
nation-left-out = Écartés, car leurs enregistrements sont fictifs et ceux d’autres secteurs sont réels : { $sectors }
nation-unread = Non évalué : { $sector }.
nation-column = { $name ->
    [indicator] indicateur
    [met] objectif atteint
    [not_met] non atteint
    [open] sans objectif
    [unknown] inconnu
    [stale] périmé
    [missing] non communiqué
    [lowest] valeur récente la plus basse
    [highest] valeur récente la plus haute
    [sector] secteur
    [plan] plan d’action
    [absent] enregistrements absents
   *[other] { $name }
}
nation-note-days = valeurs récentes de jours différents, du { $first } au { $last }
nation-note-trend = secteurs par tendance : { $trend }
nation-note-together = effectifs de { $sectors } secteurs additionnés : { $together }
nation-unit = { $name } ({ $unit })
nation-edition = { $name }, édition { $edition }
nation-end = { $value } ({ $sector }, { $date })
nation-end-place = { $value } ({ $sector } : { $place }, { $date })
nation-direction = { $count } { $direction ->
    [better] en amélioration
    [worse] en dégradation
    [rising] en hausse
    [falling] en baisse
    [steady] stable
    [by_chance] sans évolution nette
    [mixed] variable selon le lieu
   *[no_trend] sans tendance
}
nation-together-cases = { $value } ; { $span }
nation-together-rate = { $value } ({ $part } sur { $whole } ; { $span })
nation-together-interval = { $value } ({ $part } sur { $whole } ; de { $low } à { $high }, Wilson, 95 % ; { $span })
nation-alone = { $reason ->
    [periods] effectifs non additionnés : les périodes diffèrent
    [places] effectifs non additionnés : des faits pourraient compter deux fois, car des lieux se recoupent
   *[incomplete] effectifs non additionnés : un secteur n’indique pas d’effectifs
}
nation-missed = { $count ->
    [one] { $count } secteur n’atteint pas son objectif
   *[other] { $count } secteurs n’atteignent pas leur objectif
} : { $indicator }
nation-heading-reasons = Non comparés
nation-not-compared = { $indicator } : { $reasons }.
nation-reason = { $reason ->
    [unit] les unités diffèrent
    [edition] les éditions de la définition diffèrent
    [direction] les sens d’amélioration diffèrent
    [method] le calcul diffère, par exemple par la classe de cible, la météo ou l’exigence
    [plan] les plans ont des mesures différentes
   *[undefined] le catalogue ne le définit pas ou n’en fixe pas l’échelle, et une source n’indique pas l’édition de sa définition
}
nation-heading-sectors = Chaque secteur séparément
nation-plan = { $met ->
    [one] { $met } mesure atteinte
   *[other] { $met } mesures atteintes
} sur { $due } à échéance, { $unknown ->
    [one] { $unknown } inconnue
   *[other] { $unknown } inconnues
}
nation-absent = { $kind ->
    [indicators] indicateurs
    [outcomes] incidents ou résultats
    [action_plan] plan d’action
    [erased] semaines aux incidents effacés
   *[challenge] couverture
}
nation-records = Les pages des secteurs présentent les enregistrements à l’origine de chaque valeur. Pour un secteur au long historique : watchline score SECTOR --place PLACE --out DIR.
nation-drill = { $sector } : watchline score { $file }
nation-limit = { $limit ->
    [never] Ni les indicateurs ni les secteurs ne sont combinés : unités, sources et dates diffèrent, et toute pondération serait arbitraire. Les secteurs ne sont pas classés.
    [states] Un secteur n’atteint un objectif que s’il est établi que chacun de ses lieux l’atteint. Si un lieu ne l’atteint pas, le secteur non plus ; sinon, un lieu inconnu ou périmé rend le secteur inconnu ou périmé.
    [ends] La valeur la plus basse et la plus haute sont des valeurs récentes d’une même définition, chacune au jour indiqué ; les jours peuvent différer. Les enregistrements augmentent avec les contrôles.
    [together] Les effectifs ne sont additionnés que si chaque secteur qui communique la valeur les indique, et si aucun lieu n’est dans deux secteurs ni à côté de son propre secteur. Un taux tiré d’effectifs additionnés pondère les secteurs par leurs effectifs, peut différer de celui de chacun d’eux, et son intervalle suppose des faits indépendants. Les périodes des secteurs peuvent différer.
   *[families] Chaque secteur est jugé selon ses propres objectifs. Deux secteurs peuvent avoir des objectifs différents pour le même indicateur.
}
