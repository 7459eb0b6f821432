"""Logins over HTTP: the gate before all routes, the pages of login and account, and the identity provider."""
