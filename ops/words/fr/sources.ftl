# Les sources des données du catalogue livré, telles qu’une comparaison les cite ; celles d’un autre catalogue restent telles qu’écrites.

compare-catalogue-source = { $source ->
    [s-assumption] hypothèse
    [s-not-stated] non indiqué
    [s-monitored-from-the-control-room] surveillé depuis la salle de commande
    [s-assumption-5-to-20-of-the-price-per-year] hypothèse : 5 à 20 % du prix par an
    [s-unattended] sans personnel
    [s-no-equipment] aucun équipement
    [s-in-the-total] compris dans le total
    [s-in-the-price-of-the-flight-hour] compris dans le prix de l’heure de vol
    [s-in-the-monthly-price] compris dans le prix mensuel
    [s-buried] enterré
    [s-assumption-the-source-does-not-state-whether-the-monthly-price-includes-it] hypothèse ; la source n’indique pas si le prix mensuel le comprend
    [s-assumption-weather-and-maintenance-on-the-ground] hypothèse : météo et maintenance au sol
    [s-assumption-one-operator-in-the-cab] hypothèse : un opérateur dans la cabine
    [s-assumption-height-of-flight] hypothèse : hauteur de vol
    [s-98-ft-towers] pylônes de 98 pieds
    [s-98-ft-as-in-project-28-arizona-daily-star-to-120-ft] de 98 pieds, comme dans Project 28 (Arizona Daily Star), à 120 pieds
    [s-user-manuals-a-track-from-three-correlated-nodes-two-geophones-9-to-12-m-apart-give-direction] notices : une piste à partir de trois nœuds corrélés ; deux géophones distants de 9 à 12 m donnent la direction
    [s-thermal-640-px-35-mm-12-um-person-detected-at-1458-m-recognised-at-365-m-vehicle-detected-at-4472-m-by-the-dri-formula] thermique 640 px, 35 mm, 12 µm : personne détectée à 1 458 m, reconnue à 365 m, véhicule détecté à 4 472 m, par la formule DRI
    [s-replaced] remplacé
    [s-not-stated-over-90-of-sensor-alarms-were-not-illegal-activity-oig-06-15] non indiqué ; plus de 90 % des alarmes ne correspondaient à aucune activité illégale (OIG-06-15)
    [s-not-stated-separately-from-the-total] non indiqué séparément du total
    [s-it-reports-nothing-of-its-own] ne signale rien par lui-même
    [s-derived-168-h-per-week-divided-by-40-h-plus-leave-and-training] dérivé : 168 h par semaine divisées par 40 h, plus congés et formation
    [s-counted-as-crew] compté comme équipage
    [s-cadet-handout-clear-outline-at-300-m-a-wedge-at-600-m-taken-as-half-detected-at-600-m] manuel d’instruction : silhouette nette à 300 m, simple tache à 600 m ; compté comme détecté une fois sur deux à 600 m
    [s-assumption-the-earlier-system-was-below-0-5] hypothèse ; le système précédent était inférieur à 0,5
    [s-assumption-sweep-width-from-a-wedge-at-300-m-either-side-by-day] hypothèse ; largeur balayée : silhouette visible à 300 m de chaque côté, de jour
    [s-assumption-over-90-of-alarms-are-not-illegal-activity-oig-06-15] hypothèse ; plus de 90 % des alarmes ne correspondent à aucune activité illégale (OIG-06-15)
    [s-assumption-contract-of-8-5-years] hypothèse ; contrat de 8,5 ans
    [s-assumption-8-months-late] hypothèse ; 8 mois de retard
    [s-assumption-years-of-operation] hypothèse : années de service
    [s-assumption-tripod-or-light-mast] hypothèse : trépied ou mât léger
    [s-assumption-tracks-of-animals-and-wind-that-reach-an-operator] hypothèse : pistes d’animaux et de vent qui parviennent à un opérateur
    [s-assumption-three-nodes-must-agree] hypothèse : trois nœuds doivent concorder
    [s-assumption-ten-nodes-and-a-relay] hypothèse : dix nœuds et un relais
    [s-assumption-reliefs-attention] hypothèse : relèves, attention
    [s-assumption-prices-availability-and-reach-of-data-relays-in-the-field-were-not-found-in-public-sources] hypothèse : prix, disponibilité et portée des relais de données introuvables dans les sources publiques
    [s-assumption-price-not-public] hypothèse : prix non public
    [s-assumption-person-at-about-2-km-600-m-x-7-x-0-5] hypothèse : personne à 2 km environ, 600 m × 7 × 0,5
    [s-assumption-one-observer-at-times-two] hypothèse : un observateur, parfois deux
    [s-assumption-on-an-existing-tower] hypothèse : sur un pylône existant
    [s-assumption-monitored-from-the-control-room] hypothèse : surveillé depuis la salle de commande
    [s-assumption-fraction-of-the-planned-hours] hypothèse : part des heures prévues
    [s-assumption-foundations-power-permits-not-counted] hypothèse : fondations, alimentation et autorisations non comptées
    [s-assumption-consumer-and-ranger-practice-no-public-figure] hypothèse : pratique des particuliers et des gardes ; aucun chiffre public
    [s-assumption-classifies-before-it-reports] hypothèse : classe avant de signaler
    [s-assumption-camera-tripod-shelter] hypothèse : caméra, trépied, abri
    [s-assumption-batteries-losses] hypothèse : piles, pertes
    [s-assumption-batteries-and-visits] hypothèse : piles et visites
    [s-assumption-basic-kit-prices-and-crew-costs-were-not-found-in-public-sources] hypothèse : prix du matériel de base et coûts du personnel introuvables dans les sources publiques
    [s-assumption-attention-fades] hypothèse : l’attention baisse
    [s-assumption-a-platform] hypothèse : une plateforme
    [s-assumption-a-person-looks-before-reporting] hypothèse : une personne regarde avant de signaler
    [s-assumption-a-line-of-ten-nodes-taken-as-a-circle] hypothèse : une ligne de dix nœuds comptée comme un cercle
    [s-assumption-a-light-fence-on-posts-and-lamps-no-vehicle-barrier] hypothèse : clôture légère sur poteaux et lampes, sans obstacle pour véhicules
    [s-assumption-50-m] hypothèse : 50 m
    [s-assumption-41-minutes-in-the-air-then-charge-one-pilot] hypothèse : 41 minutes de vol, puis recharge, un pilote
    [s-assumption-30-m] hypothèse : 30 m
    [s-integrated-fixed-towers-145-3-m-ceiling-for-65-towers-walking-person-5-to-8-miles-press-on-gao-reports-2014-21-split-radar-70-camera-30-assumed] Integrated Fixed Towers : plafond de 145,3 M$ pour 65 pylônes, personne à pied à 5 à 8 miles (presse sur des rapports du GAO, 2014-2021) ; répartition supposée : radar 70 %, caméra 30 %
    [s-integrated-fixed-towers-145-3-m-ceiling-for-65-towers-press-on-gao-reports-2014-21-split-radar-70-camera-30-assumed-ranges-by-the-dri-formula] Integrated Fixed Towers : plafond de 145,3 M$ pour 65 pylônes (presse sur des rapports du GAO, 2014-2021) ; répartition supposée : radar 70 %, caméra 30 % ; portées par la formule DRI
    [s-creare-tn-804-2009-a-walker-farther-than-30-m-with-engine-noise-near-a-vehicle-at-100-m-is-an-assumption] Creare TN-804 (2009) : un marcheur à plus de 30 m avec un bruit de moteur proche ; un véhicule à 100 m est une hypothèse
    [s-blighter-b202-walking-or-crawling-person-4-km-from-20-m-20-degrees-of-elevation-vendor-2009] Blighter B202 : personne qui marche ou rampe à 4 km, à partir de 20 m, 20 degrés en site (fabricant, 2009)
    [s-autonomous-surveillance-tower-person-at-1-5-miles-vehicle-at-2-5-about-0-93-m-derived-trade-press-2020-21] Autonomous Surveillance Tower : personne à 1,5 mile, véhicule à 2,5, environ 0,93 M$ par déduction (presse spécialisée, 2020-2021)
    [s-33-ft-trade-press] 33 pieds, presse spécialisée
    [s-mobile-surveillance-capability-8-to-12-km-0-79-to-0-85-m-each-derived-from-contract-notices] Mobile Surveillance Capability : 8 à 12 km, 0,79 à 0,85 M$ pièce, d’après les avis de marché
    [s-mobile-surveillance-system-under-half-of-44-units-working-at-a-time-programme-director] Mobile Surveillance System : moins de la moitié des 44 unités en service à la fois (directeur du programme)
    [s-tactical-aerostat-about-400-000-per-month-about-1-000-ft-radar-75-miles-press-range-for-a-person-on-foot-assumed-far-less] Aérostat tactique : environ 400 000 $ par mois, environ 1 000 pieds, radar 75 miles (presse) ; portée pour une personne à pied supposée bien moindre
    [s-tactical-aerostat-about-400-000-per-month-about-1-000-ft-camera-20-to-25-miles-grounded-by-wind-and-low-cloud-press] Aérostat tactique : environ 400 000 $ par mois, environ 1 000 pieds, caméra 20 à 25 miles ; cloué au sol par le vent et les nuages bas (presse)
    [s-oig-15-17-12-255-per-flight-hour-the-operator-claimed-2-468-20-h-endurance] OIG-15-17 : 12 255 $ par heure de vol (2 468 selon l’exploitant), autonomie de 20 h
    [s-m30-41-minutes-23-m-s-vendor] M30 : 41 minutes, 23 m/s (fabricant)
    [s-remote-video-surveillance-requirement-person-at-3-miles-urban-5-rural-7-5-remote-cbp-request-for-information-price-not-public] Exigence Remote Video Surveillance : personne à 3 miles en ville, 5 à la campagne, 7,5 en zone isolée (demande d’information du CBP) ; prix non public
    [s-assumption-about-150-posts-on-180-5-km-of-the-cyprus-buffer-zone-in-1975-dorn] hypothèse ; environ 150 postes sur 180,5 km de la zone tampon de Chypre en 1975 (Dorn)
    [s-2-000-of-8-766-h] 2 000 sur 8 766 h
    [s-press-over-429-m-since-1997-cameras-and-sensors-not-linked-about-5-of-the-border-covered] presse : plus de 429 M$ depuis 1997 ; caméras et capteurs non reliés ; environ 5 % de la frontière couverts
    [s-arizona-daily-star-2007-08-20-6-m-28-miles-accepted-8-months-late-then-replaced] Arizona Daily Star 2007-2008 : 20,6 M$, 28 miles, reçu avec 8 mois de retard, puis remplacé
    [s-2-000-h-at-the-operator-s-claim-and-at-the-inspector-s-figure] 2 000 h au prix de l’exploitant et à celui de l’inspecteur
    [s-gao-10-340-footprint-cut-from-655-to-387-miles-performance-deemed-acceptable-with-under-50-of-items-of-interest-identified] GAO-10-340 : étendue réduite de 655 à 387 miles ; résultats jugés acceptables avec moins de 50 % des objets d’intérêt identifiés
    [s-gao-12-22-about-1-bn-for-53-miles-18-9-m-per-mile-derived] GAO-12-22 : environ 1 milliard de dollars pour 53 miles, 18,9 M$ par mile (par déduction)
    [s-387-miles-first-planned-655] 387 miles ; d’abord 655 prévus
   *[other] { $text }
}
