"""``POST /v1/chat/completions``: moves values between the flow and the dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mitmproxy import http

from ..dialects.chat_completions import errors
from ..dialects.chat_completions.exchange import Translation
from ..dialects.chat_completions.headers import openai_headers
from ..dialects.chat_completions.request import continued, retry_for
from ..dialects.chat_completions.response import (
    UnusableMessage,
    chat_completion,
    joined,
)
from ..dialects.chat_completions.stream import ChunkStream, Transcoder
from ..dialects.messages.identity import with_identity
from ..wire import jsontext, sse
from .answers import USER_AGENT, as_headers, json_answer, replace
from .chat_request import translate
from .content_coding import NotDecoded, decoded
from .forwarding import forward, set_content, upstream_of
from .handler import Handler, answer
from .http_facts import texts_of, value_of
from .streaming import SafeStream

if TYPE_CHECKING:
    from .call import Call
    from .stages import Recovery

MAX_CONTINUATIONS: Final = 5
WARNINGS_HEADER: Final = "x-translation-warnings"
MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024
MAX_WARNINGS_LENGTH: Final = 2_000


class ChatCompletions(Handler):
    """OpenAI's dialect on the client's side, Messages on the other."""

    def request(self, call: Call) -> None:
        """Translate, or answer 400 in OpenAI's own shape."""
        try:
            translation = translate(call, self.runtime)
        except errors.RequestError as wrong:
            if wrong.report is not None:
                call.note(report=wrong.report.as_dict())
            headers = {"x-should-retry": "false"}
            answer(call, json_answer(wrong.status, wrong.body(), call.id, headers))
            return
        call.pauses_left = MAX_CONTINUATIONS
        self._send(call, translation)

    def _send(self, call: Call, translation: Translation) -> None:
        """Make the flow's request the translated one."""
        assert call.credential is not None
        call.translation = translation
        exchange = translation.exchange
        call.model = exchange.model_used
        call.note(model_asked=exchange.model_asked, model_used=exchange.model_used)
        if call.recording is not None:  # else nobody sees it
            call.note(report=translation.report.as_dict())
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if exchange.stream else "application/json",
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
            **translation.headers,
        }
        forward(
            call,
            upstream_of(call, self.runtime.upstream),
            method="POST",
            path="/v1/messages",
            headers=headers,
            content=self._body(call, translation),
        )

    def _body(self, call: Call, translation: Translation) -> bytes:
        body = translation.body
        if call.credential is not None and call.credential.needs_identity:
            body = body | {"system": with_identity(body.get("system"), self.identity)}
        text = jsontext.encode(body)
        return call.images.put_back(text) if call.images is not None else text

    def response_headers(self, call: Call) -> None:
        """Start the stream machine when upstream streams."""
        response, translation = call.flow.response, call.translation
        assert response is not None
        assert translation is not None
        if not (_is_stream(response) and translation.exchange.stream):
            return
        stream = ChunkStream(translation.exchange, pauses_left=call.pauses_left)
        call.transcoder = Transcoder(stream)
        response.headers = self._stream_headers(call, response)
        response.stream = SafeStream(call.transcoder, call.flow.id)

    def _stream_headers(self, call: Call, response: http.Response) -> http.Headers:
        fields = self._headers(call, response)
        fields += [
            ("content-type", "text/event-stream; charset=utf-8"),
            ("cache-control", "no-cache"),
        ]
        if call.flow.request.http_version == "HTTP/1.1":
            fields.append(("transfer-encoding", "chunked"))
        return as_headers(fields)

    def response(self, call: Call) -> None:
        """Translate the whole answer, or read what the stream machine saw."""
        if call.transcoder is not None:
            self._streamed(call, call.transcoder.stream)
        elif call.upstream_status == 200:
            self._completed(call)
        else:
            self._refused(call)

    def _completed(self, call: Call) -> None:
        response, translation = call.flow.response, call.translation
        assert response is not None
        assert translation is not None
        try:
            message = _message(call, response)
            call.message = None
            whole = joined([*call.parts, message]) if call.parts else message
            completion, warnings = chat_completion(whole, translation.exchange)
        except (ValueError, UnusableMessage):
            message = "Upstream answered 200 with a body that is not a Message."
            body = errors.error_body(message, "server_error", None, "bad_gateway")
            call.flow.response = json_answer(502, body, call.id)
            return
        call.warnings += warnings
        call.usage, call.model = whole.get("usage"), whole.get("model")
        call.finish = completion["choices"][0]["finish_reason"]
        call.stop_reason = whole.get("stop_reason")
        self.runtime.memory.remember(whole.get("content") or [])
        fields = self._headers(call, response)
        replace(response, 200, fields, completion)

    def _streamed(self, call: Call, stream: ChunkStream) -> None:
        call.usage, call.model = stream.usage, stream.model or call.model
        call.finish = "error" if stream.failed else stream.finish_reason
        call.stop_reason = stream.stop_reason
        call.warnings += stream.warnings
        if not stream.failed:
            self.runtime.memory.remember(stream.raw_content)

    def _refused(self, call: Call) -> None:
        response = call.flow.response
        assert response is not None
        status, extra, body = errors.from_anthropic(
            response.status_code,
            texts_of(response.headers),
            _readable(response),
        )
        fields = self._headers(call, response)
        given = {name for name, _ in extra}
        fields = [field for field in fields if field[0] not in given] + extra
        replace(response, status, fields, body)

    def _headers(self, call: Call, response: http.Response) -> list[tuple[str, str]]:
        """Upstream's headers as OpenAI names them, and our warnings."""
        upstream = texts_of(response.headers)
        fields = openai_headers(upstream, self.runtime.now())
        names = {name for name, _ in fields}
        if "x-request-id" not in names:
            fields.append(("x-request-id", call.id))
        assert call.translation is not None
        warnings = [*call.translation.report.warnings, *call.warnings]
        if warnings:
            fields.append((WARNINGS_HEADER, _listed(warnings)))
        return [field for field in fields if field[0] != "content-type"]

    def recoverable(self, call: Call, status: int) -> bool:
        """400s that another form of the same request may avoid (rules C.4, D.4)."""
        return status == 400 and call.translation is not None and not call.parts

    def recover(self, recovery: Recovery) -> None:
        """Ask again without what upstream could not take."""
        call = recovery.call
        assert call.translation is not None
        message = errors.upstream_message(recovery.body)
        again = retry_for(call.translation, recovery.status, message)
        if again is not None:
            self._send(call, again)
            recovery.again = True

    def goes_on(self, call: Call) -> bool:
        """A paused turn is resumed with what it said so far (rules F.1)."""
        translation = call.translation
        if translation is None or call.upstream_status != 200:
            return False
        content = self._paused_content(call)
        if content is None:
            return False
        call.pauses_left -= 1
        again = continued(translation, content)
        set_content(call.flow.request, self._body(call, again))
        if call.transcoder is not None:
            call.transcoder.stream.resume()
        return True

    def _paused_content(self, call: Call) -> list[dict[str, Any]] | None:
        """All that the paused turn has said so far; None when it is not paused."""
        if call.transcoder is not None:
            return call.transcoder.stream.paused
        assert call.flow.response is not None
        if call.pauses_left <= 0:
            return None
        try:
            message = call.message = _message(call, call.flow.response)
        except ValueError:
            return None
        if not isinstance(message, dict) or message.get("stop_reason") != "pause_turn":
            return None
        if not isinstance(message.get("content"), list):
            return None
        call.parts.append(message)
        call.message = None
        return [block for part in call.parts for block in part["content"]]

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """The error; nothing more when the answer was already whole."""
        if call.transcoder is None:
            if not call.early:
                return None
            return sse.encode(jsontext.encode(errors.mid_stream_error(reason, code)))
        stream = call.transcoder.stream
        # Paused: between two parts of a turn. Else the machine knows its own words.
        if stream.paused is not None or code != errors.TRUNCATED:
            return b"" if stream.finished else call.transcoder.fail(reason, code)
        return call.transcoder.end()

    def whole_answer_tokens(self, call: Call) -> int:
        """max_tokens, unless it streams."""
        translation = call.translation
        if translation is None or translation.exchange.stream:
            return 0
        return int(translation.body["max_tokens"])

    def early_head(self, call: Call) -> http.Response | None:
        """Says 200 when all that is known is that upstream takes its time.

        What goes wrong later is an error event, as in the middle of a stream.
        """
        if call.translation is None or not call.translation.exchange.stream:
            return None
        head = http.Response.make(200)
        head.headers = self._stream_headers(call, head)
        return head

    def late_refusal(self, call: Call, content: bytes) -> bytes:
        """The error's body is what an error event holds."""
        return sse.encode(content)

    def ping(self, call: Call) -> bytes:
        """A comment, which clients skip."""
        return sse.comment("ping")


def _message(call: Call, response: http.Response) -> Any:
    """The JSON of a whole answer. A stage that looked at it left it in the call."""
    if call.message is not None:
        return call.message
    return jsontext.decode(decoded(response, MAX_ANSWER_BYTES))


def _readable(response: http.Response) -> bytes:
    """The body of an error; empty when it cannot be read."""
    try:
        return decoded(response, MAX_ANSWER_BYTES)
    except NotDecoded:
        return b""


def _listed(warnings: list[str]) -> str:
    """Each token once; the rest of very many is in the report, not in a header."""
    listed = ",".join(dict.fromkeys(warnings))
    if len(listed) <= MAX_WARNINGS_LENGTH:
        return listed
    return listed[:MAX_WARNINGS_LENGTH].rpartition(",")[0] + ",more"


def _is_stream(response: http.Response) -> bool:
    if response.status_code != 200:
        return False
    media_type = value_of(response.headers, b"content-type") or ""
    return media_type.lower().startswith("text/event-stream")
