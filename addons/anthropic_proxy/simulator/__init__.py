"""An offline stand-in for Anthropic's Messages API, for demos, tests and development."""
