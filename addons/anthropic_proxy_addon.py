"""The script that ``mitmdump -s`` and ``mitmweb -s`` load."""

from anthropic_proxy.proxy.addon import addons  # noqa: F401  (mitmproxy reads this name)
