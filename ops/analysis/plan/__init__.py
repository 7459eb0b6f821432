"""`watchline plan`: what to buy and where to put it."""
