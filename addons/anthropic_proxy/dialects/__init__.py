"""One folder per client API; pure functions and small state machines."""
