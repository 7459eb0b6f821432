"""Routes and page of the auditor."""
