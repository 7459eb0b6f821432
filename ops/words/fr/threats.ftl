# `watchline threats` : catalogue des menaces et niveaux de sécurité frontalière.

threat-title = { $threat ->
    [people_smuggling] trafic de migrants
    [human_trafficking] traite des êtres humains
    [stolen_vehicles] véhicules volés
    [contraband_goods] marchandises de contrebande
    [firearms] armes à feu et leurs pièces
    [ammunition_and_explosives] munitions et explosifs
    [military_equipment] matériel militaire
    [dual_use_goods] biens à double usage
    [chemical_and_biological_agents] agents chimiques et biologiques
    [nuclear_and_radioactive_material] matières nucléaires et radioactives
    [drones] drones
    [protected_wildlife] espèces sauvages protégées
    [livestock_and_animal_disease] bétail et maladies animales
   *[other] { $threat }
}
threat-definition = { $threat ->
    [people_smuggling] personnes conduites illégalement à travers la frontière par d’autres qui en tirent profit
    [human_trafficking] personnes déplacées par la contrainte, la tromperie ou l’abus afin de les exploiter
    [stolen_vehicles] véhicules volés ou détournés, emmenés dans un autre pays
    [contraband_goods] marchandises soustraites aux droits ou interdites, telles que tabac, stupéfiants et contrefaçons
    [firearms] armes à feu, pièces et éléments, sans licence ni marquage, ou détournés
    [ammunition_and_explosives] munitions, explosifs, détonateurs et leurs précurseurs
    [military_equipment] matériel des listes militaires, exporté sans licence ou vers un faux utilisateur final
    [dual_use_goods] biens, logiciels et technologies à usage civil et militaire soumis à licence
    [chemical_and_biological_agents] produits chimiques toxiques, agents pathogènes, toxines et équipements pour les produire
    [nuclear_and_radioactive_material] matières nucléaires et sources radioactives hors contrôle réglementaire
    [drones] aéronefs sans équipage qui observent la frontière ou transportent des marchandises
    [protected_wildlife] animaux vivants, plantes et produits d’espèces dont le commerce est réglementé
    [livestock_and_animal_disease] animaux qui passent sans contrôle vétérinaire et peuvent porter des maladies
   *[other] { $threat }
}
threat-kind = { $kind ->
    [persons] personnes
    [vehicles] véhicules
    [arms] armes
    [dual_use] biens à double usage
    [cbrn] NRBC
    [drones] drones
    [animals] animaux
   *[other] { $kind }
}
threat-route = { $route ->
    [by_air] par air
    [by_post] par poste et messagerie
    [false_documents] par les points de passage avec de faux documents
    [in_cargo] caché dans le fret ou faussement déclaré
    [in_traffic] conduit à travers les points de passage
    [in_vehicle] caché dans des véhicules
    [intangible] par transfert électronique
    [off_road] en véhicule à travers la frontière verte
    [on_foot] à pied à travers la frontière verte
    [strays] troupeaux égarés ou conduits
    [transit] en transit par des zones franches
   *[other] { $route }
}
threat-sees = { $sees ->
    [target] détecte la menace elle-même
    [carrier] ne détecte que la personne ou le véhicule qui la transporte
    [none] n’en détecte rien dans le modèle de Watchline
   *[other] { $sees }
}
threat-layer = { $layer ->
    [information] information avant la frontière
    [crossing_point] points de passage frontaliers
    [green_border] frontière verte
    [inland] intérieur du pays
   *[other] { $layer }
}
threat-means = { $means ->
    [intelligence_exchange] échange de renseignements avec les voisins
    [advance_passenger_data] données préalables sur les passagers
    [watchlists] interrogation de bases partagées, telles que celles d’INTERPOL
    [advance_cargo_data] données préalables sur le fret
    [licence_data] données sur les licences d’exportation
    [weapon_tracing] traçage international des armes
    [drone_register] registre des drones et de leurs exploitants
    [permit_data] données sur les permis d’espèces protégées
    [disease_notification] notification des maladies animales par les voisins
    [document_check] contrôle des documents
    [vehicle_search] fouille des véhicules
    [detection_dogs] chiens détecteurs
    [trained_interview] entretiens menés par des agents formés
    [vehicle_register_check] vérification dans les registres de véhicules
    [cargo_scanners] scanners de fret
    [trace_detection] détecteurs de traces d’explosifs et de produits chimiques
    [commodity_check] identification des biens contrôlés par des agents formés
    [radiation_portals] portiques de détection des rayonnements
    [drone_detection_post] détection de drones au point de passage
    [permit_check] contrôle des permis d’espèces protégées
    [veterinary_check] contrôles vétérinaires
    [sensor_detection] capteurs dont la Pd atteint l’exigence
    [patrols] patrouilles
    [radiation_patrols] patrouilles équipées de détecteurs de rayonnements
    [drone_detection] systèmes de détection de drones
    [roadside_checks] contrôles routiers
    [investigation] enquête judiciaire
    [workplace_inspection] inspection des lieux de travail
    [market_inspection] inspection des marchés
    [dealer_inspection] inspection des armuriers
    [weapon_tracing_inland] traçage des armes saisies
    [depot_inspection] inspection des dépôts
    [end_use_checks] contrôles de l’utilisation finale
    [laboratory_register] registre et inspection des laboratoires
    [source_register] registre des sources radioactives
    [livestock_register] registre du bétail
   *[other] { $means }
}
threat-cannot = { $code ->
    [cloned_identity] les véhicules sous l’identité d’un autre
    [coercion] la contrainte et la tromperie
    [contents] ce que transporte une personne ou un véhicule
    [dead_ground] les mouvements dans les zones masquées et les lacunes de couverture
    [disease] si un animal est malade
    [false_end_user] les utilisateurs finaux faussement désignés
    [false_permits] les permis falsifiés ou réutilisés
    [genuine_documents] les documents authentiques d’autrui ou obtenus par fraude
    [incubation] les animaux infectés sans symptômes
    [intent] le but d’un franchissement
    [operator_abroad] les exploitants de l’autre côté
    [ordinary_appearance] les biens d’apparence ordinaire
    [orphaned] les sources absentes de tout registre
    [parts] les pièces envoyées séparément
    [precursors] les précurseurs d’usage courant
    [products] les produits transformés d’une espèce
    [re_export] le transfert ultérieur vers un pays tiers
    [settled] ce qui est arrivé à destination sans être remarqué
    [shielded] les matières sous blindage
    [small_aircraft] les petits aéronefs ou ceux volant bas, à distance
    [small_amounts] les petites quantités sur le corps ou dans des cavités
    [software] les logiciels et technologies transmis par voie électronique
    [unbooked] les personnes sans réservation
    [undeclared] ce qui n’est pas déclaré
    [unmarked] les armes sans marquage
    [unregistered] les aéronefs non enregistrés
    [unreported] ce qui n’a pas encore été signalé
   *[other] { $code }
}
threat-column = { $name ->
    [threat] menace
    [kind] nature
    [definition] définition
    [routes] voies habituelles
    [indicators] indicateurs
    [sensor] capteur
    [sees] ce qu’il détecte
    [layer] niveau
    [means] moyens qui peuvent la déceler
    [cannot] ne peut pas voir
   *[other] { $name }
}
threat-heading = { $title } : { $definition }
threat-routes = Voies habituelles : { $routes }.
threat-no-means = aucun dans le catalogue
threat-limit-catalogue = Ce catalogue est le nôtre, issu de connaissances générales sur la sécurité des frontières. Un planificateur l’évalue pour sa propre frontière.
layers-eyebrow = Niveaux de sécurité frontalière Watchline
layers-title = Menaces et niveaux : { $sector }
layers-about = Moyens en place au { $date } (UTC).
layers-answer = { $segments ->
    [0] { $known ->
        [yes] Dans chacun des { $total } segments, chaque menace est couverte par au moins un niveau.
       *[no] Aucune lacune n’est connue dans les { $total } segments, mais tous les niveaux ne sont pas connus.
    }
    [one] Dans { $segments } segment sur { $total }, au moins une menace n’est couverte par aucun niveau.
   *[other] Dans { $segments } segments sur { $total }, au moins une menace n’est couverte par aucun niveau.
}
layers-answer-threat = Lacune : aucun niveau ne couvre { $threat } dans { $count ->
    [one] le segment { $where }
   *[other] { $count } segments ({ $where })
}.
layers-answer-unknown = { $count ->
    [one] Pour { $count } menace, on ignore dans certains segments si un niveau la couvre, car aucun fichier ne l’indique.
   *[other] Pour { $count } menaces, on ignore dans certains segments si un niveau les couvre, car aucun fichier ne l’indique.
}
layers-answer-single = { $count ->
    [one] { $count } menace n’est couverte que par un seul niveau dans certains segments.
   *[other] { $count } menaces ne sont couvertes que par un seul niveau dans certains segments.
}
layers-no-table = Aucun tableau des moyens n’a été fourni (--means) ; seuls les points de passage, capteurs et patrouilles sont pris en compte.
layers-heading-threats = Nombre de segments couverts par chaque niveau, par menace ; le plus de lacunes d’abord
layers-heading-map = Carte des niveaux
layers-heading-means = Moyens en place, d’après le tableau
layers-map = La frontière, colorée selon la fraction des menaces qu’au moins un niveau couvre dans chaque segment.
layers-map-label = menaces couvertes
layers-column = { $name ->
    [threat] menace
    [information] information
    [crossing_point] points de passage
    [green_border] frontière verte
    [inland] intérieur
    [gaps] lacunes
    [unknown] inconnu
    [single] un seul niveau
    [where] segments non couverts
    [means] moyens
    [place] lieu
    [since] depuis
    [until] jusqu’au
    [source] source
   *[other] { $name }
}
layers-counts = { $covered }
layers-counts-unknown = { $covered } ({ $unknown } inconnus)
layers-limit-existence = Un niveau couvre une menace là où au moins un des moyens aptes à la déceler est en place. Cela indique que des moyens existent, non la fréquence à laquelle ils décèlent la menace.
layers-limit-table = Le tableau des moyens est tenu pour complet : ce qu’il n’indique pas n’est pas en place. La personne qui le tient en répond.
layers-limit-detection = Les capteurs couvrent une menace dans un segment si la Pd de franchissement atteint l’exigence pour chaque classe de cible sous laquelle elle peut apparaître. Un segment qu’une classe ne peut franchir compte comme couvert pour elle. Les capteurs détectent des personnes et des véhicules, non ce qu’ils transportent.
layers-limit-patrols = Les patrouilles couvrent un segment si la stratégie mixte du plan le visite, même rarement.
layers-limit-crossing_points = Un point de passage compte dans les segments que sa zone touche. Il ne décèle rien de ce qui franchit la frontière verte ailleurs.
layers-limit-catalogue = Ce catalogue est le nôtre, issu de connaissances générales sur la sécurité des frontières. Un planificateur l’évalue pour sa propre frontière.
