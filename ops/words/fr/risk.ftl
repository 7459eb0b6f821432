# `watchline risk` : tableaux et page.

risk-eyebrow = Analyse de risque Watchline
risk-title = Risque par segment : { $sector }
risk-about = Tel que connu au { $date } (UTC), pour le dispositif { $layout }. Rangs : { $draws } tirages des pondérations.
risk-answer = Le segment { $segment } présente le risque le plus élevé, { $risk }. Il figure parmi { $count ->
    [one] le segment le plus élevé
   *[other] les { $count } segments les plus élevés
} dans { $top } des tirages des pondérations.
risk-answer-shared = { $number } segments présentent à égalité le risque le plus élevé, { $risk }{ $named ->
    [yes]  : { $segments }
   *[no] {""}
}. Chacun figure parmi { $count ->
    [one] le segment le plus élevé
   *[other] les { $count } segments les plus élevés
} dans au moins { $top } des tirages des pondérations.
risk-answer-unknown = { $unknown ->
    [0] Le risque des { $segments } segments est connu.
    [one] Le risque de { $unknown } segment sur { $segments } est inconnu.
   *[other] Le risque de { $unknown } segments sur { $segments } est inconnu.
}
risk-left-out = { $factor ->
    [threat] La menace n’est connue pour aucun segment ; elle n’est donc pas prise en compte.
    [vulnerability] La vulnérabilité n’est connue pour aucun segment ; elle n’est donc pas prise en compte.
   *[impact] L’impact n’est indiqué pour aucun segment ; il n’est donc pas pris en compte, et aucun niveau d’impact n’est proposé.
}
risk-no-common-period = { $indicator } : non prises en compte dans la menace, car leurs lieux n’ont aucune période en commun et un nombre de cas croît avec sa période.
risk-earlier-period = { $indicator } : tous les lieux n’ont pas la valeur la plus récente, si bien que celles du { $start } au { $end } comptent.
risk-heading-map = Carte du risque
risk-heading-sections = Sections de frontière : niveau d’impact proposé et actuel
risk-heading-segments = Segments, du risque le plus élevé au plus faible
risk-shades = Risque du segment :
risk-shade = { DECIMAL($low, digits: 2) } à { DECIMAL($high, digits: 2) }
risk-shade-unknown = inconnu
risk-column = { $name ->
    [rank] rang
    [segment] segment
    [section] section
    [risk] risque
    [threat] menace
    [vulnerability] vulnérabilité
    [impact] impact
    [matrix] matrice
    [ranks] rangs, 95 %
    [top] tirages dans les 10 % supérieurs
    [proposed] niveau proposé
    [highest] maximum de la matrice
    [trend] tendance
    [first] au début
    [last] maintenant
    [change] évolution
    [reason] due surtout à
   *[current] niveau actuel
}
risk-heading-trend = Tendance du risque, de la plus forte hausse à la plus forte baisse
risk-trend-about = Du { $first } au { $last } (UTC), à la fin de chaque mois, tel que connu alors. Une barre est un risque de 0 à 1.
risk-change = { $sign ->
    [up] +{ DECIMAL($change, digits: 2) }
    [down] { DECIMAL($change, digits: 2) }
   *[none] inchangé
}
risk-decision-written = La décision est dans { $file }. Indiquez ce fichier sous risk_decision dans le fichier du secteur et activez ses usages par risk_feeds.
risk-decided = décision du { $on } par { $by }, d’après l’analyse du { $assessed }
risk-ranks = { $low } à { $high }
risk-level = { $level ->
    [low] faible
    [medium] moyen
    [high] élevé
    [critical] critique
   *[none] –
}
risk-limit-formula = CIRAM nomme menace, vulnérabilité et impact, sans formule. La moyenne géométrique pondérée, avec des facteurs d’au moins 0,01, est la nôtre.
risk-limit-matrix = La matrice et les limites de ses classes (un tiers et deux tiers) sont les nôtres. Elle propose faible, moyen ou élevé, jamais critique.
risk-limit-percentiles = La menace est la moyenne de rangs centiles le long de cette frontière : facilité de franchissement et, s’ils sont connus, incidents et cas enregistrés par km. Les risques de deux frontières ne sont pas comparables.
risk-limit-weights = L’intervalle des rangs couvre toutes les pondérations, chaque combinaison étant également probable. Il ne couvre pas les erreurs des facteurs.
risk-limit-impact = La vulnérabilité est 1 moins la plus faible probabilité d’interception ou, sans bases, de détection. L’impact est un jugement dont sa source répond.
risk-limit-decision = Un niveau proposé ne change rien. Une personne décide du niveau d’impact d’une section au centre d’opérations et donne un motif ; la décision est inscrite au journal et dans le journal d’audit.
risk-limit-trend = La tendance compare les indicateurs et les incidents tels que connus chaque jour. L’analyse de la difficulté géographique est la même pour tous les jours. Un tableau d’indicateurs, contrairement à un historique, n’indique pas quand une valeur a été connue. Le risque d’un segment est inconnu un jour où sa menace avait d’autres composantes que le dernier jour, comme avant le premier incident conservé.
