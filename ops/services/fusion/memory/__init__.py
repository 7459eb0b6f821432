"""What fusion remembers beside the tracks: faults, mutes, quarantines and statements, from the journal."""
