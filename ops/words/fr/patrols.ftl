# watchline patrols. Pd : probabilité de détection. Qui connaît l’horaire choisit son itinéraire et son départ.

patrols-segments = Moyenne des segments : Pd de { PERCENT($without, digits: 1) } sans patrouilles, de { PERCENT($with, digits: 1) } avec { $count ->
    [one] { $count } patrouille
   *[other] { $count } patrouilles
} à des heures inconnues.
patrols-found = { $count ->
    [one] Avec { $count } patrouille,
   *[other] Avec { $count } patrouilles,
} le franchissement de détection minimale a une Pd de { PERCENT($known, digits: 1) } si l’horaire est connu, et de { PERCENT($low, digits: 1) } à { PERCENT($high, digits: 1) } si seul l’itinéraire est connu.
patrols-value = Des horaires imprévisibles élèvent cette Pd de { DECIMAL($least, digits: 2) } à { DECIMAL($most, digits: 2) }.
patrols-without = Sans patrouilles, le franchissement de détection minimale a une Pd de { PERCENT($probability, digits: 1) }.
patrols-random = Référence, recherche aléatoire (Koopman) : { PERCENT($probability, digits: 1) }, pour une largeur de balayage de { DISTANCE($width) }.
patrols-progress-posts = bassins visuels le long de l’itinéraire
patrols-progress-search = franchissements dans l’espace et le temps

patrols-figure-title = Patrouilles à la frontière dans le temps : { $sector }
patrols-figure-border = position le long de la frontière [km]
patrols-figure-time = temps de l’horaire, ou du départ [h]
patrols-figure-pd = Pd minimale d’un franchissement
patrols-figure-look = Pd sur la frontière en { DURATION($exposure) }
patrols-figure-patrol = patrouille
patrols-figure-crossing = franchissement de détection minimale, horaire connu
patrols-figure-known = horaire connu
patrols-figure-unknown = seul l’itinéraire connu : bornes
patrols-figure-one = meilleur franchissement pour l’itinéraire
patrols-figure-random = recherche aléatoire (Koopman)
patrols-figure-segment = Pd par segment
patrols-figure-with = avec patrouilles, heures inconnues
patrols-figure-without = sans patrouilles
