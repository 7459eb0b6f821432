"""Reports and exports over HTTP: handover and after-action reports, signed notes, and files of what is shown."""
