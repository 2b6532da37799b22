"""Sends what ``oauth`` prepared: the only module of this room with a network."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

from .. import __version__
from .oauth import Reply, TokenRequest
from .oauth_errors import Unreachable, redacted

USER_AGENT: Final = f"anthropic-max-proxy/{__version__}"
TIMEOUT_S: Final = 30.0

# Raised before anything was sent: the request cannot have taken effect.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def send(request: TokenRequest, timeout_s: float = TIMEOUT_S) -> Reply:
    """POST the request and return whatever comes back; blocks. Follows no redirect.

    Proxies and certificates of the environment are honoured, as httpx does.

    Raises:
        Unreachable: nothing came back.
    """
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "user-agent": USER_AGENT,
    }
    if request.betas:
        headers["anthropic-beta"] = ",".join(request.betas)
    try:
        response = httpx.post(
            request.url,
            content=request.body,
            headers=headers,
            timeout=timeout_s,
            follow_redirects=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        host = urlsplit(request.url).netloc
        cause = redacted(str(error), request.secrets) or type(error).__name__
        raise Unreachable(
            f"{host} cannot be reached: {cause}", sent=not isinstance(error, _NOT_SENT)
        ) from None
    names = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, names, response.content)
