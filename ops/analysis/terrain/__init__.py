"""`watchline terrain` and `watchline sites`: rasters imported, and what candidate sites see."""
