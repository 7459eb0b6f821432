# watchline terrain and watchline sites.

terrain-field = { $name ->
    [file] File
    [crs] Coordinate system
    [rows] Rows
    [columns] Columns
    [cell] Cell size
    [cell_unit] Unit of the cell size
    [bounds] Bounds
    [rotated] Rotated
    [type] Data type
    [nodata] No-data value
    [scale_m] Metres per unit
    [offset_m] Offset in metres
    [datum] Vertical datum
    [terrain] Terrain
    [frame] Frame
    [cell_m] Cell size in metres
    [bounds_deg] Bounds in degrees (W, S, E, N)
    [resampling] Resampling
    [megabytes] Size in MB
    [access] Access
    [lowest_m] Lowest elevation in metres
    [highest_m] Highest elevation in metres
    [voids_percent] Void cells in percent
    [bytes] File size in bytes
    [sha256] SHA-256
   *[other] { $name }
}
terrain-access = { $access ->
    [memory] held in memory
    [chunks] read in chunks when needed
   *[too_large] too large to open at once: give --bounds, or open it in chunks
}
terrain-resampling = { $resampling ->
    [none] none: cells of the raster
   *[bilinear] bilinear
}
terrain-yes-no = { $value ->
    [yes] yes
   *[no] no
}
terrain-progress-heights = elevations
terrain-progress-overviews = overviews

terrain-sites-summary = { $sites ->
    [one] 1 site has
   *[other] { $sites } sites together have
} a line of sight to { PERCENT($visible, digits: 1) } of the area within { DISTANCE($belt) } of the border.
terrain-sites-unknown = For { PERCENT($unknown, digits: 1) } of this area, the line of sight is unknown: terrain data are missing.
terrain-sites-chosen = The { $chosen ->
    [one] selected site has
   *[other] { $chosen } selected sites together have
} a line of sight to { PERCENT($covered, digits: 1) }, at least { PERCENT($optimality, digits: 0) } of the best possible.
terrain-sites-progress-viewsheds = viewsheds
terrain-sites-progress-combined = combined viewsheds
terrain-sites-progress-footprints = footprints
