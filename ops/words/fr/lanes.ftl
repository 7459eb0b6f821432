# `watchline lanes` : voies de confiance à un point de passage.

lanes-arrangement = { $name ->
    [everyone_checked] tous contrôlés
    [own_lanes] voies réservées aux inscrits
    [priority] voies communes, inscrits d’abord
   *[other] { $name }
}
lanes-column = { $name ->
    [arrangement] organisation
    [enrolled] attente, inscrits
    [others] attente, autres
    [all] attente, tous
    [busy] voies occupées
    [method] formule
   *[other] { $name }
}
lanes-method = { $method ->
    [exact] exacte
    [approximate] approchée
   *[other] { $method }
}
lanes-heading = Attente moyenne avant le contrôle : { $title }
lanes-answer = Attente moyenne de toutes les arrivées : { $everyone } si tous sont contrôlés, { $own } avec des voies réservées, { $priority } avec priorité.
lanes-saved = Contrôles complets évités : { $saved } par heure sur { $all } arrivées par heure.
lanes-finds = Découvertes par heure : { $all } si tous sont contrôlés, { $trusted } avec voies de confiance.
lanes-missed = Découvertes qui ne seraient pas faites parmi les inscrits : { $missed } par heure.
lanes-not-all-made = Si les arrivées dépassent la capacité de contrôle, tous les contrôles n’ont pas lieu : leur nombre et leurs découvertes sont inconnus.
lanes-misuse = Probabilité qu’une personne inscrite qui abuse { $count } fois de la voie subisse au moins un contrôle complet : { $probability }.
lanes-growing = { $arrangement } : il arrive plus de monde qu’on ne peut en contrôler ; la file s’allonge de { $growth } arrivées par heure.
lanes-endless = file croissante
lanes-minutes = { $value } min
lanes-estimate = { $value } (95 % : { $low } à { $high })
lanes-limit-steady = Les attentes sont des moyennes en régime permanent, pour des arrivées constantes. Une pointe de courte durée et le temps de résorption d’une file n’y figurent pas.
lanes-limit-poisson = Les arrivées sont aléatoires et indépendantes (Poisson). Autocars et convois arrivent groupés et attendent plus longtemps.
lanes-limit-service = Les durées des contrôles complets et des contrôles courts suivent une loi exponentielle. Toutes les voies sont identiques, personne ne quitte la file et un contrôle n’est jamais interrompu.
lanes-limit-formulas = Exactes : Erlang C, Pollaczek et Khintchine, Cobham. Approchées : Allen et Cunneen pour plusieurs voies à contrôles mixtes ; pour la priorité, l’attente dans une voie de même vitesse totale, mise à l’échelle.
lanes-limit-finds = Les découvertes par contrôle sont celles des contrôles passés. Les inscrits peuvent se comporter autrement une fois moins contrôlés ; seuls des contrôles aléatoires le montrent. Un contrôle court est compté comme ne trouvant rien.
lanes-limit-enrolment = L’inscription elle-même coûte des contrôles qui ne sont pas comptés ici.
