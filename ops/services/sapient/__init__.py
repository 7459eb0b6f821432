"""The SAPIENT gateway process: connections to middleware and nodes, and what is sent to them."""
