"""The report of a period: detections, missed targets, and the reasons."""
