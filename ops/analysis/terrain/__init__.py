"""`watchline terrain` and `watchline sites`: imports rasters, and computes what candidate sites see."""
