"""People: accounts, roles per sector, sessions, second factor, identity providers, and the table of rights."""
