# Secteurs : ouvrir, vérifier, créer et prévisualiser un secteur ; liaisons d’un dispositif ; catalogue des équipements.


sector-zone = La frontière est une zone à deux limites. Pistes, alertes et prévisions se réfèrent à la limite intérieure, du côté national, que la carte affiche ; `coverage`, `challenge`, `compare` et `plan` utilisent toute la zone.

## Valeurs par défaut qui surprennent souvent

sector-default-mast = { $count ->
    [one] { $count } capteur n’a pas de mast_height_m ; une hauteur de { $value } m au-dessus du sol est supposée : { $sensors }.
   *[other] { $count } capteurs n’ont pas de mast_height_m ; une hauteur de { $value } m au-dessus du sol est supposée : { $sensors }.
}
sector-default-period = { $count ->
    [one] { $count } radar ou caméra n’a pas de period_s et ne transmet que sur événement ; son silence n’est pas une non-détection : { $sensors }.
   *[other] { $count } radars ou caméras n’ont pas de period_s et ne transmettent que sur événement ; leur silence n’est pas une non-détection : { $sensors }.
}
sector-default-probability = { $count ->
    [one] { $count } capteur n’a pas de detection_probability ; une probabilité de détection de { $value } par observation est supposée : { $sensors }.
   *[other] { $count } capteurs n’ont pas de detection_probability ; une probabilité de détection de { $value } par observation est supposée : { $sensors }.
}

## Remarques d’une vérification

sector-notice-gaps = Le tracé de la frontière comporte { $count ->
    [one] { $count } coupure de { DISTANCE($length) }, en { $places }
   *[other] { $count } coupures de { DISTANCE($length) } au plus, en { $places }
} (latitude et longitude). À côté d’une coupure, le terrain n’appartient à aucun segment et aucune alerte n’est déclenchée.
sector-notice-voids = { PERCENT($fraction, digits: 1) } de la surface à moins de { DISTANCE($belt) } de la frontière n’a pas d’altitude (lacunes du terrain). Les lignes de vue qui traversent une lacune sont inconnues, de même que la couverture au-delà.
sector-notice-no-bases = Le secteur n’a pas de base : les liaisons ne sont pas vérifiées et les délais d’intervention sont inconnus.
sector-notice-bases-off = { $count ->
    [one] { $count } base se trouve hors du terrain et est exclue de toutes les analyses : { $bases }.
   *[other] { $count } bases se trouvent hors du terrain et sont exclues de toutes les analyses : { $bases }.
}
sector-notice-areas-off = { $count ->
    [one] { $count } zone se trouve hors du terrain : { $areas }.
   *[other] { $count } zones se trouvent hors du terrain : { $areas }.
}
sector-notice-base-map-off = Le fond de carte ne couvre pas le terrain.
sector-notice-credit = Des fichiers cartographiques viennent d’OpenStreetMap, dont la licence exige une mention ; indiquez map_credit = "{ $credit }".
sector-notice-map-empty = Aucun élément du fichier cartographique des { $kind ->
    [roads] routes
    [rivers] cours d’eau
    [fords] gués
   *[settlements] localités
} ne se trouve sur le terrain.
sector-notice-no-sensors = Le dispositif ne comporte aucun capteur.
sector-notice-topic = { $count ->
    [one] L’identifiant de { $count } capteur ne convient pas à MQTT : { $sensors }. Utilisez des lettres, chiffres, points, tirets bas et tirets.
   *[other] Les identifiants de { $count } capteurs ne conviennent pas à MQTT : { $sensors }. Utilisez des lettres, chiffres, points, tirets bas et tirets.
}
sector-notice-errors = { $count ->
    [one] { $count } capteur n’a pas d’erreur de mesure (range_sd_m, azimuth_sd_deg) ; `demo` et `simulate` ne peuvent pas utiliser le dispositif : { $sensors }.
   *[other] { $count } capteurs n’ont pas d’erreur de mesure (range_sd_m, azimuth_sd_deg) ; `demo` et `simulate` ne peuvent pas utiliser le dispositif : { $sensors }.
}
sector-notice-unlinked = { $count ->
    [one] { $count } capteur ou relais n’a aucune liaison avec une base et est exclu de toutes les analyses : { $sensors }.
   *[other] { $count } capteurs ou relais n’ont aucune liaison avec une base et sont exclus de toutes les analyses : { $sensors }.
} Ajoutez un relais ou indiquez `reports_by` dans le dispositif.
sector-notice-side =
    Sur { $total } capteurs et bases, { $count ->
        [one] { $count } se trouve
       *[other] { $count } se trouvent
    } du côté opposé de la frontière. La valeur de home_side est-elle correcte ?
sector-notice-frame = Le système de coordonnées { $frame } déforme les distances le long de la frontière (jusqu’à { PERCENT($scale, digits: 2) }).

## watchline sector check

sector-check-ok = Aucune erreur dans { $count ->
    [one] { $count } fichier
   *[other] { $count } fichiers
}.
sector-check-errors = { $count ->
    [one] { $count } erreur :
   *[other] { $count } erreurs :
}
sector-check-notices = { $count ->
    [one] { $count } remarque :
   *[other] { $count } remarques :
}

## watchline sector init

