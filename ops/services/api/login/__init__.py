"""Logins over HTTP: the check before all routes, the pages of login and account, and the identity provider."""
