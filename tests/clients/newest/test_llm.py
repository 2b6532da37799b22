"""``llm``: a configured model in the library, and the command line."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import llm
import openai
import pytest
import tasks
from stage import Upstream

CONFIGURATION = """
- model_id: claude
  model_name: gpt-4o
  api_base: {base_url}
  supports_tools: true
  supports_schema: true
  vision: true
"""


@pytest.fixture(scope="module")
def model(proxy: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("llm")
    configuration = CONFIGURATION.format(base_url=f"{proxy}/v1")
    (home / "extra-openai-models.yaml").write_text(configuration, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLM_USER_PATH", str(home))
        yield llm.get_model("claude")


def test_text(model: Any) -> None:
    answer = model.prompt(tasks.PROMPT, stream=False)
    assert "hello to Ada" in answer.text()
    assert answer.usage().output > 0


def test_stream(model: Any) -> None:
    assert len(list(model.prompt("[[long 30]]"))) > 10


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(model: Any, upstream: Upstream, streamed: bool) -> None:
    chain = model.chain(tasks.CITIES, tools=[tasks.get_weather], stream=streamed)
    tasks.check_answer(chain.text())
    tasks.check_results(upstream.results)


def test_structured_output(model: Any, upstream: Upstream) -> None:
    answer = model.prompt(tasks.PERSON, schema=llm.schema_dsl("name, born int"))
    assert '"born":' in answer.text()
    assert upstream.sent["output_config"]["format"]["type"] == "json_schema"


def test_image(model: Any, upstream: Upstream) -> None:
    picture = llm.Attachment(content=base64.b64decode(tasks.PICTURE))
    answer = model.prompt(tasks.ABOUT_PICTURE, attachments=[picture])
    assert "1 image" in answer.text()
    tasks.check_picture(upstream.sent)


def test_error(model: Any) -> None:
    with pytest.raises(openai.BadRequestError, match=tasks.REFUSED_MESSAGE):
        model.prompt(tasks.REFUSED).text()


def test_abort(proxy: str, tmp_path: Path, upstream: Upstream) -> None:
    """Ctrl-C. The library has no way to leave a stream but to end."""
    arguments = ["-m", "gpt-4o", tasks.ENDLESS]
    command = [sys.executable, "-m", "llm", "openai", "endpoint", f"{proxy}/v1"]
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path)}
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        upstream.expect_to_be_left()
