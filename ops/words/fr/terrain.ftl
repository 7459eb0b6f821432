terrain-field = { $name ->
    [file] Fichier
    [crs] Système de coordonnées
    [rows] Lignes
    [columns] Colonnes
    [cell] Taille de maille
    [cell_unit] Unité de la taille de maille
    [bounds] Emprise
    [rotated] Pivoté
    [type] Type de données
    [nodata] Valeur sans donnée
    [scale_m] Mètres par unité
    [offset_m] Décalage en mètres
    [datum] Référence des altitudes
    [terrain] Terrain
    [frame] Système local
    [cell_m] Taille de maille en mètres
    [bounds_deg] Emprise en degrés (O, S, E, N)
    [resampling] Rééchantillonnage
    [megabytes] Taille en Mo
    [access] Accès
    [lowest_m] Altitude minimale en mètres
    [highest_m] Altitude maximale en mètres
    [voids_percent] Mailles vides en pour cent
    [bytes] Taille du fichier en octets
    [sha256] SHA-256
   *[other] { $name }
}
terrain-access = { $access ->
    [memory] gardé en mémoire
    [chunks] lu par blocs au besoin
   *[too_large] trop grand pour être ouvert en entier : indiquer --bounds, ou l’ouvrir par blocs
}
terrain-resampling = { $resampling ->
    [none] aucun : mailles du raster
   *[bilinear] bilinéaire
}
terrain-yes-no = { $value ->
    [yes] oui
   *[no] non
}
terrain-progress-heights = altitudes
terrain-progress-overviews = aperçus

terrain-sites-summary = { $sites ->
    [one] { $sites } site a
   *[other] Ensemble, { $sites } sites ont
} une ligne de vue sur { PERCENT($visible, digits: 1) } de la surface à moins de { DISTANCE($belt) } de la frontière.
terrain-sites-unknown = Pour { PERCENT($unknown, digits: 1) } de cette surface, la ligne de vue est inconnue : données de terrain manquantes.
terrain-sites-chosen = { $chosen ->
    [one] Le site retenu a
   *[other] Ensemble, les { $chosen } sites retenus ont
} une ligne de vue sur { PERCENT($covered, digits: 1) }, soit au moins { PERCENT($optimality, digits: 0) } du meilleur possible.
terrain-sites-progress-viewsheds = bassins visuels
terrain-sites-progress-combined = bassins visuels combinés
terrain-sites-progress-footprints = empreintes
