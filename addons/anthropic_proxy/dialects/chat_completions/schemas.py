"""JSON Schemas as Anthropic takes them: for tools, and for output that is enforced.

Rules C.1 (what a tool's schema must look like) and C.4 (what can be enforced). Nothing
here changes a schema in place. Callers have bounded the depth of what comes in.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from ...wire import jsontext

Schema = dict[str, Any]

STRING_FORMATS: Final = frozenset(
    "date-time time date duration email hostname uri ipv4 ipv6 uuid".split()
)
_TYPES: Final = frozenset("object array string integer number boolean null".split())
_COMBINATORS: Final = ("anyOf", "oneOf", "allOf")
_MEANINGLESS: Final = frozenset(("$schema", "$id", "$comment", "$defs"))
"""Keywords that neither restrict nor describe a value; definitions move to the root."""


class NotExpressible(ValueError):
    """The schema cannot be enforced upstream; the message says why."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a closed schema takes of the limits that one request has."""

    optional: int = 0
    """Properties that may be absent."""
    unions: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.optional + other.optional, self.unions + other.unions)

    def fits(self) -> bool:
        """Whether upstream compiles schemas of this total cost."""
        return self.optional <= MAX_COST.optional and self.unions <= MAX_COST.unions


MAX_COST: Final = Cost(optional=24, unions=16)
"""Over all strict schemas of a request."""

MAX_STRICT_TOOLS: Final = 20


def closed(schema: Any) -> Schema:
    """``schema`` with every object closed and only keywords that can be enforced.

    Other keywords become a note in the description, so the model still reads them.

    Raises:
        NotExpressible: an object is open, a reference leads nowhere or back to itself,
            or a value has no type.
    """
    if not isinstance(schema, dict):
        raise NotExpressible("it accepts every value, or none")
    schema = _with_defs(schema)
    defs = schema.get("$defs", {})
    closed_schema = _closed(schema)
    if defs:
        if not isinstance(defs, dict):
            raise NotExpressible("$defs is not an object")
        closed_schema["$defs"] = {name: _closed(item) for name, item in defs.items()}
    _refuse_bad_references(closed_schema)
    return closed_schema


def cost(schema: Mapping[str, Any]) -> Cost:
    """The cost of a schema that `closed` returned."""
    total = Cost(unions=int("anyOf" in schema))
    properties = schema.get("properties", {})
    total += Cost(optional=len(properties.keys() - set(schema.get("required", ()))))
    for child in _children(schema):
        total += cost(child)
    return total
