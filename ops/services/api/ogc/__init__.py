"""OGC API – Features over the picture, by pygeoapi, which is loaded at the first request."""
