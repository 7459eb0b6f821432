# Commandes d’un secteur appliquées à un fichier de nation : chaque secteur, et un résumé.

batch-eyebrow = Watchline · tous les secteurs d’une nation
batch-title = { $subject } : { $command ->
    [coverage] couverture de détection
    [challenge] terrain et lacunes de couverture
    [plan] plans d’achat
    [compare] comparaison de dispositifs
    [sites] sites candidats
   *[other] { $command }
}
batch-computed = Secteurs calculés : { $computed } sur { $whole }.
batch-gaps = Lacunes de couverture sur { DECIMAL($gaps, digits: 0) } segments sur { DECIMAL($segments, digits: 0) } ; inconnus : { DECIMAL($unknown_segments, digits: 0) }. Capteurs : { DECIMAL($sensors, digits: 0) }.
batch-failed = Non calculé : { $sector }.
batch-kept = { $count ->
    [one] { $count } secteur a été repris d’une exécution antérieure avec les mêmes données.
   *[other] { $count } secteurs ont été repris d’une exécution antérieure avec les mêmes données.
}
batch-again = Recalculés, car des fichiers de leurs résultats étaient modifiés ou endommagés : { $sectors }.
batch-worst = Segments les plus faibles selon { $measure ->
    [covered_fraction] la part de la surface où la Pd exigée est atteinte
   *[other] la plus faible Pd d’un franchissement
}
batch-heading-sectors = Secteurs
batch-column = { $name ->
    [sector] secteur
    [sensors] capteurs
    [segment] segment
    [segments] segments
    [start] depuis
    [position] latitude, longitude
    [covered] Pd exigée atteinte
    [covered_fraction] Pd exigée atteinte
    [dead_ground] angle mort
    [unknown_ground] inconnu
    [gap_segments] segments avec lacune de couverture
    [unknown_segments] segments inconnus
    [least_detection] plus faible Pd
    [detection_probability] plus faible Pd
    [least_interruption] plus faible P(interruption)
    [value_before] objectif avant
    [value] objectif après
    [cost] coût
    [optimality_gap] écart à l’optimum
    [sites] sites
    [visible] surface en vue
    [chosen] retenus
    [chosen_covered] surface en vue des retenus
    [answer] réponse
   *[other] { $name }
}
batch-limit = { $limit ->
    [sums] Les nombres et les coûts sont additionnés. Les parts et les probabilités de secteurs différents ne sont pas moyennées.
    [sensors] Un capteur nommé dans les dispositions de deux secteurs est compté dans les deux.
    [ends] Chaque secteur est calculé avec ses seuls capteurs. Près de l’extrémité d’une ligne, ceux du secteur voisin ne sont pas comptés.
    [worst] Les segments sans valeur connue ne figurent pas parmi les plus faibles. La Pd de franchissement la plus faible est une borne inférieure là où une ligne de vue est inconnue.
    [plan] Le budget est celui de chaque secteur. Il n’est pas réparti entre les secteurs.
    [sites] Chaque secteur a les candidats de son propre terrain. Près d’une extrémité, un candidat peut être compté dans deux secteurs.
   *[other] { $limit }
}
