"""`watchline score`: the scorecard of outcomes and indicators."""
