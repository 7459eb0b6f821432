target-class = { $class ->
    [person] personne à pied
    [group] groupe
    [vehicle] véhicule
    [animal] animal
    [other] autre
   *[unknown] non classé
}

list = { $names }
# The last item of a list that names only the first of many: “a, b and 4 more”.
list-others = { $count ->
    [one] { $count } autre
   *[other] { $count } autres
}

compass = { $heading ->
    [n] N
    [ne] NE
    [e] E
    [se] SE
    [s] S
    [sw] SO
    [w] O
    [nw] NO
   *[none] –
}

## États des processus d’une salle

part-ended = { $cause ->
    [error] { $part } s’est arrêté : { $words } Journal technique : { $log }.
    [log] { $part } s’est arrêté avec le code { $code }. Dernière ligne du journal technique : { $words } Journal technique : { $log }.
   *[none] { $part } s’est arrêté avec le code { $code }. Journal technique : { $log }.
}
part-given-up = { part-ended } { $failures } échecs en { $minutes } min : il ne sera plus redémarré. Recherchez la cause, puis redémarrez Watchline.
part-stopped = arrêt, redémarrage en cours
part-stopped-for-good = { $failures } arrêts en { $minutes } min, plus aucun redémarrage
part-not-started = { $part } ne peut pas démarrer ({ $reason }).
part-silent = aucun signe de vie depuis { $seconds } s
part-problem = { $problem }
part-compiling-kernels = démarrage : compilation des noyaux de calcul
clauses = { $before } ; { $next }
