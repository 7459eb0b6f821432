"""Where the lines of an audit log are: in files of a folder, or in PostgreSQL; the rules of the log exist once."""
