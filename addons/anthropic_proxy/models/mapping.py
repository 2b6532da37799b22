"""Which Claude model answers for the name that a client asked for.

Rules E.3, in this order:

1. an exact entry of the user's map, for any name at all;
2. a Claude id, which is itself: no pattern and no default ever moves it;
3. a ``*`` pattern of the user's map: most literal characters first, then the order
   of the map;
4. the default model, if the user chose one;
5. the built-in patterns.

Letter case does not matter, and a provider's prefix does not hide a name. The result
is then checked for retirement, wherever it came from. A target is final: it is never
looked up in the user's map again, so two models can be swapped.
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from .catalog import Catalog
from .model import Model
from .model_names import CLAUDE_PREFIX, without_provider
from .user_map import MappingError, claude_id, parse_user_map

__all__ = [
    "MappingError",
    "ModelMapping",
    "Resolution",
    "RetiredModel",
    "parse_user_map",
]

_LONGEST_REMEMBERED: Final = 200
"""Characters of a name; a client may send a megabyte, once for each day."""

NOTICE_DAYS: Final = 30
"""A model that retires within so many days is warned about."""

SEED_ALIASES: Final = (
    "claude-sonnet-4",
    "claude-opus-4",
    "claude-3.5-sonnet",
    "claude-3.5-haiku",
    "claude-3-opus-20240229",
)
"""Names promised to clients since the first version; all of retired models today."""

_PATTERNS: Final = tuple(
    (pattern, line)
    for line, patterns in (
        ("haiku", ("gpt-3.5-*", "gpt-3-*", "*-nano", "*-nano-*", "*-luna")),
        ("opus", ("*-pro", "*-pro-20*", "o1", "o1-20*", "o1-preview*", "*-astra")),
        ("sonnet", ("*",)),
    )
    for pattern in patterns
)
"""Names and the line of models they mean; first match. ``opus`` is the high tier."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer for one name."""

    model: Model
    """The model that will answer, after retirement is dealt with."""
    rule: str
    """The rule that chose it, for a reader: ``user map: pattern gpt-5*``."""
    warnings: tuple[tuple[str, str], ...]
    """Token and reason: ``model:retired``, ``model:retires_soon``."""


class RetiredModel(ValueError):
    """The name means a retired model, and the user wants that refused."""


class ModelMapping:
    """The rules above, for one user's choices. Immutable.

    Args:
        catalog: the models there are.
        user_map: name or ``*`` pattern → Claude id, as ``parse_user_map`` reads it.
        default_model: Claude id for names that are no Claude ids and not in the map.
        high_tier: names of OpenAI's largest models mean Opus; else Sonnet.
        reject_retired: raise ``RetiredModel`` instead of using the successor.

    Raises:
        MappingError: a target, or the default model, is not a Claude id.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        user_map: Mapping[str, str] = MappingProxyType({}),
        default_model: str | None = None,
        high_tier: bool = False,
        reject_retired: bool = False,
    ) -> None:
        self._catalog = catalog
        self._default = claude_id(default_model) if default_model else None
        self._high_tier = high_tier
        self._reject_retired = reject_retired
        targets = {name: claude_id(target) for name, target in user_map.items()}
        # Clients ask for the same few names again and again.
        self._resolved = lru_cache(maxsize=256)(self._resolve)
        self._names = [name for name in targets if "*" not in name]
        self._exact = {name.lower(): targets[name] for name in self._names}
        self._patterns = [
            (pattern, _compiled(pattern), targets[pattern])
            for pattern in sorted(targets, key=_literal_length, reverse=True)
            if "*" in pattern
        ]

    def resolve(self, name: str, today: datetime.date) -> Resolution:
        """The model for a name; every string has one.

        Raises:
            RetiredModel: it is retired today and ``reject_retired`` is set.
        """
        if len(name) > _LONGEST_REMEMBERED:
            return self._resolve(name, today)
        return self._resolved(name, today)

    def _resolve(self, name: str, today: datetime.date) -> Resolution:
        target, rule = self._target(name)
        asked = self._catalog.get(target)
        model = self._replacement(asked, today)
        warnings: list[tuple[str, str]] = []
        if asked.retired_on(today):
            reason = _retired(asked, model)
            if self._reject_retired:
                raise RetiredModel(reason)
            warnings.append(("model:retired", reason))
        if _retires_soon(model, today):
            reason = f"{model.id} retires on {model.retires}{_heir(model.successor)}"
            warnings.append(("model:retires_soon", reason))
        return Resolution(model, rule, tuple(warnings))

    def aliases(self) -> list[tuple[str, str]]:
        """Names that a model list may show beside Claude's ids, with the ids they mean.

        The user's exact entries, then the seed aliases. A retirement that is still a
        date does not count here. Names that ``resolve`` would refuse are left out.
        """
        aliases = []
        for name in dict.fromkeys([*self._names, *SEED_ALIASES]):
            try:
                found = self.resolve(name, datetime.date.min)
            except RetiredModel:
                continue
            aliases.append((name, found.model.id))
        return aliases

    def _target(self, asked: str) -> tuple[str, str]:
        """Claude id and rule."""
        bare = without_provider(asked)
        spellings = (asked.lower(), bare.lower())
        for spelling in spellings:
            if spelling in self._exact:
                return self._exact[spelling], "user map: exact"
        if bare.lower().startswith(CLAUDE_PREFIX):
            is_seed = bare.lower() in SEED_ALIASES
            return bare, "seed alias" if is_seed else "claude id"
        for pattern, compiled, target in self._patterns:
            if any(compiled.match(spelling) for spelling in spellings):
                return target, f"user map: pattern {pattern}"
        if self._default is not None:
            return self._default, "default model"
        return self._built_in(bare.lower())

    def _built_in(self, name: str) -> tuple[str, str]:
        pattern, line = next(
            row for row in _PATTERNS if fnmatch.fnmatchcase(name, row[0])
        )
        rule = f"pattern {pattern}"
        if line == "opus" and not self._high_tier:
            line, rule = "sonnet", f"{rule}, high tier off"
        return self._catalog.leader(line).id, rule

    def _replacement(self, asked: Model, today: datetime.date) -> Model:
        """The first successor that is not retired; ``asked`` when there is none."""
        model, passed = asked, {asked.id}
        while model.retired_on(today):
            if model.successor is None or model.successor in passed:
                return asked
            passed.add(model.successor)
            model = self._catalog.get(model.successor)
        return model


# --- retirement ---


def _retired(asked: Model, model: Model) -> str:
    day = f" ({asked.retires})" if asked.retires else ""
    return f"{asked.id} is retired{day}{_heir(None if model is asked else model.id)}"


def _retires_soon(model: Model, today: datetime.date) -> bool:
    if model.retires is None or model.retired_on(today):
        return False
    return (model.retires - today).days <= NOTICE_DAYS


def _heir(successor: str | None) -> str:
    return f"; its successor is {successor}" if successor else "; it has no successor"


# --- patterns ---


def _literal_length(pattern: str) -> int:
    return len(pattern) - pattern.count("*")


def _compiled(pattern: str) -> re.Pattern[str]:
    """``*`` is the only wildcard; ``?`` and ``[`` stand for themselves."""
    only_stars = re.sub(r"[?\[]", r"[\g<0>]", pattern.lower())
    return re.compile(fnmatch.translate(only_stars))
