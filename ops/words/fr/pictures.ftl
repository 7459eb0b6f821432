# Images d’un incident, et ce que les personnes y voient.

pictures-title = Images
pictures-none = Aucune image de cet incident.
pictures-count = { $number } sur { $count }
pictures-newer = Image plus récente
pictures-older = Image plus ancienne
# Texte à la place de l’image, pour les personnes qui ne la voient pas.
pictures-alt = Image de { $sensor }, { $time }
pictures-clip-alt = Séquence de { $sensor }, { $time }
pictures-from = Image de
pictures-time = Prise le
pictures-bearing = Azimut
pictures-reported = Classe signalée
pictures-assessed = Évaluation
pictures-assessed-by = { pictures-shown }, par { $by }
pictures-not-assessed = non évaluée
pictures-blurred = Objet flouté, reste de l’image grossier : seules les personnes habilitées à traiter les incidents voient l’image d’origine.
# Les touches 1 à 5 actionnent ces boutons.
pictures-assess = { $key } { $shown ->
    [person] Personne
    [vehicle] Véhicule
    [animal] Animal
    [nothing] Rien
   *[unclear] Indéterminé
}
pictures-shown = { $shown ->
    [person] personne
    [vehicle] véhicule
    [animal] animal
    [nothing] rien
   *[unclear] indéterminé
}
picture-problem = { $problem ->
    [waiting] L’image est en cours de récupération.
    [unreachable] L’image ne peut pas être récupérée pour l’instant ; d’autres essais suivront.
    [full] Le disque du serveur est plein ; l’image sera récupérée dès qu’il y aura de la place.
    [disk] Le disque du serveur est en panne ; d’autres essais suivront.
    [address] Non récupérée : l’adresse n’est pas valide.
    [network] Non récupérée : l’adresse est hors des réseaux autorisés.
    [no_drop] Non récupérée : aucun dossier de dépôt n’est configuré.
    [redirect] Non récupérée : le capteur redirige vers une autre adresse.
    [refused] Non récupérée : le capteur refuse la demande.
    [too_large] Non récupérée : le fichier dépasse la taille autorisée.
    [size] Non enregistrée : le fichier n’a pas la taille signalée.
    [hash] Non enregistrée : le fichier n’a pas l’empreinte SHA-256 signalée.
    [type] Non enregistrée : le fichier n’est pas du type signalé.
    [pixels] Non enregistrée : l’image a trop de pixels.
    [frames] Non enregistrée : le fichier contient plusieurs images.
    [erased] Non enregistrée : les données de ce jour ont été effacées.
    [clip] Non affichée : une séquence ne peut pas être floutée ; seules les personnes habilitées à traiter les incidents la voient.
   *[broken] Non enregistrée : le fichier est endommagé.
}

## Orientation des caméras

looks-title = Caméras
# La touche W actionne le premier de ces boutons.
looks-turn = Orienter { $camera }, prête dans { DURATION($time) }
looks-unsure = ligne de vue inconnue
looks-state = { $camera }, azimut { $bearing }{ $elevation ->
    [none] {""}
   *[other] , site { $elevation }
} : { $state ->
    [requested] demandée
    [sent] envoyée
    [accepted] acceptée
    [done] terminée
    [refused] refusée par la caméra
   *[failed] échec : { $code ->
        [not_registered] la caméra n’est pas connectée
        [no_answer] aucune réponse
        [unreachable] la caméra est injoignable
        [credentials] nom ou mot de passe refusé
        [not_there] la caméra n’atteint pas cette direction
       *[by_camera] la caméra signale une panne
    }
}
looks-by-rule = automatique
