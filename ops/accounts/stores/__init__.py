"""Where the accounts of a data folder are: in its file, or in PostgreSQL; their rules exist once."""
