"""The National Action Plan: its file, its status by the scorecard, its SWOT, and the document for circulation."""
