"""Where in a client's request something stands, in the two forms OpenAI uses.

Checks of one value name it ``messages[1].content[0]``; checks that compare messages,
and our report, write ``messages.[1].role``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..report import Report

_INDEX: Final = re.compile(r"\[\d+\]")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def dotted(param: str) -> str:
    """``messages[1].content[0]`` → ``messages.[1].content.[0]``."""
    return param.replace("[", ".[")


def token(param: str, what: str) -> str:
    """A warning token for a field, the same for every index."""
    return f"{_INDEX.sub('', param)}:{what}"


def is_neutral(value: Any) -> bool:
    """Whether a field that cannot be sent says nothing anyway."""
    return value is None or value is False or value in ("", [], {})


def ignore_unknown(
    owner: Mapping[str, Any], known: frozenset[str], param: str, report: Report
) -> None:
    """Record each member of ``owner`` that nothing reads and that says something."""
    if owner.keys() <= known:
        return
    for key, value in owner.items():
        if key not in known and not is_neutral(value):
            ignore(f"{param}.{_shown(key)}", report, "Anthropic has no such field")


def ignore(param: str, report: Report, reason: str, rule: str = "B.1") -> None:
    """Record a field of a message that is not sent."""
    report.ignored(dotted(param), rule, reason, token(param, "ignored"))


def _shown(key: str) -> str:
    # Tokens travel in a response header, so a client's odd key must not get there.
    return key if _PLAIN_KEY.fullmatch(key) else "unknown_key"
