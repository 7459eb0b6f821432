"""`watchline coverage`: detection coverage of a layout as rasters, tables and maps."""
