"""Commands about recorded flows, for mitmproxy's console and mitmweb.

They read what the flows hold, so they work on a loaded file as on live traffic. Each
takes flows as mitmproxy names them: ``@focus``, ``@all``, ``@marked``, a filter, or
``@`` and ids with commas between them. Nothing is sent anywhere.
"""

from __future__ import annotations

import inspect
import io
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from mitmproxy import command, exceptions, flow, http, types, version
from mitmproxy.io import FlowWriter

from .. import __version__
from ..credentials.credential import OAUTH_BETA
from ..inspection.bundle import Bundle
from ..inspection.curl import OWN, PROXY, UPSTREAM, Placeholders, curl, needs_file
from ..inspection.recorded import Recorded
from ..inspection.retranslation import retranslated
from ..inspection.scrubbing import Scrubber
from ..inspection.stats import gathered, rendered
from ..inspection.translating import Rules
from ..inspection.views import VIEWS
from .flow_scrubbing import scrubbed
from .option_table import OPTIONS
from .recording import recorded
from .runtime import Runtime

USUAL_ADDRESS: Final = "http://127.0.0.1:8100"
_FILES: Final = {
    "report.txt": VIEWS["Translation"],
    "timeline.txt": VIEWS["Timeline"],
    "context.txt": VIEWS["Context"],
}
_NO_FLOWS: Final = "There is no HTTP request among these flows."
_NOT_OURS: Final = (
    "None of these flows was recorded by anthropic-max-proxy. (Of HAR files mitmproxy "
    "loads only what every program writes; use files written with -w.)"
)


_Method = TypeVar("_Method", bound=Callable[..., str])


def _command(name: str) -> Callable[[_Method], _Method]:
    """mitmproxy's own decorator, with annotations; it shows docstrings as they are."""

    def decorated(method: _Method) -> _Method:
        method.__doc__ = inspect.cleandoc(method.__doc__ or "")
        result: _Method = command.command(name)(method)
        return result

    return decorated


