"""Published numbers: a value with its formula, source, sample size, interval and limits."""
