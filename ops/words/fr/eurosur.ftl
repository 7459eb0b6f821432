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
   *[other] { $overdue } en retard (!) : non transmis sous 24 h.
}
eurosur-exported = { $count ->
    [one] { $count } rapport écrit
   *[other] { $count } rapports écrits
} dans { $file }.
