"""A chat completion request in a flow → its translation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..dialects.chat_completions.errors import RequestError
from ..dialects.chat_completions.exchange import Translation
from ..dialects.chat_completions.large_images import LargeImages
from ..dialects.chat_completions.request import messages_request
from ..wire import jsontext
from ..wire.anthropic import BETA_HEADER, VERSION_HEADER
from .content_coding import NotDecoded, TooLarge, decoded
from .forwarding import merged_betas
from .http_facts import value_of

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

_BETA: Final = BETA_HEADER.encode()
_VERSION: Final = VERSION_HEADER.encode()
_NOT_JSON: Final = "We could not parse the JSON body of your request: {}."


def translate(call: Call, runtime: Runtime) -> Translation:
    """Read and translate; ``call.images`` are to be put back into what is sent.

    Raises:
        RequestError: the request cannot be sent to Anthropic.
    """
    body = _body(call, runtime)
    images = LargeImages(body, call.id.removeprefix("req_"))
    if images:
        try:
            translation = _translated(call, runtime, images.rest)
        except RequestError:
            pass  # the client is told of what it sent
        else:
            call.images = images
            return translation
    return _translated(call, runtime, body)


def _body(call: Call, runtime: Runtime) -> bytes:
    try:
        return decoded(call.flow.request, runtime.options["body_limit"])
    except TooLarge as wrong:
        code = "request_too_large"
        raise RequestError(str(wrong), None, code, status=413) from None
    except NotDecoded as wrong:
        raise RequestError(str(wrong), None) from None


def _translated(call: Call, runtime: Runtime, body: bytes) -> Translation:
    try:
        chat = jsontext.decode(body)
    except jsontext.InvalidJSON as wrong:
        raise RequestError(_NOT_JSON.format(wrong), None) from None
    headers = call.flow.request.headers
    betas = merged_betas(value_of(headers, _BETA), ())
    return messages_request(
        chat,
        mapping=runtime.mapping,
        settings=runtime.settings,
        now=runtime.now(),
        memory=runtime.memory,
        client_version=value_of(headers, _VERSION),
        client_betas=betas.split(",") if betas else (),
    )
