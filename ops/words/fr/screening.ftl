# `watchline screening` : règles sur des mouvements inventés aux points de passage.

screening-answer = Mouvements signalés par une règle : { $hits } de tous les mouvements. Découvertes parmi tous les contrôlés (taux de base) : { $base }.
screening-differs = { $rule } : le taux de signalement du groupe { $group } diffère de celui de tous les autres, { $hits }.
screening-heading-rules = Règles : mouvements signalés, et découvertes parmi ceux qui ont été contrôlés
screening-heading-groups = Décomptes par groupe (aucune règle n’utilise le groupe)
screening-hit = { $movement } : { $rules }
screening-explained = { $rule } ({ $conditions }) : { $why }
screening-condition = { $field } { $operator ->
    [is] est
    [is_not] n’est pas
    [below] inférieur à
   *[above] supérieur à
} { $value }
screening-yes-no = { $answer ->
    [yes] oui
   *[no] non
}
screening-any = une règle quelconque
screening-share = { $value } ({ $count } sur { $of } ; 95 % : { $low } à { $high })
screening-column = { $name ->
    [rule] règle
    [why] motif
    [hits] signalés
    [finds] découvertes parmi les signalés
    [base] découvertes parmi les contrôlés
    [group] groupe
    [differs] diffère des autres
   *[other] { $name }
}
screening-limit-made_up = Tous les mouvements sont inventés. Aucun chiffre ne décrit une personne ou un point de passage réels.
screening-limit-proxy = Aucune règle n’utilise le groupe, mais d’autres champs peuvent en tenir lieu. Les décomptes par groupe montrent où les taux diffèrent, non pourquoi.
screening-limit-checked = Les découvertes ne sont connues que pour les mouvements contrôlés. Sans contrôles aléatoires, le taux de base est celui des mouvements choisis pour un contrôle.
screening-limit-many = Parmi de nombreuses règles et groupes, certains diffèrent par hasard : la comparaison d’intervalles à 95 % n’est pas un test de leur ensemble.
screening-limit-person = Un signalement est une raison d’examiner, jamais un constat. Une personne décide, et peut l’écarter.
