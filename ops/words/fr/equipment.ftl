# Matériels du catalogue fourni.

equipment-item-name = { $item ->
    [ift_radar] tour fixe avec radar
    [ift_camera] tour fixe avec caméra
    [rvss_camera] tour de vidéosurveillance
    [msc_truck] camion de surveillance
    [mss_truck] camion de surveillance (ancien modèle)
    [ast_tower] tour autonome
    [aerostat_camera] aérostat avec caméra
    [aerostat_radar] aérostat avec radar
    [portable_radar] radar portable
    [seismic] capteur sismique
    [seismic_line] ligne sismique
    [infrared] capteur infrarouge
    [acoustic] capteur acoustique
    [trail_camera] piège photographique
    [naked_eye] observateur à l’œil nu
    [binoculars] observateur avec jumelles
    [handheld_thermal] poste avec caméra thermique
    [observation_post] poste d’observation
    [radio_relay] relais radio
    [foot_patrol] patrouille à pied
    [vehicle_patrol] patrouille en véhicule
    [dog_team] équipe cynophile
    [small_drone] petit drone
    [large_drone] grand drone
    [fence_and_light] clôture et éclairage
    [sbinet] SBInet
    [sbinet_first_block] SBInet, premier bloc
    [project_28] Project 28
    [isis] ISIS
   *[other] { $name }
}

equipment-item-title = { $item ->
    [ift_radar] Tour fixe : radar, mât, alimentation et liaison
    [ift_camera] Tour fixe : caméra thermique, 100 mm
    [rvss_camera] Vidéosurveillance à distance : caméras de jour et thermique sur une tour
    [msc_truck] Camion de surveillance : radar et caméra sur mât télescopique
    [mss_truck] Ancien système mobile de surveillance
    [ast_tower] Tour de surveillance autonome : solaire, caméra et radar, classification à bord
    [aerostat_camera] Aérostat tactique avec caméra
    [aerostat_radar] Aérostat tactique avec radar
    [portable_radar] Radar terrestre portable
    [seismic] Capteur sismique au sol
    [seismic_line] Ligne sismique : dix nœuds, direction par paires de géophones
    [infrared] Capteur infrarouge passif au sol
    [acoustic] Capteur acoustique au sol
    [trail_camera] Piège photographique avec liaison radio
    [naked_eye] Observateur à l’œil nu, de jour
    [binoculars] Observateur avec jumelles 7x, de jour
    [handheld_thermal] Poste d’observation avec caméra thermique portative, 35 mm
    [observation_post] Poste d’observation : tour en bois, jumelles de jour, caméra thermique de nuit, radio, deux personnes
    [radio_relay] Relais radio : solaire, sur un mât que deux personnes dressent
    [foot_patrol] Patrouille à pied : deux personnes
    [vehicle_patrol] Patrouille en véhicule : deux personnes
    [dog_team] Maître-chien et chien
    [small_drone] Petit drone avec caméra thermique, un pilote
    [large_drone] Drone de la classe Predator, par orbite de 2 000 heures de vol par an
    [fence_and_light] Clôture et éclairage, par tronçon de 500 m
    [sbinet] SBInet, programme complet
    [sbinet_first_block] Premier bloc de SBInet : emprise et réception
    [project_28] Project 28 : neuf tours de 98 pieds (30 m)
    [isis] ISIS, avant SBInet
   *[other] { $title }
}
