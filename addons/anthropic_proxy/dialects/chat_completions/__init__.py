"""OpenAI Chat Completions, translated to and from Anthropic Messages."""
