"""Where a credential comes from, and how it is kept."""
