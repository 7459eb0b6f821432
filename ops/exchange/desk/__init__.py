"""What the page of partners asks a process of its own to do: previews, packages, withdrawals and common gaps."""
