"""What every process shares: child processes, the clock, compiled kernels, output files."""
