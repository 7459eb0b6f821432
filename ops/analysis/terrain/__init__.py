"""`watchline terrain` and `watchline sites`: imports rasters, and computes viewsheds of candidate sites."""
