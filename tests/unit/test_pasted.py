"""What users paste: every form the login page has shown, and what is none of them."""

from __future__ import annotations

import pytest

from anthropic_proxy.credentials.pasted import Pasted, PasteUnusable, parse_pasted

CODE, STATE = "aBc-123_x.y~z", "St4te-_xyz"
CALLBACK = "https://platform.claude.com/oauth/code/callback"


@pytest.mark.parametrize(
    "text",
    [
        f"{CODE}#{STATE}",
        f"  {CODE}#{STATE}\n",
        f"'{CODE}#{STATE}'",
        f'"{CODE}#{STATE}"',
        f"`{CODE}#{STATE}`",
        f"{CODE}\n#{STATE}",
        f"{CODE[:5]}\r\n  {CODE[5:]}#{STATE}",
        f"{CODE}%23{STATE}",
        f"{CALLBACK}?code={CODE}&state={STATE}",
        f"{CALLBACK}?state={STATE}&code={CODE}&x=1",
        f"{CALLBACK}?code={CODE}#{STATE}",
        f"<{CALLBACK}?code={CODE}&state={STATE}>",
        f"code={CODE}&state={STATE}",
        f"?code={CODE}&state={STATE}",
    ],
)
def test_every_form_with_a_state(text: str) -> None:
    assert parse_pasted(text) == Pasted(CODE, STATE)


@pytest.mark.parametrize("text", [CODE, f" {CODE} ", f"{CODE}#", f"code={CODE}"])
def test_a_bare_code(text: str) -> None:
    assert parse_pasted(text) == Pasted(CODE, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no code in that"),
        ("   ", "no code in that"),
        (f"#{STATE}", "no code in that"),
        ("please log me in", "no code in that"),
        ("code#state with words", "no code in that"),
        (CALLBACK, "no code in that"),
        (f"https://[::1?code={CODE}", "no code in that"),
        ("sk-ant-api03-canary", "a key or token, not a code"),
        (
            "https://claude.ai/oauth/authorize?code=true&code_challenge=x&state=s",
            "the address to open in a browser",
        ),
        (f"{CALLBACK}?error=access_denied", "not completed: access_denied"),
        (
            f"{CALLBACK}?error=access_denied&error_description=You+said+no",
            "access_denied (You said no)",
        ),
    ],
)
def test_what_is_no_code_is_explained_and_not_repeated(text: str, words: str) -> None:
    with pytest.raises(PasteUnusable) as caught:
        parse_pasted(text)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


def test_repr_shows_neither_code_nor_state() -> None:
    assert CODE not in repr(Pasted(CODE, STATE))
    assert STATE not in repr(Pasted(CODE, STATE))
