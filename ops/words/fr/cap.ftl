# Documents CAP 1.2 des alertes, pour d'autres organismes.

cap-restriction = Réservé aux utilisateurs autorisés du centre d’opérations et à ses partenaires. Ne pas diffuser au public.
cap-restriction-marked = Marquage de diffusion : { $marking }. { cap-restriction }
cap-closed = { $status ->
    [rejected] Rejetée comme fausse : { $reason }
   *[cleared] Levée. { $reason }
}
cap-area-segments = { $count ->
    [one] Segment de frontière { $segments }
   *[other] Segments de frontière { $segments }
}
cap-area-position = { $error ->
    [known] Erreur de position { DISTANCE($radius_m) } (95 %)
   *[assumed] Erreur de position inconnue, { DISTANCE($radius_m) } supposés
}
cap-area-sensor = Couverture du capteur { $sensor }
cap-area-sector = Secteur { $sector }
cap-feed-title = Alertes CAP du secteur { $sector }
georss-alerts-title = Alertes du secteur { $sector }
georss-incidents-title = Incidents du secteur { $sector }
