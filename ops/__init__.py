"""The application: command line, services, storage, analysis and reports."""
