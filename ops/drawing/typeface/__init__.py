"""The font of the front end for what is not a page of a browser: figures and PDF."""
