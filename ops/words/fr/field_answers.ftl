# Unités de terrain : enrôlement des appareils, réponses, et ce qu’une unité peut atteindre.
unit-no-incident = Incident inconnu ou clos.
unit-id-used = L’identifiant de la réponse a déjà servi à une autre réponse.
unit-unreadable = Illisible : { $what }.
unit-too-many = Trop de positions à la fois ; la limite est de { $count }.
unit-late = Reçue { DURATION($seconds) } après avoir été donnée.
unit-clock =
    { $which ->
        [ahead] L’horloge de cet appareil avance de { DURATION($seconds) } ; l’heure a été corrigée.
       *[behind] L’horloge de cet appareil retarde de { DURATION($seconds) } ; l’heure a été corrigée.
    }

## watchline unit

devices-code = Code à usage unique pour un appareil de { $unit } : { $code } (un appareil, jusqu’à { TIME($until) })
devices-address = À ouvrir sur l’appareil : { $url }
devices-none = { $unit } n’a aucun appareil.
devices-revoked = { $unit } : appareil { $device } ({ $name }) révoqué
