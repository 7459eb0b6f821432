# `watchline eurosur`: rapports des couches EUROSUR.

eurosur-added = { $count ->
    [one] { $count } rapport ajouté.
   *[other] { $count } rapports ajoutés.
}
eurosur-listed = { $count ->
    [one] { $count } rapport
   *[other] { $count } rapports
} ; { $overdue ->
    [0] aucun n’est en retard.
   *[other] { $overdue } en retard (!) : non transmis à temps.
}
eurosur-exported = { $count ->
    [one] { $count } rapport écrit
   *[other] { $count } rapports écrits
} dans { $file }.

eurosur-subjects = { $count ->
    [one] { $count } sujet
   *[other] { $count } sujets
}. Les noms viennent du règlement cité, ou sont propres à Watchline.

eurosur-origin = { $cite ->
    [none] propre à Watchline
   *[other] { $cite }
}{ $ours ->
    [none] {""}
    [all]  ; valeurs propres à Watchline
   *[other]  ; propres à Watchline : { $ours }
}
eurosur-attribute-kind = { $kind ->
    [choice] choix
    [text] texte
    [count] nombre entier
    [number] nombre
    [country] pays
    [countries] nombres par pays
    [parts] nombres par catégorie
    [time] date et heure
    [month] mois
   *[hash] SHA-256
}

# Attributs des rapports par sujet

