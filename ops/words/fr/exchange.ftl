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
exchange-again = { $count ->
    [one] L’envoi { $numbers } contient des enregistrements retirés et n’est plus envoyé. Si { $partner } ne l’a pas reçu, refaites l’envoi
   *[other] Les envois { $numbers } contiennent des enregistrements retirés et ne sont plus envoyés. Si { $partner } ne les a pas reçus, faites de nouveaux envois
} avec les autres enregistrements.
exchange-missing = { $count ->
    [one] L’envoi { $first } de { $origin } n’a pas été importé
   *[other] Les envois { $first } à { $last } de { $origin } n’ont pas été importés
}. Parmi eux, les avis de retrait peuvent encore être reçus.
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
exchange-broker-written = Configuration du broker d’échange à l’adresse { $address } écrite. Copiez { $folder } sur l’ordinateur du broker et lancez-y : mosquitto -c mosquitto.conf
exchange-bridge = Pont vers { $partner } à l’adresse { $address }.
exchange-bridge-missing = Pas encore de pont vers { $partner } : demandez à { $partner } le dossier identities/partner-{ $own }, placez-le sous { $folder }, puis relancez cette commande.
exchange-bundle = Pour le pont de { $partner } : remettez { $folder } par une voie à laquelle les deux côtés se fient. Il contient une clé privée.
exchange-connected = Connecté au broker d’échange.
exchange-no-answer = { $reason } Nouvelle tentative dans { $seconds } s.
exchange-no-connection = Pas de connexion au broker d’échange : { $reason }
exchange-published = Envoi { $number } publié pour { $partner }.
exchange-refused = Un envoi de { $partner } a été refusé, et plus rien ne sera importé de { $partner } tant que cette commande n’aura pas été relancée : { $reason }
exchange-no-agreements = { $reason } Tant que ce n’est pas corrigé, aucun envoi ne part.
exchange-behind = { $partner } a l’envoi { $number }, que le registre d’ici ne connaît pas : exchange/sent.db vient d’une copie plus ancienne. Les nouveaux envois auront des numéros supérieurs à { $number }. Refaites ceux qui ont été faits depuis la restauration, retraits compris.
exchange-unsigned = Un message que { $partner } n’a pas signé a été ignoré.
