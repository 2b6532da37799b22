"""``python auth_cli.py``: log in, log out, look, chat. See ``--help``."""

import sys

from addons.anthropic_proxy.cli.auth import main

if __name__ == "__main__":
    sys.exit(main())
