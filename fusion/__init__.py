"""From detections to tracks and alerts."""