sector-init-ask-terrain = Terrain : raster d’altitudes (MNT)
sector-init-ask-border = Frontière : fichier cartographique de lignes
sector-init-ask-where = Filtre de ses lignes, comme en SQL (vide : toutes)
sector-init-ask-side = Côté national : left (gauche) ou right (droite) de la ligne, ou une position de ce côté, LON,LAT
sector-init-starts = Ouverture du terrain et de la frontière, puis choix des sites ayant vue sur la frontière. Le premier lancement après une installation dure une à deux minutes.
sector-init-written = Secteur { $name } créé dans { $folder } : { $files }.
sector-init-border = Frontière : { DISTANCE($length_m) } sur le terrain ; côté national à { $side ->
    [left] gauche
   *[right] droite
} de la ligne, { $compass ->
    [n] au nord
    [ne] au nord-est
    [e] à l’est
    [se] au sud-est
    [s] au sud
    [sw] au sud-ouest
    [w] à l’ouest
    [nw] au nord-ouest
   *[none] dans plusieurs directions
}.
sector-init-assumptions = Hypothèses (à modifier dans les fichiers) :
sector-init-side = Le côté national n’est pas indiqué ; la { $side ->
    [left] gauche
   *[right] droite
} de la ligne est retenue par défaut.
sector-init-sites = Les sites des dispositifs d’exemple sont, parmi { $tried } positions candidates, celles qui voient le mieux la frontière. Accès, alimentation électrique et propriété ne sont pas pris en compte.
sector-init-links = Les tours transmettent par câble et les capteurs au sol par satellite ; aucune liaison radio n’est nécessaire (`reports_by`).
sector-init-credit = Des fichiers cartographiques indiquent qu’ils viennent d’OpenStreetMap : map_credit est « { $credit } ». --credit en fixe une autre.
sector-init-base = { $reason ->
    [settlement] La base d’exemple se trouve à { $place }, la localité la plus proche du côté national.
    [nameless] La base d’exemple se trouve dans la localité la plus proche du côté national, qui n’a pas de nom dans le fichier cartographique.
   *[ground] La base d’exemple se trouve sur un terrain plat du côté national ; aucune localité n’a été trouvée.
}
sector-init-equipment = Les équipements et leurs caractéristiques proviennent du catalogue fourni : { $items }.
sector-init-next = Suite : { $commands }

## watchline sector preview

sector-preview-title = Aperçu : { $name }
sector-preview-eyebrow = Aperçu de secteur Watchline
sector-preview-about = Dispositif { $layout } : { $sensors ->
    [one] { $sensors } capteur
   *[other] { $sensors } capteurs
}. Frontière : { DISTANCE($length_m) }, { $segments ->
    [one] { $segments } segment
   *[other] { $segments } segments
}. { $bases ->
    [0] Aucune base.
    [one] 1 base.
   *[other] { $bases } bases.
}
sector-preview-map = Carte
sector-preview-reading = En vert : au moins un capteur a une ligne de vue sur une personne qui s’y tient debout. Les flèches indiquent le sens de la ligne frontière ; le côté teinté de la frontière est le côté national. Cliquez ou touchez un symbole pour les détails.
sector-preview-visible = en ligne de vue d’un capteur
sector-preview-own-side = côté national
sector-preview-direction = sens de la ligne frontière
sector-preview-link = liaison avec une base
sector-preview-no-link = aucune liaison avec une base
sector-preview-dead = { PERCENT($fraction) } de la surface à moins de { DISTANCE($belt_m) } de la frontière est en angle mort (aucune ligne de vue vers un capteur).
sector-preview-unknown-dead = Angles morts inconnus : aucune donnée de terrain le long de la frontière.
sector-preview-segment = { PERCENT($low) } à { PERCENT($high) } de la surface du segment en angle mort
sector-preview-chainage = le long de la frontière
sector-preview-dead-ground = angle mort
sector-preview-base = base de patrouille
sector-preview-checks = Erreurs et remarques
sector-preview-nothing = Aucune erreur ni remarque.
sector-preview-limits = Les capteurs sans liaison avec une base sont exclus. Sol nu : arbres et bâtiments ne sont pas pris en compte. En ligne de vue ne signifie pas détecté ; voir `watchline coverage`.
sector-preview-script = La carte nécessite JavaScript, entièrement contenu dans ce fichier.
sector-preview-written = Aperçu : { $page } et { $picture }. { PERCENT($fraction) } de la surface à moins de { DISTANCE($belt_m) } de la frontière est en angle mort.

## watchline catalogue

equipment-heading = { $count ->
    [one] { $count } équipement
   *[other] { $count } équipements
}, prix en { $currency }, { $shipped ->
    [yes] du catalogue fourni
   *[no] de { $catalogue } et du catalogue fourni
}.
equipment-confidence-key = Confiance : H officiel ou reproduit, M presse, fabricant ou déduit, L hypothèse.
equipment-item = équipement
equipment-kind = type
equipment-title = description
equipment-price = prix
equipment-yearly = par an
equipment-availability = disponibilité
equipment-range = portée
equipment-confidence = confiance
equipment-kind-name = { $kind ->
    [radar] radar
    [camera] caméra
    [ground_sensor] capteur au sol
    [radio] radiogoniomètre
    [human] observateur
    [relay] relais
    [patrol] patrouille
    [drone] drone
    [barrier] barrière
    [programme] programme
   *[other] { $kind }
}
equipment-figure = caractéristique
equipment-value = valeur
equipment-source = source
equipment-confidence-name = { $grade ->
    [H] élevée (officiel ou reproduit)
    [M] moyenne (presse, fabricant ou déduit)
   *[L] faible (hypothèse)
}
equipment-priced = Prix au { $date }. Source : { $source }. Confiance : { $grade }.
equipment-placed = Dans un dispositif : "catalogue": "{ $item }". Les clés du dispositif priment sur le catalogue.
equipment-not-placed = Cet équipement n’a pas de position dans un dispositif.
equipment-layout-keys = Valeurs dans un dispositif
