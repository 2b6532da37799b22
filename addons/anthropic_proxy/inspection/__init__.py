"""How a recorded request is shown: text from plain data. No I/O, no mitmproxy."""
