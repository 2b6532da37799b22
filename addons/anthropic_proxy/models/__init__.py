"""What each Claude model can do, and which one answers for a requested name."""
