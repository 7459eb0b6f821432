# Reports, links to what is shown, and exports as files.

share-open = Share
    .title = Reports, link to this view, export as a file
share-title = Share
share-reports = Reports
share-handover = Handover report
share-after-action = After-action report
share-scorecard = Scorecard
share-partners = Partners
share-eurosur = EUROSUR reports
share-drill = Drill
share-link-title = Link to this view
share-link = Link
share-link-note = The link contains position, zoom, layers and selection and, in replay, the time. Only people with an account can open it.
share-copy = Copy link
share-copied = Link copied.
share-not-copied = The browser does not allow copying. The link is selected: copy it with the keyboard.
share-export-title = Export as a file
share-format = Format
share-format-of = { $format ->
    [gpkg] GeoPackage
    [geoparquet] GeoParquet (ZIP)
    [csv] CSV (ZIP)
   *[kml] KML
}
share-layers = Layers
share-layer = { $layer ->
    [tracks] tracks
    [positions] track positions
    [incidents] incidents
    [alerts] alerts
    [sensors] sensors
   *[segments] border segments
}
share-area = Only the area shown on the map
share-from = From (UTC)
share-until = Until (UTC)
share-purpose = Purpose
share-purpose-note = The audit log records the export as a disclosure: person, purpose, contents and hash of the file.
share-export = Export
share-exporting = Exporting…
share-no-layer = Select at least one layer.
share-no-period = The period must begin before it ends.
share-no-purpose = Enter the purpose: 3 to 200 characters without accents.
