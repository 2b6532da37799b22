"""``RawUpstream`` behind TLS, with a certificate for localhost of its own."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .raw_upstream import RawUpstream

DAYS = 9


class TlsUpstream(RawUpstream):
    """Speaks HTTP/1.1, and would rather speak HTTP/2."""

    def __init__(
        self, script: Callable[[socket.socket, bytes], None], folder: Path
    ) -> None:
        """``folder``: where ``certificate`` is written, for those who trust it."""
        super().__init__(script)
        self.url = f"https://localhost:{self.port}"
        self.certificate, key = self_signed(folder)
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


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate for localhost and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=DAYS))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "localhost.pem", folder / "localhost.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key_file
