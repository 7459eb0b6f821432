"""The scorecard of a nation: the sectors of a nation file side by side, by indicator; never one number for them."""
