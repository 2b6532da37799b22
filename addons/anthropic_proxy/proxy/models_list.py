"""``GET /v1/models`` and ``/v1/models/{id}``: upstream's word, in the caller's dialect.

What upstream cannot be asked about comes from the catalogue, and a header says so.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from mitmproxy import http

from ..dialects.chat_completions import errors
from ..dialects.chat_completions.headers import openai_headers
from ..dialects.chat_completions.models import model_list, model_object
from ..dialects.messages.models import model_info, model_page, with_aliases
from ..models.mapping import RetiredModel
from ..models.model_names import without_provider
from ..wire import jsontext
from ..wire.anthropic import CURRENT_VERSION, VERSION_HEADER
from .answers import USER_AGENT, as_headers, error_answer, json_answer, replace
from .endpoints import model_name
from .forwarding import end_to_end, forward, upstream_of
from .handler import Handler, answer
from .http_facts import texts_of
from .native import with_request_id

if TYPE_CHECKING:
    from .call import Call

SOURCE_HEADER: Final = "x-models-source"
FALLBACK: Final = "models:catalogue"
"""Warning in the log when the catalogue answers."""
MAX_PAGES: Final = 20
PAGE_SIZE: Final = "1000"
_CURSORS: Final = frozenset({"limit", "after_id", "before_id"})
_NOT_FOUND: Final = "The model '{}' does not exist or you do not have access to it."

# Well-known names of OpenAI's, which the mapping's patterns understand.
OPENAI_NAMES: Final = (
    "gpt-6.2-astra", "gpt-6.2-sol", "gpt-6.1-terra", "gpt-6-luna", "gpt-5.5",
    "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5", "gpt-5-mini", "gpt-5-nano",
    "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "gpt-4",
    "gpt-3.5-turbo", "o4-mini", "o3", "o3-mini", "o1",
)  # fmt: skip


class _Asking(Handler):
    """What the list and the single model have in common."""

    without_credential = True

    def _today(self) -> datetime.date:
        return datetime.datetime.fromtimestamp(self.runtime.now(), datetime.UTC).date()

    def _ask(self, call: Call, path: str) -> None:
        """Send a GET for ``path``, with the caller's own headers if it knows them."""
        headers: http.Headers | Mapping[str, str]
        if call.endpoint.dialect == "anthropic":
            headers = as_headers(end_to_end(texts_of(call.flow.request.headers)))
            headers["accept-encoding"] = "identity"
        else:
            headers = {
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": USER_AGENT,
                VERSION_HEADER: CURRENT_VERSION,
            }
        upstream = upstream_of(call, self.runtime.upstream)
        forward(call, upstream, method="GET", path=path, headers=headers, content=b"")

    def response_headers(self, call: Call) -> None:
        """Name the answer for clients that get it as it is."""
        assert call.flow.response is not None
        if call.endpoint.dialect == "anthropic":
            with_request_id(call, call.flow.response)

    def failure(self, call: Call, status: int, message: str) -> http.Response:
        """The catalogue when upstream cannot be reached; else what all get."""
        if status in (502, 504):
            return self._from_catalogue(call)
        return super().failure(call, status, message)

    def _from_catalogue(self, call: Call) -> http.Response:
        """The answer without upstream."""
        call.warnings.append(FALLBACK)
        status, body = self._known(call)
        return json_answer(status, body, call.id, {SOURCE_HEADER: "catalogue"})

    def _known(self, call: Call) -> tuple[int, Any]:
        """Status and body of an answer by the catalogue alone."""
        raise NotImplementedError

    def _replace(self, call: Call, body: Any) -> None:
        """Put ``body`` in the place of upstream's, under upstream's headers."""
        response = call.flow.response
        assert response is not None
        upstream = texts_of(response.headers)
        if call.endpoint.dialect == "openai":
            fields = openai_headers(upstream, self.runtime.now())
            if not any(name == "x-request-id" for name, _ in fields):
                fields.append(("x-request-id", call.id))
        else:
            fields = end_to_end(upstream)
        replace(response, 200, [*fields, (SOURCE_HEADER, "upstream")], body)

    def _refused(self, call: Call) -> None:
        """Upstream's refusal, in the caller's words."""
        response = call.flow.response
        assert response is not None
        if call.endpoint.dialect == "anthropic":
            return
        upstream = texts_of(response.headers)
        content = response.get_content(strict=False) or b""
        status, extra, body = errors.from_anthropic(
            response.status_code, upstream, content
        )
        given = {name for name, _ in extra}
        fields = openai_headers(upstream, self.runtime.now())
        fields = [field for field in fields if field[0] not in given] + extra
        replace(response, status, fields, body)