class FlowCommands:
    """Held by the addon, which mitmproxy asks for commands."""

    name = "anthropic_commands"

    def __init__(
        self, runtime: Callable[[], Runtime], addresses: Callable[[], list[str]]
    ) -> None:
        """``addresses``: base URLs of the ports that are open."""
        self._runtime = runtime
        self._addresses = addresses

    @_command("anthropic.report")
    def report(self, flows: Sequence[flow.Flow]) -> str:
        """What became of each field of these requests, and of their answers."""
        return _joined([(one, VIEWS["Translation"](one)) for one in _recordings(flows)])

    @_command("anthropic.retranslate")
    def retranslate(self, flows: Sequence[flow.Flow]) -> str:
        """
        Translate what the clients sent once more, by today's code, model mapping and
        options, and show how the request to upstream and the report would differ.
        """
        rules = self._rules()
        return _joined([(one, retranslated(one, rules)) for one in _recordings(flows)])

    @_command("anthropic.curl")
    def curl(
        self,
        flows: Sequence[flow.Flow],
        to: str = "proxy",
        body_file: types.Path = types.Path(""),  # noqa: B008  a str, never changed
    ) -> str:
        """
        The requests as curl commands: to "proxy", what the client sent; to "upstream",
        what the proxy made of it. A body that is too large for a command line is
        written to body_file, if one is given. Credentials are shell variables.
        """
        if to not in ("proxy", "upstream"):
            raise exceptions.CommandError('Say "proxy" or "upstream".')
        return "\n\n".join(self._curl(one, to, body_file) for one in _ours(flows))

    @_command("anthropic.stats")
    def stats(self, flows: Sequence[flow.Flow]) -> str:
        """Requests by dialect, status and model; tokens, times, warnings, errors."""
        return rendered(gathered(map(recorded, _http(flows))))

    @_command("anthropic.export")
    def export(
        self, flows: Sequence[flow.Flow], path: types.Path, texts: str = "keep"
    ) -> str:
        """
        Write a bug report, a zip file: the flows without credentials, e-mail addresses
        and account ids, their reports and messages, versions and options. With "blank"
        what was said is overwritten too. A directory as path gets a file by date.
        """
        if texts not in ("keep", "blank"):
            raise exceptions.CommandError('The last argument is "keep" or "blank".')
        chosen = _ours(flows)
        target = self._target(path)
        content = self._bundle(chosen, blank=texts == "blank")
        _write_new(target, content)
        said = "overwritten" if texts == "blank" else "IN IT, word for word"
        return (
            f"{target}: {len(chosen)} request(s), {len(content)} bytes. What was said "
            f"is {said}. Look through it before you hand it on (README.txt)."
        )

    # -- parts ---------------------------------------------------------------------

    def _curl(self, one: http.HTTPFlow, to: str, body_file: str) -> str:
        record = recorded(one)
        message = record.client_request if to == "proxy" else record.upstream_request
        request_id = record.facts.get("request_id", one.id)
        if message is None:
            what = "the client sent" if to == "proxy" else "was sent upstream"
            return f"# {request_id}: nothing that {what} was kept."
        if body_file and needs_file(message.body):
            _write_new(Path(body_file).expanduser(), message.body)
        base, placeholders = self._curl_target(record, to)
        named = body_file or f"{request_id}.json"
        return curl(message, base, placeholders, named)

    def _curl_target(self, record: Recorded, to: str) -> tuple[str, Placeholders]:
        if to == "upstream":
            # Not the flow's own address: mitmproxy rewrites it when it loads a file.
            return _origin(str(record.facts["upstream"])), UPSTREAM
        base = next(iter(self._addresses()), USUAL_ADDRESS)
        own = record.facts.get("credential") == "client"
        return base, OWN if own else PROXY

    def _rules(self) -> Rules:
        runtime = self._runtime()
        return Rules(
            mapping=runtime.mapping,
            settings=runtime.settings,
            now=runtime.now(),
            identity=runtime.options["system_prompt_prefix"],
            betas=(OAUTH_BETA,),
        )

    def _target(self, path: str) -> Path:
        target = Path(path).expanduser()
        if not target.is_dir():
            return target
        when = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._runtime().now()))
        return target / f"anthropic-bug-report-{when}.zip"

    def _bundle(self, flows: Sequence[http.HTTPFlow], *, blank: bool) -> bytes:
        scrubber = Scrubber(self._secrets(), blank=blank)
        for one in flows:  # what is found late may be elsewhere, too
            scrubbed(one, scrubber)
        clean = [scrubbed(one, scrubber) for one in flows]
        saved = io.BytesIO()
        writer = FlowWriter(saved)
        for one in clean:
            writer.add(one)
        recordings = [recorded(one) for one in clean]
        bundle = Bundle(
            recordings,
            flows=saved.getvalue(),
            environment=scrubber.plain(self._environment()),
            blanked=blank,
        )
        return bundle.zipped(
            {
                name: [render(record) for record in recordings]
                for name, render in _FILES.items()
            }
        )

    def _secrets(self) -> list[str]:
        """What must not be in a bundle, whatever it looks like."""
        runtime = self._runtime()
        source = runtime.source
        ready = source.ready(runtime.now()) if source is not None else None
        held = [runtime.options["local_key"], ready.secret if ready else None]
        return [secret for secret in held if secret]

    def _environment(self) -> dict[str, Any]:
        """Versions, and every option; secrets and the user's home masked."""
        runtime = self._runtime()
        chosen, source = runtime.options, runtime.source
        in_force = {option.key: _plain(chosen[option.name]) for option in OPTIONS}
        in_force["anthropic_local_key"] = "***" if chosen["local_key"] else None
        return {
            "anthropic-max-proxy": __version__,
            "mitmproxy": version.VERSION,
            "python": sys.version,
            "platform": platform.platform(),
            "credential": source.name if source is not None else None,
            "options": in_force,
        }


def _http(flows: Sequence[flow.Flow]) -> list[http.HTTPFlow]:
    found = [one for one in flows if isinstance(one, http.HTTPFlow)]
    if not found:
        raise exceptions.CommandError(_NO_FLOWS)
    return found


def _ours(flows: Sequence[flow.Flow]) -> list[http.HTTPFlow]:
    found = [one for one in _http(flows) if recorded(one).facts]
    if not found:
        raise exceptions.CommandError(_NOT_OURS)
    return found


def _recordings(flows: Sequence[flow.Flow]) -> list[Recorded]:
    return [recorded(one) for one in _ours(flows)]


def _joined(texts: Sequence[tuple[Recorded, str]]) -> str:
    """Each text under its request's id; one alone stands for itself."""
    if len(texts) == 1:
        return texts[0][1]
    return "\n\n".join(
        f"===== {one.facts.get('request_id', 'a request')}\n\n{text}"
        for one, text in texts
    )


def _origin(url: str) -> str:
    """The address without a path, which is in the request's line already."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _plain(value: Any) -> Any:
    """An option's value for JSON; the user's home is nobody's business."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).replace(str(Path.home()), "~")


def _write_new(path: Path, content: bytes) -> None:
    """Only the user may read it; a file that is there is not touched."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise exceptions.CommandError(f"{path} exists already.") from None
    except OSError as wrong:
        raise exceptions.CommandError(f"{path}: {wrong.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)
