"""What each Claude model can do: ``catalog.toml``, and what upstream says newer.

Rules E.1. Upstream's model list knows limits, thinking types, effort levels and the
life cycle; sampling, prefill, forced tools, system messages in place and the check of
replayed thinking are in no list, so they always come from the bundled file.
"""

from __future__ import annotations

import datetime
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import msgspec

from .model import Model, Thinking
from .model_info import updated

__all__ = ["Catalog", "Model", "Thinking"]


class Catalog:
    """Models by id. Immutable; ``refreshed`` makes a new one."""

    def __init__(
        self, models: Iterable[Model], lines: Mapping[str, str], unknown: str
    ) -> None:
        self._models = {model.id: model for model in models}
        self._lines = dict(lines)
        self._unknown = unknown
        self._by_name = {
            _key(name): model if name == model.id else replace(model, id=name)
            for model in self._models.values()
            for name in (model.id, *model.aliases)
        }

    @classmethod
    def load(cls) -> Catalog:
        """The bundled catalogue."""
        text = importlib.resources.files(__package__).joinpath("catalog.toml")
        file = msgspec.toml.decode(text.read_bytes(), type=_File)
        models = [row.model(name, file.lines) for name, row in file.models.items()]
        models += [row.model(name, file.lines) for name, row in file.retired.items()]
        return cls(models, file.lines, file.unknown)

    def get(self, model_id: str) -> Model:
        """The model with this id or alias; never fails.

        Letter case, and the dots and ``@`` that other vendors write into Claude's
        ids (``claude-sonnet-4.5@20250929``), do not matter. An id that is not here
        keeps its spelling, has the newest family's restrictions and is not ``known``.
        """
        found = self._by_name.get(_key(model_id))
        return found or self._stand_in(model_id, known=False, successor=None)

    def leader(self, line: str) -> Model:
        """The current model of a line: ``haiku``, ``sonnet``, ``opus``, …"""
        return self._models[self._lines[line]]

    def __iter__(self) -> Iterator[Model]:
        """Every model that is not retired, under its main id, newest first."""
        return (row for row in self._models.values() if row.status != "retired")

    def refreshed(
        self,
        models: Sequence[Mapping[str, Any]],
        today: datetime.date | None = None,
    ) -> Catalog:
        """A catalogue in which upstream's word wins over the bundled file's.

        Args:
            models: items of ``GET /v1/models``. What cannot be understood is skipped:
                an item without an id, a field that is missing or of another type.
            today: the day of the list. A retirement date that is not after it, on a
                model whose ``lifecycle`` is not ``retired``, is overdue and dropped:
                upstream's reference makes ``lifecycle`` the signal. Without it,
                dates are taken at face value.
        """
        known = dict(self._models)
        added: dict[str, Model] = {}
        for item in models:
            name = item.get("id") if isinstance(item, Mapping) else None
            if not isinstance(name, str):
                continue
            main = self._main_id(name)
            if main in known:
                known[main] = updated(known[main], item, today)
            else:
                heir = self._lines.get(str(item.get("line")))
                row = self._stand_in(name, known=True, successor=heir)
                added[name] = updated(row, item, today)
        rows = [*added.values(), *known.values()]
        return Catalog(rows, self._lines, self._unknown)

    def _main_id(self, name: str) -> str:
        for model in self._models.values():
            if name in model.aliases:
                return model.id
        return name

    def _stand_in(self, name: str, *, known: bool, successor: str | None) -> Model:
        return replace(
            self._models[self._unknown],
            id=name,
            status="active",
            retires=None,
            successor=successor,
            known=known,
            aliases=(),
        )


_OTHER_SEPARATORS: Final = str.maketrans(".@", "--")


def _key(name: str) -> str:
    return name.lower().translate(_OTHER_SEPARATORS)


# --- the bundled file ---


class _Live(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: str
    status: Literal["active", "legacy", "deprecated"]
    context_window: int
    max_output: int
    thinking: Thinking
    efforts: tuple[str, ...]
    sampling: bool
    prefill: bool
    forced_tools: bool
    in_message_system: bool
    binds_thinking: bool
    manual_thinking: bool
    default_effort: str | None = None
    retires: datetime.date | None = None
    aliases: tuple[str, ...] = ()

    def model(self, name: str, lines: Mapping[str, str]) -> Model:
        facts = msgspec.structs.asdict(self)
        successor = lines[facts.pop("line")]
        return Model(
            id=name,
            successor=successor if successor != name else None,
            known=True,
            **facts,
        )


class _Retired(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: str
    retires: datetime.date
    context_window: int
    max_output: int
    manual_thinking: bool = False
    aliases: tuple[str, ...] = ()

    def model(self, name: str, lines: Mapping[str, str]) -> Model:
        return Model(
            id=name,
            context_window=self.context_window,
            max_output=self.max_output,
            thinking=Thinking.MANUAL,
            default_effort=None,
            efforts=(),
            sampling=True,
            prefill=True,
            forced_tools=True,
            in_message_system=False,
            binds_thinking=False,
            manual_thinking=self.manual_thinking,
            status="retired",
            retires=self.retires,
            successor=lines[self.line],
            known=True,
            aliases=self.aliases,
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    unknown: str
    lines: dict[str, str]
    models: dict[str, _Live]
    retired: dict[str, _Retired]
