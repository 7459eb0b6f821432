"""Report pages: one template, one stylesheet, the interactive map and its print, and the page as PDF."""
