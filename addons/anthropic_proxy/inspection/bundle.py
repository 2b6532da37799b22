"""The files of a bug report. Everything given to it has been scrubbed before."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..wire import jsontext
from .recorded import Message, Recorded
from .retranslation import entry_lines

FLOW_FILE: Final = "flows.mitm"

_README: Final = """\
A bug report of anthropic-max-proxy
===================================

{count} recorded request(s), written by the command anthropic.export.

  {flow_file:<20} the flows, for mitmweb --rfile {flow_file} or
  {blank:<20} anthropic-max-proxy flows {flow_file}
  environment.json     versions, platform and options in force
  01-…/                one folder for each request:
    report.txt           what became of each field, and of the answer
    context.txt          what the prompt consists of, and what of it was cached
    timeline.txt         a stream's events by time
    facts.json           ids, models, times, usage
    1-client-request.txt … 4-client-response.txt
                         the four messages, JSON indented

What was taken out
------------------
Overwritten, with as many characters: credentials, the local access key, e-mail
addresses, account, organization, workspace and session ids, `user`, `metadata.user_id`
and the like. The same value is overwritten with the same characters everywhere.
Headers that are not known to be harmless, cookies and query parameters read ***.
Addresses of clients are gone. Request ids are kept, so that Anthropic can find them.
{said}
Bodies of endpoints that carry files or secrets by their nature are overwritten whole.

This is done by patterns. Look through the files before you hand them on.
"""
_KEPT: Final = """\

THE CONVERSATION IS IN HERE, word for word: prompts, answers, tool calls, pictures.
To leave it out, export again with "blank" as the last argument.
"""
_BLANKED: Final = """\

What was said (prompts, answers, tool calls and their results, pictures) is overwritten
with as many x. Definitions of tools and settings are kept.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes in."""

    recordings: Sequence[Recorded]
    flows: bytes
    """The same in mitmproxy's format."""
    environment: Mapping[str, Any]
    blanked: bool

    def zipped(self, views: Mapping[str, Sequence[str]]) -> bytes:
        """The archive; times in it are not ours to tell.

        Args:
            views: texts for each recording, by the name of their file.
        """
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._files(views):
                info = zipfile.ZipInfo(name)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o600 << 16
                archive.writestr(info, content)
        return out.getvalue()

    def _files(
        self, views: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[str, str | bytes]]:
        readme = _README.format(
            count=len(self.recordings),
            flow_file=FLOW_FILE,
            blank="",
            said=_BLANKED if self.blanked else _KEPT,
        )
        yield "README.txt", readme
        yield FLOW_FILE, self.flows
        yield "environment.json", _indented(self.environment)
        for number, recorded in enumerate(self.recordings, 1):
            folder = _folder(number, recorded)
            yield f"{folder}/facts.json", _indented(_facts(recorded))
            for name, texts in views.items():
                yield f"{folder}/{name}", texts[number - 1].rstrip("\n") + "\n"
            for name, message in _messages(recorded):
                yield f"{folder}/{name}", message_text(message)


def message_text(message: Message) -> bytes:
    """Line, headers, body; JSON indented, and what was not kept said."""
    head = [message.line, *(f"{name}: {value}" for name, value in message.headers), ""]
    text = "\n".join(head).encode("utf-8", "surrogateescape") + b"\n"
    text += _readable(message.body)
    if message.cut:
        note = f"\n… ({message.size} bytes in all; {len(message.body)} were kept)\n"
        text += note.encode()
    return text


def _readable(body: bytes) -> bytes:
    if not body.lstrip().startswith((b"{", b"[")):
        return body
    try:
        return _indented(jsontext.decode(body)).encode()
    except jsontext.InvalidJSON:
        return body


def _messages(recorded: Recorded) -> Iterator[tuple[str, Message]]:
    named = (
        ("1-client-request.txt", recorded.client_request),
        ("2-upstream-request.txt", recorded.upstream_request),
        ("3-upstream-response.txt", recorded.upstream_response),
        ("4-client-response.txt", recorded.client_response),
    )
    for name, message in named:
        if message is not None:
            yield name, message


def _facts(recorded: Recorded) -> dict[str, Any]:
    """The facts, without the messages that are files of their own."""
    whole = ("client_request", "upstream_response", "report")
    facts = {key: fact for key, fact in recorded.facts.items() if key not in whole}
    return facts | {"report": entry_lines(recorded.facts.get("report") or {})}


def _folder(number: int, recorded: Recorded) -> str:
    request_id = str(recorded.facts.get("request_id") or "flow")
    return f"{number:02}-{re.sub(r'[^A-Za-z0-9_-]', '_', request_id)[:60]}"


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