class Models(_Asking):
    """The list."""

    def request(self, call: Call) -> None:
        """Ask for every page, unless an Anthropic client turns the pages itself."""
        if call.credential is None:
            answer(call, self._from_catalogue(call))
            return
        query = parse_qsl(call.flow.request.path.partition("?")[2])
        turns_itself = call.endpoint.dialect == "anthropic" and any(
            name in _CURSORS for name, _ in query
        )
        if not turns_itself:
            call.pauses_left = MAX_PAGES - 1
            query = [pair for pair in query if pair[0] not in _CURSORS]
            query.append(("limit", PAGE_SIZE))
        self._ask(call, f"/v1/models?{urlencode(query)}")

    def goes_on(self, call: Call) -> bool:
        """Whether upstream has another page."""
        if call.upstream_status != 200 or call.pauses_left <= 0:
            return False
        page = _object(call)
        last = page.get("last_id")
        if not page.get("has_more") or not last or last in _cursors(call):
            return False
        call.parts.append(page)
        call.pauses_left -= 1
        request = call.flow.request
        path, _, query = request.path.partition("?")
        kept = [pair for pair in parse_qsl(query) if pair[0] != "after_id"]
        request.path = f"{path}?{urlencode([*kept, ('after_id', last)])}"
        return True

    def response(self, call: Call) -> None:
        """All pages as one list; the catalogue in place of an answer of no use."""
        page = _object(call)
        if call.upstream_status == 200 and isinstance(page.get("data"), list):
            pages = [*call.parts, page]
            items = [item for page in pages for item in page["data"]]
            items = [item for item in items if isinstance(item, dict)]
            if call.endpoint.dialect == "openai":
                self._replace(call, model_list(self._with_aliases(items)))
            elif call.parts or (call.pauses_left and self._lists_aliases):
                self._replace(call, model_page(self._with_aliases(items)))
        elif _is_ours(call) or call.upstream_status in (200, 404):
            call.flow.response = self._from_catalogue(call)
        else:
            self._refused(call)

    @property
    def _lists_aliases(self) -> bool:
        wanted: bool = self.runtime.options["list_aliases"]
        return wanted

    def _with_aliases(self, items: list[Any]) -> list[Mapping[str, Any]]:
        if not self._lists_aliases:
            return items
        catalog, mapping = self.runtime.catalog, self.runtime.mapping
        names = dict(mapping.aliases())
        for name in OPENAI_NAMES:
            with contextlib.suppress(RetiredModel):
                names.setdefault(name, mapping.resolve(name, self._today()).model.id)
        aliases = [(name, model_info(catalog.get(id_))) for name, id_ in names.items()]
        return with_aliases(items, aliases)

    def _known(self, call: Call) -> tuple[int, Any]:
        today = self._today()
        models = [m for m in self.runtime.catalog if not m.retired_on(today)]
        items = self._with_aliases([model_info(model) for model in models])
        if call.endpoint.dialect == "openai":
            return 200, model_list(items)
        return 200, model_page(items)


class OneModel(_Asking):
    """One of them: a Claude id, or any name that the mapping knows."""

    def request(self, call: Call) -> None:
        """Ask upstream about the model that would answer for the name."""
        name = model_name(call.flow.request)
        try:
            found = self.runtime.mapping.resolve(name, self._today())
        except RetiredModel as retired:
            answer(call, self._missing(call, str(retired)))
            return
        is_claude = found.rule == "claude id"
        call.model = without_provider(name) if is_claude else found.model.id
        call.asked = {"model": call.model if is_claude else name}
        if call.credential is None:
            answer(call, self._from_catalogue(call))
        else:
            self._ask(call, f"/v1/models/{quote(call.model, safe='')}")

    def response(self, call: Call) -> None:
        """Upstream's model under the name that was asked for."""
        name, item = call.asked["model"], _object(call)
        if call.upstream_status == 200 and "id" in item:
            if name != call.model:
                item = item | {"id": name}
            if call.endpoint.dialect == "openai":
                self._replace(call, model_object(item))
            elif name != call.model:
                self._replace(call, item)
        elif call.upstream_status == 404 and call.endpoint.dialect == "openai":
            call.flow.response = self._missing(call, _NOT_FOUND.format(name))
        elif _is_ours(call) or call.upstream_status == 200:
            call.flow.response = self._from_catalogue(call)
        else:
            self._refused(call)

    def _missing(self, call: Call, message: str) -> http.Response:
        status, body = _not_found(call, message)
        return json_answer(status, body, call.id, {"x-should-retry": "false"})

    def _known(self, call: Call) -> tuple[int, Any]:
        assert call.model is not None
        name, model = call.asked["model"], self.runtime.catalog.get(call.model)
        if not model.known:
            return _not_found(call, _NOT_FOUND.format(name))
        item = model_info(model) | {"id": name}
        return 200, model_object(item) if call.endpoint.dialect == "openai" else item


def _not_found(call: Call, message: str) -> tuple[int, Any]:
    if call.endpoint.dialect == "anthropic":
        refused = error_answer("anthropic", 404, message, call.id)
        return 404, jsontext.decode(refused.content or b"")
    type_, code = "invalid_request_error", "model_not_found"
    return 404, errors.error_body(message, type_, "model", code)


def _object(call: Call) -> dict[str, Any]:
    """Upstream's JSON object; empty when its answer is none."""
    response = call.flow.response
    assert response is not None
    try:
        value = jsontext.decode(response.get_content() or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _cursors(call: Call) -> list[Any]:
    return [page.get("last_id") for page in call.parts]


def _is_ours(call: Call) -> bool:
    """Whether a refusal is the proxy's affair or upstream's, not the caller's.

    A caller whose own key is refused has to learn it.
    """
    status = call.upstream_status or 0
    if status in (401, 403):
        return call.credential is not None and call.credential.source != "client"
    return status in (408, 429) or status >= 500
