"""Looks of cameras at incidents: asked for by a person or a rule, sent to the camera, their outcome in the journal."""
