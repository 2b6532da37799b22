"""``/auth/*``: log in, look, log out, over HTTP (the CLI does the same in a terminal).

The verifier stays with us, and what a user pastes is taken out of the flow before
anyone sees it. No web page reaches any of it, and no other machine: see ``web_guard``.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final

from mitmproxy import http

from ..credentials import terms
from ..credentials.login import LoginRefused, Logins, TermsNotAcknowledged, log_out
from ..credentials.oauth_errors import OAuthError
from ..credentials.pasted import PasteUnusable
from ..credentials.pending_logins import FILE_NAME, InFile
from ..credentials.private_file import FileProblem
from ..credentials.token_store import SUBSCRIPTION, TokenStore
from ..wire import jsontext
from .answers import error_answer, json_answer
from .endpoints import path_of
from .handler import Handler, answer

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

WHAT_TO_DO: Final = (
    "Open the url, log in, and send what the page shows to POST /auth/callback as "
    '{"code": "CODE#STATE"}.'
)


class Auth(Handler):
    """Four small endpoints; the work is done by ``credentials.login``."""

    needs_credential = False
    waits = True
    guarded = True

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        config = runtime.credentials
        self._store = TokenStore(config.token_file, SUBSCRIPTION)
        # One of several workers: the code may come to another one.
        shared = runtime.options["worker"] is not None
        file = config.token_file.with_name(FILE_NAME)
        self._logins = Logins(
            config.oauth,
            self._store,
            config.send,
            secrets.token_bytes,
            InFile(file) if shared else None,
        )

    async def prepare(self, call: Call) -> None:
        """Do what may block (files, the token endpoint) off the event loop."""
        work = {
            "/auth/status": self._status,
            "/auth/start": self._start,
            "/auth/callback": self._callback,
            "/auth/logout": self._logout,
        }[path_of(call.flow.request)]
        call.prepared = await asyncio.to_thread(work, call)

    def request(self, call: Call) -> None:
        """Answer with what ``prepare`` made."""
        assert call.prepared is not None
        answer(call, call.prepared)

    def _status(self, call: Call) -> http.Response:
        self.runtime.look_now()
        now = self.runtime.now()
        source = self.runtime.source
        facts: dict[str, Any] = {"authenticated": False, "why": self.runtime.why}
        if source is not None:
            facts |= source.describe(now)
            facts["authenticated"] = bool(facts.get("ready"))
        return json_answer(200, facts, call.id)

    def _start(self, call: Call) -> http.Response:
        try:
            started = self._logins.start(self.runtime.now())
        except FileProblem as wrong:
            return error_answer("openai", 500, str(wrong), call.id)
        body: dict[str, Any] = {
            "url": started.url,
            "auth_url": started.url,
            "handle": started.handle,
            "expires_at": int(started.expires_at),
            "next": WHAT_TO_DO,
        }
        if self._logins.needs_acknowledgement():
            body["terms"] = terms.notice()
            body["next"] += (
                " The first time, add what you must have read the terms for: "
                f'"acknowledgement": "{terms.PHRASE}".'
            )
        return json_answer(200, body, call.id)

    def _callback(self, call: Call) -> http.Response:
        try:
            given = jsontext.decode(call.body)
        except jsontext.InvalidJSON as wrong:
            return error_answer(
                "openai", 400, f"The body is not JSON: {wrong}", call.id
            )
        if not isinstance(given, dict) or not isinstance(given.get("code"), str):
            message = 'The body must be {"code": "CODE#STATE"}.'
            return error_answer("openai", 400, message, call.id)
        handle, phrase = given.get("handle"), given.get("acknowledgement")
        try:
            tokens = self._logins.finish(
                given["code"],
                now=self.runtime.now(),
                handle=handle if isinstance(handle, str) else None,
                acknowledgement=phrase if isinstance(phrase, str) else None,
            )
        except TermsNotAcknowledged as wrong:
            message = f'{wrong} Send it as "acknowledgement". {terms.notice()}'
            return error_answer("openai", 400, message, call.id)
        except (PasteUnusable, LoginRefused) as wrong:
            return error_answer("openai", 400, str(wrong), call.id)
        except OAuthError as wrong:
            return error_answer("openai", 502, f"{wrong} {wrong.next_step}", call.id)
        except FileProblem as wrong:
            return error_answer("openai", 500, str(wrong), call.id)
        self.runtime.look_now()
        body = {"authenticated": True, "expires_at": tokens.expires_at}
        return json_answer(200, body, call.id)

    def _logout(self, call: Call) -> http.Response:
        try:
            there_was_one = log_out(self._store)
        except FileProblem as wrong:
            return error_answer("openai", 500, str(wrong), call.id)
        self.runtime.look_now()
        return json_answer(200, {"logged_out": there_was_one}, call.id)


def blank(request: http.Request) -> None:
    """Take what a user may have pasted out of the flow, wherever it was sent to."""
    if request.raw_content:
        request.data.content = b'{"code": "***"}'
    path, mark, _ = request.path.partition("?")
    request.path = f"{path}?***" if mark else path
