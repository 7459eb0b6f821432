"""The shell: where time passes, disks fill, links fail and people click."""
