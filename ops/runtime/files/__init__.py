"""Files that processes share: locks, fences and transactions, results kept between starts, and folders for a while."""
