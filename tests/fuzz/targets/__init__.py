"""The targets, one in each module, by name."""

from __future__ import annotations

from . import (
    chat_answer,
    chat_request,
    chat_stream,
    native_request,
    native_stream,
    scrubber,
    small_readers,
    sse_decoder,
    views,
    whole_proxy,
)

TARGETS = {
    module.TARGET.name: module.TARGET
    for module in (
        sse_decoder,
        chat_stream,
        native_stream,
        chat_request,
        chat_answer,
        native_request,
        views,
        scrubber,
        small_readers,
        whole_proxy,
    )
}
