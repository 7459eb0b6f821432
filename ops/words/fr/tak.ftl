# Cursor-on-Target : ce que montrent les clients TAK, les mots d’une réponse et ce qu’il en est advenu.

tak-line = { $name }, { alert-priority } : { $sentence }
tak-line-closed = { $name } est clos : { incident-disposition }.
tak-line-closed-goods = { $name } est clos : { incident-disposition }. Découverte : { incident-goods }.
tak-remarks = { $sentence } État : { incident-state }.
tak-remarks-assigned = { $sentence } État : { incident-state }, { $unit }.
tak-track = { target-class }, confiance { PERCENT($probability) }
tak-track-coasting = { target-class }, non détecté actuellement ; position prédite
tak-area = { $kind ->
    [danger] Zone dangereuse
    [restricted] Zone interdite
    [watch] Zone surveillée
   *[crossing_point] Zone du point de passage
}
tak-border = Frontière
tak-trail = { $name }, trajet
tak-done = { $name } : enregistré, { incident-action }.
tak-distress-failed = Votre appel de détresse n’a pas pu être enregistré. Utilisez la radio.
tak-distress-heard = Votre appel de détresse est parvenu au centre opérationnel.
tak-distress-waiting = Votre appel de détresse est enregistré, mais n’est pas encore parvenu au centre opérationnel. Utilisez la radio.

## Mots par lesquels commence une réponse, séparés par des virgules. En minuscules, sans accents.

tak-words-acknowledge = pris en compte, pris en charge, acquitte
tak-words-received = recu, bien recu
tak-words-en_route = en route, en chemin
tak-words-on_scene = sur place, sur les lieux
tak-words-note = note
tak-words-apprehended = interpelle, apprehende
tak-words-turn_back = demi-tour, reparti
tak-words-got_away = fuite, echappe
tak-words-no_threat = sans danger, rien a signaler, ras
tak-words-rescue = sauvetage, secours, secouru
tak-words-lost = perdu, contact perdu
tak-words-nuisance = fausse alerte
tak-words-restored = retabli

## Motifs de refus d’une réponse

tak-refused-which = Non enregistré : indiquez l’incident, par exemple { $example }.
tak-refused-no-incident = Non enregistré : il n’y a pas d’incident ouvert { $name }.
tak-refused-assigned = Non enregistré : { $name } est attribué à { $unit }.
tak-refused-reason = Non enregistré : une fausse alerte exige un motif après le nom de l’incident.
tak-refused-note = Non enregistré : la note est vide.
tak-refused-clock = Vos positions sont refusées : l’horloge de votre appareil avance de { DURATION($seconds) }.
tak-refused = Non enregistré : { $reason }
