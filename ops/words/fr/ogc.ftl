# Les pages d'OGC API – Features et les titres de ses collections.

ogc-title = Watchline { $sector } : OGC API – Features
ogc-description = La situation du secteur { $sector } pour les systèmes d’information géographique : en lecture seule, pour les personnes et les programmes connectés.
ogc-path = Chemin
ogc-collections = Collections
ogc-features = Objets
ogc-properties = Propriétés
ogc-systems = Systèmes de référence de coordonnées
ogc-conformance = Classes de conformité
ogc-openapi = Description de l’API
ogc-as-json = En JSON
ogc-previous = Page précédente
ogc-next = Page suivante
ogc-shown = { $count ->
    [one] { $count } objet
   *[other] { $count } objets
} sur { $matched }
ogc-collection = { $collection ->
    [tracks] Pistes
    [incidents] Incidents
    [alerts] Alertes
    [units] Unités
    [sensors] Capteurs
    [segments] Segments de frontière
   *[coverage] Cellules de couverture
}
ogc-collection-description = { $collection ->
    [tracks] Toutes les pistes en cours, à la situation la plus récente, avec l’erreur de position (un écart type), la classe et la route.
    [incidents] Les incidents dans leur révision la plus récente : d’abord ceux qui ne sont pas clos, 5 000 au plus.
    [alerts] Les alertes dans leur révision la plus récente, les dernières déclenchées d’abord, 5 000 au plus.
    [units] Les unités amies à leur dernière position, avec son heure, l’état de service et la base.
    [sensors] Tous les capteurs du dispositif, avec leur état et leurs défauts.
    [segments] Les segments de la frontière, avec la part d’angle mort dans la bande de chacun.
   *[coverage] La probabilité de détection par les capteurs en service, moyenne sur des cellules carrées du terrain.
}