eurosur-attribute = { $attribute ->
    [attempt] Tentative
    [manner] Manière
    [direction] Sens
    [last_embarkation] Dernier pays d’embarquement
    [destination] Pays de destination
    [purpose] But du franchissement
    [detected_during] Détecté lors de
    [evasion] Tentatives d’échapper au contrôle aux frontières
    [transport] Moyen de transport
    [persons] Personnes
    [conduct] Aide à l’entrée irrégulière ou traite
    [facilitators] Passeurs ou trafiquants
    [crime] Nature de l’infraction
    [goods_code] Code des marchandises
    [quantity] Quantité
    [quantity_unit] Unité de la quantité
    [origin] Pays de départ
    [phase] Phase d’urgence
    [persons_in_danger] Personnes en danger
    [rescued] Personnes secourues
    [missing] Personnes disparues
    [dead] Personnes décédées
    [children] Dont enfants
    [ended_at] Fin du sauvetage (UTC)
    [hazard] Nature de la crise
    [craft] Engin ou personne
    [identification] Identification
    [suspicion] Motif du rapport
    [identifier] Nom ou immatriculation
    [month] Mois
    [count] Nombre
    [crossing_point] Point de passage frontalier
    [by_nationality] Par nationalité
    [by_origin] Par pays d’origine
    [by_last_embarkation] Par dernier pays d’embarquement
    [by_age] Par groupe d’âge
    [by_sex] Par sexe
    [by_refusal_reason] Par motif du refus
    [by_authorisation_reason] Par motif du refus ou de la révocation de l’autorisation de voyage
    [same_identity] Refus opposés aux mêmes personnes sous la même identité
    [several_identities] Refus opposés aux mêmes personnes sous plusieurs identités
    [unaccompanied_minors] Mineurs non accompagnés
    [by_stay_reason] Par motif
    [by_control] Par type de contrôle
    [by_area] Par zone
    [warning] Objet de l’alerte
    [indicator] Indicateur
    [asset] Type de moyen
    [asset_status] État du moyen
    [asset_count] Nombre de moyens
    [area] Zone d’opération
    [operation] Opération
    [starts_at] Début (UTC)
    [ends_at] Fin (UTC)
    [assets] Moyens prévus
    [condition] Terrain ou météo
    [basis] Observé ou prévu
    [valid_at] Date de validité (UTC)
    [temperature] Température de l’air
    [wind_speed] Vitesse du vent
    [wind_from] Direction du vent (d’où il vient)
    [visibility] Visibilité
    [precipitation] Précipitations ou brouillard
    [terrain] Terrain
    [product] Type de produit
    [title] Titre
    [development] Évolution ou indicateur
    [section_level] Niveau d’impact de la section
    [since] Depuis (UTC)
    [imagery] Type de produit géospatial
    [acquired_at] Date d’acquisition (UTC)
    [resolution] Résolution au sol
    [file] Fichier
    [sha256] SHA-256 du fichier
    [asked] Sources sollicitées
    [restriction] Restriction d’usage
    [answer_by] Réponse avant (UTC)
    [watched] Type d’entrée
    [profile] Comportement ou profil, et motif
   *[response] Réaction proposée en cas de détection
}
eurosur-choice = { $attribute ->
    [attempt] { $value ->
        [attempted] Tenté
       *[actual] Effectif
    }
    [manner] { $value ->
        [overt] Ouvert
       *[clandestine] Clandestin
    }
    [direction] { $value ->
        [entry] Entrée
        [exit] Sortie
       *[unknown] Inconnu
    }
    [detected_during] { $value ->
        [border_check] Vérification aux frontières
        [border_surveillance] Surveillance des frontières
       *[other] Autre
    }
    [transport] { $value ->
        [flight] Vol
        [vessel] Navire
        [vehicle] Véhicule
        [train] Train
        [on_foot] À pied
       *[other] Autre
    }
    [conduct] { $value ->
        [facilitation] Aide à l’entrée irrégulière
       *[trafficking] Traite des êtres humains
    }
    [crime] { $value ->
        [goods] Marchandises illicites
        [firearms] Armes à feu
        [drugs] Stupéfiants
        [vehicles] Véhicules volés
        [documents] Fraude documentaire
        [money] Argent liquide
       *[other] Autre
    }
    [phase] { $value ->
        [uncertainty] Incertitude
        [alert] Alerte
       *[distress] Détresse
    }
    [hazard] { $value ->
        [natural] Catastrophe naturelle
        [health] Santé publique
        [accident] Accident
        [unrest] Troubles
        [infrastructure] Défaillance d’infrastructure
       *[other] Autre
    }
    [craft] { $value ->
        [vehicle] Véhicule
        [vessel] Navire
        [aircraft] Aéronef
        [person] Personne
       *[other] Autre
    }
    [identification] { $value ->
        [unidentified] Non identifié
       *[suspect] Suspect
    }
    [suspicion] { $value ->
        [avoids_checks] Personnes à bord évitant les vérifications
        [cross_border_crime] Criminalité transfrontalière
        [lives_at_risk] Vies en danger
        [watchlist] Sur une liste de surveillance
       *[request_for_information] Objet d’une demande d’informations
    }
    [warning] { $value ->
        [abnormal_change] Variation anormale
       *[pattern] Schéma ou mode opératoire
    }
    [indicator] { $value ->
        [refusals_of_entry] Refus d’entrée
        [illegal_stays] Séjours irréguliers
       *[other] Autre
    }
    [asset] { $value ->
        [patrol] Patrouille
        [vehicle] Véhicule
        [vessel] Navire
        [aircraft] Aéronef
        [drone] Drone
        [sensor] Capteur
       *[other] Autre
    }
    [asset_status] { $value ->
        [available] Disponible
        [deployed] Engagé
       *[unavailable] Indisponible
    }
    [condition] { $value ->
        [terrain] Terrain
       *[weather] Météo
    }
    [basis] { $value ->
        [observed] Observé
       *[forecast] Prévu
    }
    [precipitation] { $value ->
        [none] Aucune
        [rain] Pluie
        [snow] Neige
        [hail] Grêle
       *[fog] Brouillard
    }
    [product] { $value ->
        [analytical_report] Rapport d’analyse
        [risk_assessment] Évaluation des risques
        [trend] Tendance du risque
       *[briefing_note] Note d’information
    }
    [development] { $value ->
        [development] Évolution principale
       *[indicator] Indicateur
    }
    [section_level] { $value ->
        [low] Faible
        [medium] Moyen
        [high] Élevé
       *[critical] Critique
    }
    [imagery] { $value ->
        [imagery] Imagerie
        [geodata] Géodonnées
        [change_detection] Détection de changements
       *[map] Carte
    }
   *[watched] { $value ->
        [vessel] Navire
        [aircraft] Aéronef
        [airfield] Aérodrome de départ
        [port] Port ou mouillage de départ
       *[operator] Exploitant de navires ou d’aéronefs
    }
}
eurosur-problem-attribute = { eurosur-attribute } : { $kind ->
    [choice] un élément de la liste
    [text] 1 à 500 caractères visibles, sur une ligne
    [count] un nombre entier à partir de 0
    [number] un nombre dans les limites de l’attribut
    [country] trois lettres majuscules (Doc 9303 de l’OACI), comme CYP
    [countries] des nombres par pays, comme SYR 3, AFG 2
    [parts] des nombres par catégorie, comme adulte 3, mineur 2
    [time] une date et une heure UTC
    [month] un mois, comme 2026-03
    [hash] 64 chiffres hexadécimaux en minuscules
    [missing] une valeur est nécessaire
   *[together] la valeur en contredit une autre : la somme des catégories est le nombre, une fin n’est pas antérieure à son début, et rien n’est postérieur à « Connu depuis »
}.
eurosur-attribute-form = { $kind ->
    [country] Trois lettres majuscules (Doc 9303 de l’OACI), comme CYP
    [countries] Des nombres par pays, comme SYR 3, AFG 2
   *[parts] Des nombres par catégorie, comme adulte 3, mineur 2
}
