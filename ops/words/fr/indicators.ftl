# `watchline indicators` : catalogue et importation.

indicator-title = { $indicator ->
    [organised_crime_index] indice de criminalité organisée
    [governance_index] indice de gouvernance
    [smuggling_cases] affaires de contrebande enregistrées
    [firearm_seizures] armes à feu saisies
    [trafficking_victims] victimes de la traite identifiées
    [corruption_reports] signalements de corruption
    [complaints_upheld] plaintes fondées contre des agents
    [crossing_impact] impact d’un franchissement illégal
    [measures_met] mesures du plan atteintes
    [training_completed] formation achevée
    [plan_reviews_held] revues du plan tenues
    [posts_filled] postes pourvus
    [firearms_protocol] Protocole de l’ONU relatif aux armes à feu
    [programme_of_action] Programme d’action de l’ONU sur les armes légères
    [arms_trade_treaty] Traité sur le commerce des armes
    [australia_group] listes de contrôle du Groupe Australie
    [strategic_trade_training] formation de l’OMD au contrôle du commerce stratégique
    [small_arms_modules] modules MOSAIC
    [interpol_databases] accès aux bases de données d’INTERPOL
    [integrated_border_management] EUROSUR et gestion intégrée des frontières
    [gap-segments] segments présentant une lacune de couverture
    [least-detection] Pd de franchissement la plus faible
    [least-interruption] probabilité d’interruption la plus faible
    [dead-ground-layout] angles morts du dispositif
    [interdiction_effectiveness_rate] taux d’efficacité de l’interception
    [unlawful_border_crossing_effectiveness_rate] taux d’efficacité face aux franchissements illégaux
    [detection_fraction] part des franchissements détectés
    [alert_yield] interpellations par alerte
    [nuisance_alarm_fraction] alarmes intempestives, part des alertes
    [time_to_acknowledgement] délai de prise en compte
    [response_time] délai d’intervention
    [time_to_disposition] délai de clôture
    [drills_passed] exercices réussis
    [drill_acknowledged_in_time] exercices : incidents acquittés à temps
    [drill_right_dispositions] exercices : issues correctes
    [drill_missed_crossings] exercices : franchissements manqués
   *[other] { $indicator }
}
indicator-definition = { $indicator ->
    [organised_crime_index] note de la criminalité organisée dans le pays, sur l’échelle de l’organisme qui la publie
    [governance_index] note de la gouvernance dans le pays, sur l’échelle de l’organisme qui la publie
    [smuggling_cases] affaires de contrebande que les autorités ont enregistrées dans la période
    [firearm_seizures] armes à feu saisies à la frontière ou à proximité dans la période
    [trafficking_victims] personnes identifiées comme victimes de la traite dans la période
    [corruption_reports] signalements de corruption à la frontière reçus dans la période
    [complaints_upheld] plaintes contre des agents examinées et jugées fondées dans la période
    [crossing_impact] impact d’un franchissement illégal sur une section ou un segment, selon un jugement, de 0 (aucun) à 1 (le plus grave)
    [measures_met] mesures du plan d’action national échues et atteintes, en proportion des mesures échues
    [training_completed] personnes ayant achevé la formation prévue, en proportion de celles prévues
    [plan_reviews_held] revues du plan tenues, en proportion de celles prévues
    [posts_filled] postes à la frontière qui sont pourvus, en proportion de ceux prévus
    [firearms_protocol] dispositions du protocole mises en œuvre, en proportion de celles vérifiées
    [programme_of_action] engagements du programme mis en œuvre, en proportion de ceux vérifiés
    [arms_trade_treaty] dispositions du traité mises en œuvre, en proportion de celles vérifiées
    [australia_group] entrées des listes de contrôle reprises en droit national, en proportion de celles vérifiées
    [strategic_trade_training] agents des points de passage ayant achevé la formation, en proportion de ceux prévus
    [small_arms_modules] modules sur le contrôle des armes légères mis en œuvre, en proportion de ceux retenus
    [interpol_databases] points de passage dont les agents peuvent interroger les bases, en proportion de tous
    [integrated_border_management] obligations mises en œuvre, en proportion de celles vérifiées
    [gap-segments] segments dont la Pd de franchissement est inférieure à l’exigence, en proportion des segments connus
    [least-detection] Pd de franchissement du segment le plus faible
    [least-interruption] probabilité que les intervenants arrivent à temps sur le plus défavorable des chemins
    [dead-ground-layout] zone proche de la frontière qu’aucun capteur du dispositif ne voit, en proportion
    [interdiction_effectiveness_rate] interpellations et refoulements, en proportion des franchissements détectés
    [unlawful_border_crossing_effectiveness_rate] interpellations et refoulements, en proportion de tous les franchissements, y compris non détectés
    [detection_fraction] franchissements détectés, en proportion de tous les franchissements
    [alert_yield] interpellations rapportées aux alertes
    [nuisance_alarm_fraction] alertes ne relevant pas d’une menace, en proportion de toutes les alertes
    [time_to_acknowledgement] durée médiane entre l’ouverture d’un incident et sa prise en compte par une personne
    [response_time] durée médiane entre l’ouverture d’un incident et l’arrivée d’une unité sur place
    [time_to_disposition] durée médiane entre l’ouverture d’un incident et sa clôture par une personne
    [drills_passed] exercices réussis au cours de l’année écoulée, en proportion de ceux qui ont eu lieu
    [drill_acknowledged_in_time] incidents d’exercices qu’une personne a acquittés dans le délai, en proportion de tous les incidents d’exercices
    [drill_right_dispositions] incidents d’exercices clos avec l’issue correcte, selon la vérité terrain de la simulation, en proportion de ceux qui ont été clos
    [drill_missed_crossings] franchissements d’exercices affichés et non acquittés, en proportion de ceux qui ont été affichés
   *[other] { $indicator }
}
indicator-limit = { $limit ->
    [judgement] repose sur le jugement d’experts
    [scales] les échelles diffèrent selon l’édition et l’organisme ; deux organismes ne sont pas comparables
    [recorded] compte ce qui a été enregistré, qui augmente avec les contrôles autant qu’avec la criminalité
    [reporting] augmente quand on fait confiance au dispositif de signalement, et pas seulement quand les manquements augmentent
    [plan] dépend des mesures que contient le plan ; deux plans ne sont donc pas comparables
    [attendance] indique qui a participé, non ce qui a été appris
    [self] est déclaré par l’autorité évaluée elle-même
    [existence] indique qu’une disposition existe, non qu’elle fonctionne
    [use] indique que l’accès existe, non qu’il est utilisé
    [model] est calculé pour un dispositif, une classe de cible et une météo, non observé
    [undetected] exclut les franchissements non détectés, donc optimiste
    [modelled] exige les franchissements non détectés, qui sont modélisés
    [alerts] compte les alertes, dont plusieurs peuvent relever d’un même événement
    [persons] ne compte que les incidents où une personne a effectué l’action
    [drills] porte sur des scénarios simulés, plus faciles ou plus difficiles qu’une veille réelle
   *[other] { $limit }
}
indicator-limit-of = { $indicators } : { $limit }.
indicator-column = { $name ->
    [indicator] indicateur
    [definition] définition
    [unit] unité
    [better] meilleur si
    [source] source
    [update] mise à jour
    [place] lieu
    [date] date
    [before] avant
    [after] après
   *[other] { $name }
}
indicator-better = { $better ->
    [higher] plus élevé
    [lower] plus bas
    [none] non précisé
   *[other] { $better }
}
indicator-source = { $source ->
    [statistics] statistiques officielles
    [index] indice publié
    [register] registre de l’autorité
    [report] rapport de l’État
    [review] examen de la mise en œuvre
    [challenge] calculé par `watchline challenge`
    [outcomes] compté à partir des issues et des incidents
    [plan] compté à partir du plan
    [drills] compté d’après les résultats des exercices
   *[other] { $source }
}
indicator-update = { $days ->
    [one] tous les jours
   *[other] tous les { $days } jours
}
indicator-update-computed = à chaque calcul
indicator-refused = Ligne { $row } : { $reason } ; attendu : { $expected }.
indicator-more = { $count } de plus ; --json les donne tous.
indicator-preview = L’importation ajouterait { $new }, corrigerait { $corrected }, retirerait { $withdrawn } et laisserait { $unchanged } sans changement ; rien n’a été écrit.
indicator-imported = Ajoutés : { $new } ; corrigés : { $corrected } ; retirés : { $withdrawn } ; sans changement : { $unchanged }. Historique : { $file }
indicator-withdrawn = retiré : { $reason }
