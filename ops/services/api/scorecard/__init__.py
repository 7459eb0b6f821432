"""Routes and pages of the scorecard and of the National Action Plan."""
