"""``RawUpstream`` behind TLS, with a certificate for localhost of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from .certificates import self_signed
from .raw_upstream import RawUpstream


class TlsUpstream(RawUpstream):
    """Speaks HTTP/1.1, and would rather speak HTTP/2."""

    def __init__(
        self, script: Callable[[socket.socket, bytes], None], folder: Path
    ) -> None:
        """``folder``: where ``certificate`` is written, for those who trust it."""
        super().__init__(script)
        self.url = f"https://localhost:{self.port}"
        self.certificate, key = self_signed(folder, days=9)
        self.alpn: list[str | None] = []
        """What was agreed on, by connection; None: the proxy offered nothing."""
        self.names: list[str | None] = []
        """Which host the proxy asked for, by connection."""
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.certificate, key)
        self._context.set_alpn_protocols(["h2", "http/1.1"])
        self._context.sni_callback = lambda _, name, __: self.names.append(name)

    def _serve(self, connection: socket.socket) -> None:
        try:
            secured = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        self.alpn.append(secured.selected_alpn_protocol())
        super()._serve(secured)
