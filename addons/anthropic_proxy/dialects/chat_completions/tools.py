"""The tools of a request, as a whole: names, limits, and the ones nobody declared.

Rules B.8, C.1 and C.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..report import Report
from . import schemas
from .errors import RequestError
from .identifiers import ToolNames
from .parameters import Values
from .schemas import Cost, NotExpressible
from .tool_definitions import Tool, read_function, read_tool, read_web_search


def read_tools(values: Values, report: Report) -> list[Tool]:
    """The tools of ``tools`` or ``functions``, and web search when asked for.

    Raises:
        RequestError: a definition is wrong, or two have one name.
    """
    if "tools" in values and "functions" in values:
        message = "'functions' and 'tools' cannot both be specified."
        raise RequestError(message, "functions")
    tools = [
        read_tool(item, f"tools[{index}]", report)
        for index, item in enumerate(values.get("tools", ()))
    ]
    tools += [
        read_function(item, f"functions[{index}]", report)
        for index, item in enumerate(values.get("functions", ()))
    ]
    for field in ("tools", "functions"):
        if field in values:
            report.mapped(field, "tools", "C.1")
    if "web_search_options" in values:
        tools.append(read_web_search(values["web_search_options"], report))
    _refuse_duplicates(tools)
    return tools


def tool_names(tools: Sequence[Tool]) -> ToolNames:
    """The names these tools have upstream; server tools keep theirs."""
    return ToolNames(tool.name for tool in tools)


def named(tools: Sequence[Tool], names: ToolNames, report: Report) -> list[Tool]:
    """The tools with the names to send."""
    result = [replace(tool, upstream=names.upstream(tool.name)) for tool in tools]
    for tool in result:
        if tool.upstream != tool.name:
            reason = "a tool's name is letters, digits, _ and - (128 at most)"
            token = "tools.name:sanitised"
            became = f"tools: {tool.upstream}"
            report.altered(f"{tool.param}.name", became, "B.8", reason, token)
    return result


def enforced(tools: Sequence[Tool], taken: Cost, report: Report) -> list[Tool]:
    """The tools, with schemas enforced in order until the request's limits are reached.

    Args:
        taken: what other schemas of the request cost.
    """
    result: list[Tool] = []
    strict = 0
    for tool in tools:
        if not tool.strict:
            result.append(tool)
            continue
        try:
            schema = schemas.closed(tool.definition["input_schema"])
            total = taken + schemas.cost(schema)
            if strict == schemas.MAX_STRICT_TOOLS or not total.fits():
                raise NotExpressible("exceeds what one request may have enforced")
        except NotExpressible as obstacle:
            reason = f"not enforced: its schema {obstacle}"
            token = "tools.strict:downgraded"
            report.altered(f"{tool.param}.strict", "a hint", "C.4", reason, token)
            result.append(tool)
        else:
            strict, taken = strict + 1, total
            result.append(replace(tool, enforced=schema))
    return result


def synthesised(upstream_names: Sequence[str], report: Report) -> list[dict[str, Any]]:
    """Definitions for the tools in a history whose request declares none."""
    reason = "a history with tool calls needs the tools; these are empty"
    report.altered("messages", "tools", "C.1", reason, "tools:synthesised")
    schema = schemas.input_schema(None)
    return [{"name": name, "input_schema": schema} for name in upstream_names]


def _refuse_duplicates(tools: Sequence[Tool]) -> None:
    seen: set[str] = set()
    for tool in tools:
        if tool.name in seen:
            message = f"Tool names must be unique: '{tool.name}' is used twice."
            raise RequestError(message, tool.param, "invalid_value")
        seen.add(tool.name)
