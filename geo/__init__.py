"""The ground: frames, borders, terrain, visibility, mobility."""
