"""The SAPIENT gateway process: connections to middleware and nodes, and the messages sent to them."""
