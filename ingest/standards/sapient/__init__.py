"""SAPIENT (BSI Flex 335 v2): registration, status, detections and tasks, in both directions."""
