"""What became of each field of a request: one record per request.

A warning is a token such as ``seed:ignored`` or ``max_tokens:clamped``: the field, a
colon, what happened. Tokens are stable; sentences in ``reason`` are not.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Disposition(enum.StrEnum):
    """What can become of a field."""

    MAPPED = "mapped"
    ALTERED = "altered"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Entry(NamedTuple):
    """One field's fate."""

    field: str
    """Path in the client's request, as OpenAI writes it: ``messages.[1].name``."""
    disposition: Disposition
    became: str | None
    """Path or phrase on Anthropic's side; None when nothing is sent."""
    reason: str
    rule: str
    """Section of the translation rules it rests on, such as ``A.1``."""
    warning: str | None = None


@dataclass(slots=True)
class Report:
    """Collects entries while a request is translated; append-only."""

    entries: list[Entry] = field(default_factory=list)

    def mapped(self, path: str, became: str, rule: str, reason: str = "") -> None:
        """The field's meaning arrives whole."""
        self._add(Entry(path, Disposition.MAPPED, became, reason, rule))

    def altered(
        self, path: str, became: str, rule: str, reason: str, warning: str
    ) -> None:
        """The field is sent, but not as the client meant it."""
        entry = Entry(path, Disposition.ALTERED, became, reason, rule, warning)
        self._add(entry)

    def ignored(
        self, path: str, rule: str, reason: str, warning: str | None = None
    ) -> None:
        """The field is not sent. The token defaults to ``<path>:ignored``."""
        token = warning or f"{path}:ignored"
        self._add(Entry(path, Disposition.IGNORED, None, reason, rule, token))

    def rejected(self, path: str, rule: str, reason: str) -> None:
        """The field ended the request with an error."""
        self._add(Entry(path, Disposition.REJECTED, None, reason, rule))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warning tokens in order of first appearance, each once."""
        tokens = [entry.warning for entry in self.entries if entry.warning]
        return tuple(dict.fromkeys(tokens))

    def with_disposition(self, *wanted: Disposition) -> list[Entry]:
        """The entries of these dispositions, in order."""
        return [entry for entry in self.entries if entry.disposition in wanted]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, for a flow's metadata and for logs."""
        return {
            "entries": [
                {
                    "field": entry.field,
                    "disposition": entry.disposition.value,
                    "became": entry.became,
                    "reason": entry.reason,
                    "rule": entry.rule,
                    "warning": entry.warning,
                }
                for entry in self.entries
            ],
            "warnings": list(self.warnings),
        }

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take over entries recorded elsewhere (the response side)."""
        self.entries.extend(entries)

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
