"""``response_format``: output that is JSON, enforced where it can be (rules C.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ...wire import jsontext
from ..report import Report
from . import schemas
from .checks import boolean, mapping, one_of, optional, required, string
from .parameter import ignore_parts
from .parameters import Values
from .schemas import NotExpressible, Schema

ANY_OBJECT: Final = "Respond with a single valid JSON object and nothing else."

_OF_SCHEMA: Final = (
    "Respond with a single valid JSON value and nothing else, without a Markdown "
    "fence. It must be valid against this JSON Schema:\n{schema}"
)
_TYPES: Final = ("text", "json_object", "json_schema")
_PARTS: Final = ("name", "description", "schema", "strict")


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How JSON is brought about. One of the two is set, or neither."""

    schema: Schema | None = None
    """For ``output_config.format``."""
    instruction: str | None = None
    """For the system prompt, when nothing can be enforced."""

    def output_config(self) -> dict[str, Any]:
        """What it adds to ``output_config``."""
        if self.schema is None:
            return {}
        return {"format": {"type": "json_schema", "schema": self.schema}}


def of_schema(schema: Schema) -> str:
    """The instruction that stands for an enforced schema."""
    return _OF_SCHEMA.format(schema=jsontext.encode(schema).decode())


def read_format(values: Values, report: Report) -> OutputFormat:
    """The client's ``response_format``.

    Raises:
        RequestError: it is malformed.
    """
    field = "response_format"
    if field not in values:
        return OutputFormat()
    wanted: dict[str, Any] = values[field]
    type_ = required(wanted, "type", field, one_of(*_TYPES))
    ignore_parts(wanted, ("type", "json_schema"), field, report)
    if type_ == "text":
        report.mapped(field, "nothing", "C.5")
        return OutputFormat()
    schema: Schema | None = None
    if type_ == "json_schema":
        schema = _described(required(wanted, "json_schema", field, mapping), report)
    if not schema:
        reason = "upstream enforces schemas, not JSON as such"
        _report_instruction("json_object", reason, report)
        return OutputFormat(instruction=ANY_OBJECT)
    try:
        closed = schemas.closed(schema)
        if not schemas.cost(closed).fits():
            raise NotExpressible("exceeds what one request may have enforced")
    except NotExpressible as obstacle:
        _report_instruction("schema", f"the schema {obstacle}", report)
        return OutputFormat(instruction=of_schema(schema))
    report.mapped(field, "output_config.format", "C.5")
    return OutputFormat(schema=closed)


def _described(part: dict[str, Any], report: Report) -> Schema | None:
    """The schema, with the format's description if it has none of its own."""
    param = "response_format.json_schema"
    ignore_parts(part, _PARTS, param, report)
    optional(part, "name", param, string)
    optional(part, "strict", param, boolean)
    description = optional(part, "description", param, string)
    schema: Schema | None = optional(part, "schema", param, mapping)
    if schema and description:
        return {"description": description, **schema}
    return schema


def _report_instruction(what: str, reason: str, report: Report) -> None:
    field, token = "response_format", f"response_format:{what}_not_enforced"
    report.altered(field, "an instruction in system", "C.5", reason, token)
