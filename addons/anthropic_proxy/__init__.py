"""A local proxy that lets programs written for OpenAI's API talk to Claude."""

__version__ = "0.1.0"
