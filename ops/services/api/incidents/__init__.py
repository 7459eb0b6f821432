"""Routes of incidents: the queue, actions, and releasability markings."""
