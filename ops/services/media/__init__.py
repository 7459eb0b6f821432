"""Pictures that sensors refer to: fetched, checked and kept apart from the journal, and read by the incident pages."""
