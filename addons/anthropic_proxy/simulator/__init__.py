"""An offline stand-in for Anthropic's Messages API: demos, tests, development."""
