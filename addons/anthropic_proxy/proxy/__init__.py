"""The mitmproxy shell: the only rooms that know a flow."""
