"""The simulation as a gate: thousands of seeds without a broken promise, and seeds that once broke one."""
