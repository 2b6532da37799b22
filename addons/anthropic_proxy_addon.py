"""The script that ``mitmdump -s`` and ``mitmweb -s`` load."""

from anthropic_proxy.proxy.addon import AnthropicProxy

addons = [AnthropicProxy()]  # mitmproxy reads this name
