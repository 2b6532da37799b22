"""Anthropic Messages, the native API: passed through, touched only where it must be."""
