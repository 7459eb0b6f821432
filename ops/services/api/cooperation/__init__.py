"""The pages of cooperation: packages for and from partners, common gaps, and the reports of the EUROSUR layers."""
