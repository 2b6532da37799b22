"""Messages as read → turns that alternate, with every tool call answered.

Anthropic wants one turn per run of a role, tool results first in the turn after their
calls, and instructions only behind a user turn (rules B.2, B.3, B.6).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from ...wire.anthropic import ContentBlock, MessageParam
from ..report import Report
from .content import Content, blocks_of
from .errors import RequestError
from .identifiers import ToolNames, ToolUseIds
from .instructions import joined, reminder
from .places import dotted

GO_ON: Final = "Continue."
"""Said for the user where Anthropic wants a user turn and the client has none."""

_NO_RESULT: Final = "No result was provided for this tool call."
_ORPHAN: Final = (
    "messages with role '{role}' must be a response to a preceding message with "
    "'{calls}'."
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the client, read."""

    index: int
    """Position in the client's ``messages``."""
    role: str
    """The client's word: ``developer`` and ``tool`` are roles of their own."""
    content: Content
    """Blocks as upstream wants them, but with the client's own ids and tool names."""

    @property
    def param(self) -> str:
        """Where the message stands in the request."""
        return f"messages[{self.index}]"


class Turns:
    """Builds the turns of one conversation, message by message.

    A turn is finished when one of another role begins, and never changed after that:
    a conversation that goes on keeps its beginning.
    """

    def __init__(
        self, names: ToolNames, report: Report, *, in_message_system: bool
    ) -> None:
        self._names = names
        self._report = report
        self._in_message_system = in_message_system
        self._ids = ToolUseIds()
        self._finished: list[MessageParam] = []
        self._assistant: list[Content] = []
        # The rest belongs to the user turn that is being built.
        self._results: list[ContentBlock] = []
        self._user: list[Content] = []
        self._instructions: list[Said] = []
        # Of the latest assistant turn: client's id → ids sent, and who answered.
        self._unanswered: defaultdict[str, list[str]] = defaultdict(list)
        self._answered: dict[str, int] = {}

    def add_assistant(self, said: Said) -> None:
        """Add to the assistant turn, or begin one."""
        if self._has_user_turn():
            self._end_user()
        if not self._finished and not self._assistant:
            self._finished.append({"role": "user", "content": GO_ON})
            self._report.altered(
                dotted(said.param),
                "messages[1]",
                "B.3",
                "a conversation begins with a user turn",
                "messages:first_user_inserted",
            )
        self._map(said)
        content = said.content
        if not isinstance(content, str):
            content = self._with_calls(said, content)
        self._assistant.append(content)

    def add_user(self, said: Said) -> None:
        """Add to the user turn, results before everything else, or begin one."""
        self._end_assistant()
        self._map(said)
        content = said.content
        if not isinstance(content, str):
            results = [block for block in content if block["type"] == "tool_result"]
            self._results += [self._answer(said, block) for block in results]
            content = [block for block in content if block["type"] != "tool_result"]
        if content:
            self._user.append(content)

    def add_instruction(self, said: Said) -> None:
        """Keep an instruction for behind the user turn it comes before or after."""
        self._end_assistant()
        self._instructions.append(said)

    def finish(self) -> list[MessageParam]:
        """All turns; calls that still wait for a result get one."""
        self._end_assistant()
        if self._has_user_turn() or any(self._unanswered.values()):
            self._end_user()
        return self._finished

    def _map(self, said: Said) -> None:
        became = f"messages[{len(self._finished)}]"
        self._report.mapped(dotted(said.param), became, "B.3")

    def _has_user_turn(self) -> bool:
        return bool(self._results or self._user or self._instructions)

    def _end_assistant(self) -> None:
        if self._assistant:
            content = _one(self._assistant)
            self._finished.append({"role": "assistant", "content": content})
            self._assistant = []

    def _end_user(self) -> None:
        self._answer_for_client()
        content = _one([self._results, *self._user] if self._results else self._user)
        if not self._instructions:
            self._finished.append({"role": "user", "content": content})
        else:
            self._end_instructed(content)
        self._results, self._user, self._instructions = [], [], []
        self._unanswered.clear()
        self._answered.clear()

    def _end_instructed(self, content: Content) -> None:
        """End a user turn that instructions stand before, in or behind."""
        instruction = joined([said.content for said in self._instructions])
        if content and self._in_message_system:
            self._finished.append({"role": "user", "content": content})
            self._finished.append({"role": "system", "content": instruction})
            self._report_instructions(folded=False)
        else:
            content = [*blocks_of(content), reminder(instruction)]
            self._finished.append({"role": "user", "content": content})
            self._report_instructions(folded=True)

    def _with_calls(
        self, said: Said, content: list[ContentBlock]
    ) -> list[ContentBlock]:
        """Blocks with the ids and tool names that upstream accepts."""
        seen: set[str] = set()
        blocks = []
        for block in content:
            if block["type"] == "tool_use":
                client_id = block["id"]
                if client_id in seen:
                    raise _repeated_call(said, client_id)
                seen.add(client_id)
                name = self._names.upstream(block["name"])
                block = {**block, "id": self._ids.assign(client_id), "name": name}
                self._unanswered[client_id].append(block["id"])
            blocks.append(block)
        return blocks

    def _answer(self, said: Said, result: ContentBlock) -> ContentBlock:
        """The result under the id that its call was sent with."""
        client_id = result["tool_use_id"]
        waiting = self._unanswered.get(client_id)
        if not waiting:
            raise self._unexpected(said, client_id)
        self._answered[client_id] = said.index
        return {**result, "tool_use_id": waiting.pop(0)}

    def _answer_for_client(self) -> None:
        missing = [sent for waiting in self._unanswered.values() for sent in waiting]
        for sent in missing:
            self._results.append(
                {
                    "type": "tool_result",
                    "tool_use_id": sent,
                    "is_error": True,
                    "content": _NO_RESULT,
                }
            )
        if missing:
            self._report.altered(
                "messages",
                f"messages[{len(self._finished)}]",
                "B.6",
                f"{len(missing)} tool calls have no result",
                "messages:tool_result_inserted",
            )

    def _unexpected(self, said: Said, client_id: str) -> RequestError:
        place = dotted(said.param)
        if client_id in self._answered:
            earlier = self._answered[client_id]
            return RequestError(
                f"Invalid parameter: Duplicate value for 'tool_call_id' of "
                f"'{client_id}', in messages[{earlier}] and messages[{said.index}].",
                f"{place}.tool_call_id",
            )
        if said.role == "user":
            field = f"{said.param}.content"
            message = f"Invalid '{field}': no call waits for a result of '{client_id}'."
            return RequestError(message, field)
        return orphan(said.role, said.param)

    def _report_instructions(self, *, folded: bool) -> None:
        became = f"messages[{len(self._finished) - 1}]"
        reason = "no instruction can stand here by itself"
        token = "system:folded_into_user"
        for said in self._instructions:
            if folded:
                self._report.altered(dotted(said.param), became, "B.2", reason, token)
            else:
                self._report.mapped(dotted(said.param), became, "B.2")


def orphan(role: str, param: str) -> RequestError:
    """The error for a result without a call that waits for it, in OpenAI's words."""
    calls = "function_call" if role == "function" else "tool_calls"
    message = _ORPHAN.format(role=role, calls=calls)
    return RequestError(message, f"{dotted(param)}.role")


def _one(pieces: list[Content]) -> Content:
    """Contents of one turn as one; a lone string stays a string."""
    if len(pieces) == 1:
        return pieces[0]
    return [block for piece in pieces for block in blocks_of(piece)]


def _repeated_call(said: Said, client_id: str) -> RequestError:
    return RequestError(
        f"Duplicate value for 'id' of '{client_id}' among the tool calls of "
        f"{said.param}.",
        f"{dotted(said.param)}.tool_calls",
    )
