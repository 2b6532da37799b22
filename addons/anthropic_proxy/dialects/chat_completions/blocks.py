"""One content block of a stream, put together from its start and its deltas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...wire import jsontext
from ...wire.anthropic import ContentBlock
from .answer import as_mappings, as_text
from .calls import StreamedCall, input_text


class StreamedBlock:
    """One block as it arrives; ``value`` is what an unstreamed answer holds of it."""

    def __init__(self, fields: Mapping[str, Any], start: int = 0) -> None:
        self.type = as_text(fields.get("type"))
        self.citations: list[Any] = as_mappings(fields.get("citations"))
        self.call: StreamedCall | None = None
        """How the client is told of it; only of a ``tool_use`` block."""
        self.start = self.end = start
        """Where its text stands in the answer's ``content``, in code points."""
        self._fields = dict(fields)
        self._text: dict[str, list[str]] = {}  # fragments, by the field they belong to
        self._json: list[str] = []  # fragments of the input

    def add_text(self, field: str, fragment: str) -> None:
        """Lengthen a text field of the block."""
        self._text.setdefault(field, []).append(fragment)

    def add_json(self, fragment: str) -> None:
        """Lengthen the JSON text of ``input``."""
        self._json.append(fragment)

    def replace(self, fields: Mapping[str, Any]) -> None:
        """Set fields that arrive whole, such as ``signature``."""
        self._fields.update(fields)

    def text(self, field: str = "text") -> str:
        """A text field as far as it has arrived."""
        return as_text(self._fields.get(field)) + "".join(self._text.get(field, ()))

    def arguments(self) -> str:
        """The JSON text of ``input`` as upstream wrote it; ``{}`` for none."""
        return "".join(self._json) or input_text(self._fields)

    def value(self) -> ContentBlock:
        """The whole block, in the shape that can be sent back upstream."""
        block = self._fields | {field: self.text(field) for field in self._text}
        if self.citations:
            block["citations"] = list(self.citations)
        if any(self._json):
            block["input"] = _input("".join(self._json))
        return block


def _input(text: str) -> Mapping[str, Any]:
    """An object, which upstream demands of an input even when it was cut short."""
    try:
        value = jsontext.decode(text)
    except jsontext.InvalidJSON:
        return {"INVALID_JSON": text}
    return value if isinstance(value, dict) else {"value": value}
