"""What mitmweb's page does with a running mitmweb, on both lines of mitmproxy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import httpx

from .running_proxy import free_port

PASSWORD = "test-password-of-mitmweb"
_XSRF = "0" * 32  # tornado wants the same token as cookie and header, whatever it is
WAIT_SECONDS = 20


class MitmwebClient:
    """Its REST interface; flows as mitmweb itself gives them out."""

    def __init__(self) -> None:
        self.port = free_port()
        cookies = {"_xsrf": _XSRF, "_mitmproxy_xsrf": _XSRF}
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            cookies=cookies,
            headers={"x-xsrftoken": _XSRF, "authorization": f"Bearer {PASSWORD}"},
            trust_env=False,
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        """For the command line; mitmproxy 11 has no password and ignores it."""
        port = ("--web-port", str(self.port))
        return (*port, "--set", f"web_password={PASSWORD}")

    def wait_until_ready(self) -> None:
        """The page is served a little later than the proxy's own port."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self._client.get("/flows").raise_for_status()
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        self._client.close()

    def flows(self) -> list[dict[str, Any]]:
        """The list, oldest first."""
        return cast("list[dict[str, Any]]", self._client.get("/flows").json())

    def content(self, flow: dict[str, Any], message: str) -> bytes:
        """The body of ``request`` or ``response``."""
        answer = self._client.get(f"/flows/{flow['id']}/{message}/content.data")
        return answer.raise_for_status().content

    def set_options(self, **values: Any) -> None:
        self._client.put("/options", json=values).raise_for_status()

    def edit(self, flow: dict[str, Any], **changes: Any) -> None:
        """``request={"content": …}`` and the like."""
        self._client.put(f"/flows/{flow['id']}", json=changes).raise_for_status()

    def resume(self, flow: dict[str, Any]) -> None:
        self._client.post(f"/flows/{flow['id']}/resume").raise_for_status()

    def get(self, path: str) -> bytes:
        """Whatever it gives out there, with whatever status."""
        return self._client.get(path).content

    def run(self, command: str, *arguments: str) -> bytes:
        """What a command of the command bar says, as JSON."""
        body = {"arguments": list(arguments)}
        answer = self._client.post(f"/commands/{command}", json=body, timeout=30)
        return answer.raise_for_status().content

    def dump(self) -> bytes:
        """All flows as a file of saved flows."""
        return self._client.get("/flows/dump").raise_for_status().content

    def wait_for(
        self, wanted: Callable[[list[dict[str, Any]]], Any]
    ) -> list[dict[str, Any]]:
        """The list as soon as ``wanted`` is true of it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not wanted(flows := self.flows()):
            if time.monotonic() > deadline:
                raise TimeoutError(flows)
            time.sleep(0.02)
        return flows
