"""``python -m anthropic_proxy.cli``: the launcher, wherever the package lies."""

from .main import main

main()
