"""`watchline plan`: selects sensors to buy and their sites."""
