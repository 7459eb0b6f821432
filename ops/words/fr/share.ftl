# Rapports, liens vers ce qui est affiché et exports en fichiers.

share-open = Partager
    .title = Rapports, lien vers cette vue, export en fichier
share-title = Partager
share-reports = Rapports
share-handover = Rapport de relève
share-after-action = Retour d’expérience
share-scorecard = Tableau de bord
share-partners = Partenaires
share-eurosur = Rapports EUROSUR
share-drill = Exercice
share-link-title = Lien vers cette vue
share-link = Lien
share-link-note = Le lien contient position, zoom, couches et sélection et, en relecture, l’heure. Seuls les titulaires d’un compte peuvent l’ouvrir.
share-copy = Copier le lien
share-copied = Lien copié.
share-not-copied = Le navigateur n’autorise pas la copie. Le lien est sélectionné : copiez-le avec le clavier.
share-export-title = Exporter en fichier
share-format = Format
share-format-of = { $format ->
    [gpkg] GeoPackage
    [geoparquet] GeoParquet (ZIP)
    [csv] CSV (ZIP)
   *[kml] KML
}
share-layers = Couches
share-layer = { $layer ->
    [tracks] pistes
    [positions] positions des pistes
    [incidents] incidents
    [alerts] alertes
    [sensors] capteurs
   *[segments] segments de frontière
}
share-area = Seulement la zone de la carte
share-from = De (UTC)
share-until = À (UTC)
share-purpose = Finalité
share-purpose-note = Le journal d’audit consigne l’export comme communication : personne, finalité, contenu et empreinte du fichier.
share-export = Exporter
share-exporting = Export en cours…
share-no-layer = Choisissez au moins une couche.
share-no-period = La période doit commencer avant de se terminer.
share-no-purpose = Indiquez la finalité en 3 à 200 caractères sans accents.
