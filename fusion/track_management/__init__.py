"""Track management: confirm, coast and terminate tracks, late data, snapshots, the track history."""
