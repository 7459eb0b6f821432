# `watchline share` : envois aux partenaires et des partenaires.

exchange-made = Envoi { $number } pour { $partner } : { $count ->
    [0] aucun enregistrement
    [one] { $count } enregistrement
   *[other] { $count } enregistrements
}, dans { $file }
exchange-received = Envoi { $number } de { $origin } vérifié et importé : { $count ->
    [0] aucun enregistrement
    [one] { $count } enregistrement
   *[other] { $count } enregistrements
}
exchange-withdrawn = Avis de retrait { $number } de { $origin } vérifié : { $count ->
    [0] aucun enregistrement n’était détenu
    [one] { $count } enregistrement supprimé
   *[other] { $count } enregistrements supprimés
}
exchange-listed = { $sent ->
    [one] { $sent } envoi
   *[other] { $sent } envois
} aux partenaires, { $received } des partenaires.
exchange-direction = { $direction ->
    [sent] envoyé
   *[received] reçu
}
exchange-joint = Pour { $shared } mailles sur { $cells }, la couverture des deux côtés est connue (la nôtre et celle de { $partner }).
exchange-joint-assumption = Probabilité de détection conjointe : 1 − (1 − p)(1 − q) si les non-détections des deux côtés sont indépendantes ; sinon entre les bornes indiquées. Si un côté ne connaît qu’une partie d’une maille, le reste est supposé semblable.
exchange-key = Clé publique pour les partenaires : { $key }
exchange-serving = Envois aux partenaires : { $address }
exchange-pulled = { $packages ->
    [one] { $packages } envoi
   *[other] { $packages } envois
} de { $partner } importés, avec { $records ->
    [one] { $records } enregistrement
   *[other] { $records } enregistrements
}.
