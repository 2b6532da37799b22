import base64

import pytest

from anthropic_proxy.dialects.chat_completions import attachments
from anthropic_proxy.dialects.chat_completions.errors import RequestError
from conversation_support import HAIKU_4_5, translate

PNG = "iVBORw0KGgo="
IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
}
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
MARK = {"type": "ephemeral"}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def image_url(url, **more):
    return {"type": "image_url", "image_url": {"url": url, **more}}


def file(**fields):
    return {"type": "file", "file": fields}


def base64_of(words):
    return base64.b64encode(words.encode()).decode()


def document(words, **more):
    source = {"type": "text", "media_type": "text/plain", "data": words}
    return {"type": "document", "source": source, **more}


def parts_of(*parts):
    return translate([{"role": "user", "content": list(parts)}])


@pytest.mark.parametrize(
    ("part", "block", "warnings"),
    [
        (text("Hi"), text("Hi"), set()),
        (
            image_url(f"data:image/png;base64,{PNG}", detail="high"),
            IMAGE,
            {"image_url.detail:ignored"},
        ),
        (image_url(f"data:image/png;base64,{PNG}", detail="auto"), IMAGE, set()),
        (image_url(f"DATA:Image/PNG;a=b;Base64,{PNG}"), IMAGE, set()),
        (image_url("data:image/png;base64,iVBO\n Rw0K\tGgo="), IMAGE, set()),
        (image_url("data:image/png;base64,iVBORw0KGgo"), IMAGE, set()),
        (image_url("data:image/png;base64,iVBORw0KGgo%3D"), IMAGE, set()),
        (image_url("data:image/png,%89PNG%0D%0A%1A%0A"), IMAGE, set()),
        (
            image_url("data:image/jpg;base64,/9j/"),
            {
                "type": "image",
                "source": {
                    "type": "base64",
                    "media_type": "image/jpeg",
                    "data": "/9j/",
                },
            },
            set(),
        ),
        (
            image_url("HTTPS://x.test/a.jpg"),
            {"type": "image", "source": {"type": "url", "url": "HTTPS://x.test/a.jpg"}},
            set(),
        ),
        (
            file(filename="a.pdf", file_data="data:application/pdf;base64,JVBERi0="),
            {"type": "document", "source": PDF_SOURCE, "title": "a.pdf"},
            set(),
        ),
        (
            file(file_data="JVBERi0="),
            {"type": "document", "source": PDF_SOURCE},
            set(),
        ),
        (
            file(file_data="data:application/octet-stream;base64,JVBERi0="),
            {"type": "document", "source": PDF_SOURCE},
            set(),
        ),
        (
            file(filename="n.txt", file_data="data:text/plain;base64,aGVsbG8="),
            document("hello", title="n.txt"),
            set(),
        ),
        (
            file(file_data=f"data:text/csv;charset=utf-8;base64,{base64_of('a,é')}"),
            document("a,é"),
            set(),
        ),
        (file(file_data="data:application/json,{}"), document("{}"), set()),
        (file(file_data=base64_of("\ufeffbare")), document("bare"), set()),
        (file(file_data=PNG), IMAGE, set()),
        (
            file(file_data=f"data:image/png;base64,{PNG}", filename="a.png"),
            IMAGE,
            {"messages.content.file.filename:ignored"},
        ),
        (
            file(file_id="file_1", file_data=None),
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
            set(),
        ),
        (IMAGE, IMAGE, set()),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}},
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}},
            set(),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            set(),
        ),
        (
            document("x", title="t", context=None, citations={"enabled": True}),
            document("x", title="t", citations={"enabled": True}),
            set(),
        ),
        (text("x", foo=1), text("x"), {"messages.content.foo:ignored"}),
        (
            text("x", foo=None, citations=[], annotations={}, b=False, c=""),
            text("x"),
            set(),
        ),
        (
            text("x", **{"a\r\nset-cookie: b": 1}),
            text("x"),
            {"messages.content.unknown_key:ignored"},
        ),
    ],
)
def test_a_part_becomes_a_block(part, block, warnings):
    translated = parts_of(part)
    assert translated.messages == [{"role": "user", "content": [block]}]
    assert translated.warnings == warnings


@pytest.mark.parametrize(
    ("part", "code", "field"),
    [
        (
            {"type": "input_audio", "input_audio": {"data": "U", "format": "wav"}},
            "unsupported_content_type",
            "",
        ),
        (image_url("http://x.test/a.jpg"), "invalid_image_url", ""),
        (image_url("ftp://x.test/a.jpg"), "invalid_image_url", ""),
        (image_url("data:image/svg+xml;base64,AAAA"), "invalid_image_format", ""),
        (image_url("data:;base64,AAAA"), "invalid_image_format", ""),
        (image_url("data:image/png;base64,"), "invalid_base64_image", ""),
        (image_url("data:image/png;base64,A"), "invalid_base64_image", ""),
        (image_url("data:image/png;base64,AB=C"), "invalid_base64_image", ""),
        (image_url("data:image/png;base64,ÄÖÜß"), "invalid_base64_image", ""),
        (image_url("data:image/png;base64"), "invalid_base64_image", ""),
        (image_url("data:image/png,"), "empty_image_file", ""),
        (file(file_id="file-9"), "unsupported_value", ".file.file_id"),
        (file(file_data="data:text/plain;base64,/w=="), "unsupported_file", ""),
        (file(file_data="data:text/plain;base64,AAAA"), "unsupported_file", ""),
        (file(file_data="data:text/plain;base64,*"), "unsupported_file", ""),
        (file(file_data="data:text/plain,"), "unsupported_file", ""),
        (file(filename="a"), "missing_required_parameter", ".file.file_data"),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "*"},
            },
            "invalid_base64_image",
            ".source",
        ),
        (
            {"type": "image", "source": {"type": "text"}},
            "invalid_value",
            ".source.type",
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "x"}},
            "unsupported_value",
            ".source",
        ),
        ({"type": "video"}, "invalid_value", ".type"),
        ({"type": "refusal", "refusal": "No"}, "invalid_value", ".type"),
        ({"type": "tool_use"}, "invalid_value", ".type"),
        ({"text": "x"}, "missing_required_parameter", ".type"),
        ({"type": ["text"], "text": "x"}, "invalid_type", ".type"),
        ({"type": "text"}, "missing_required_parameter", ".text"),
        ({"type": "text", "text": 1}, "invalid_type", ".text"),
        ({"type": "image_url", "image_url": "x"}, "invalid_type", ".image_url"),
        ("text", "invalid_type", ""),
        (None, "invalid_type", ""),
        (text("x", cache_control=[]), "invalid_type", ".cache_control"),
        (
            text("x", cache_control={}),
            "missing_required_parameter",
            ".cache_control.type",
        ),
        (
            text("x", cache_control={"type": "ephemeral", "ttl": "2h"}),
            "invalid_value",
            ".cache_control.ttl",
        ),
    ],
)
def test_a_part_that_cannot_be_sent_is_named(part, code, field):
    with pytest.raises(RequestError) as refusal:
        parts_of(text("first"), part)
    assert refusal.value.status == 400
    assert refusal.value.code == code
    assert refusal.value.param == f"messages[0].content[1]{field}"


def test_refusals_of_sound_read_as_a_client_expects():
    with pytest.raises(RequestError) as refusal:
        parts_of({"type": "input_audio", "input_audio": {}})
    assert refusal.value.body() == {
        "error": {
            "message": "Audio input is not supported by the upstream provider.",
            "type": "invalid_request_error",
            "param": "messages[0].content[0]",
            "code": "unsupported_content_type",
        }
    }


def test_an_image_may_just_have_the_size_that_upstream_allows():
    url = "data:image/png;base64," + "A" * attachments.MAX_IMAGE_BASE64_BYTES
    assert parts_of(image_url(url)).messages
    with pytest.raises(RequestError) as refusal:
        parts_of(image_url(url + "AAAA"))
    assert refusal.value.code == "image_file_too_large"
    assert "5242884" in refusal.value.message


@pytest.mark.parametrize("content", [7, True, {"type": "text", "text": "x"}])
def test_content_is_text_or_parts(content):
    with pytest.raises(RequestError) as refusal:
        translate([{"role": "user", "content": content}])
    assert refusal.value.param == "messages[0].content"
    assert "expected one of a string or array of objects" in refusal.value.message


def test_blank_texts_are_left_out_without_a_warning():
    translated = parts_of(text("  \n"), text("Hi"), text(""))
    assert translated.messages == [{"role": "user", "content": [text("Hi")]}]
    assert translated.warnings == set()
    assert "messages.[0].content.[0]" in {e.field for e in translated.report.entries}


def test_a_mark_on_a_blank_text_is_ignored():
    translated = parts_of(text(" ", cache_control=MARK), text("Hi"))
    assert translated.messages[0]["content"] == [text("Hi")]
    assert translated.warnings == {"messages.content.cache_control:ignored"}


@pytest.mark.parametrize(
    ("keys", "mark", "warnings"),
    [
        ({"prompt_cache_breakpoint": {"mode": "explicit"}}, MARK, set()),
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}, MARK, set()),
        (
            {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h", "x": 1}},
            {**MARK, "ttl": "1h"},
            {
                "prompt_cache_breakpoint.ttl:12h_to_1h",
                "messages.content.prompt_cache_breakpoint.x:ignored",
            },
        ),
        ({"cache_control": MARK}, MARK, set()),
        ({"cache_control": {**MARK, "ttl": "1h"}}, {**MARK, "ttl": "1h"}, set()),
        (
            {"cache_control": MARK, "prompt_cache_breakpoint": {"ttl": "12h"}},
            MARK,
            set(),
        ),
    ],
)
@pytest.mark.parametrize("part", [text("x"), IMAGE, file(file_data="JVBERi0=")])
def test_a_cache_mark_goes_on_the_block(part, keys, mark, warnings):
    translated = parts_of({**part, **keys})
    (block,) = translated.messages[0]["content"]
    assert block["cache_control"] == mark
    assert translated.warnings == warnings


def test_a_mark_on_a_message_goes_on_its_last_block():
    messages = [
        {"role": "system", "content": "S", "cache_control": MARK},
        {"role": "user", "content": [IMAGE, text("x")], "cache_control": MARK},
    ]
    translated = translate(messages)
    assert translated.system == [text("S", cache_control=MARK)]
    assert translated.messages[0]["content"] == [IMAGE, text("x", cache_control=MARK)]


def test_a_mark_inside_a_result_moves_to_the_result():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [text("a", cache_control=MARK), image_url(f"data:image/png,{PNG}")],
        "is_error": False,
    }
    translated = translate(
        [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
    )
    (sent,) = translated.messages[2]["content"]
    assert sent["cache_control"] == MARK
    assert sent["is_error"] is False
    assert [block["type"] for block in sent["content"]] == ["text", "image"]
    assert "cache_control" not in sent["content"][0]


@pytest.mark.parametrize("role", ["system", "developer", "assistant"])
def test_images_stand_only_where_upstream_takes_them(role):
    with pytest.raises(RequestError) as refusal:
        translate([{"role": role, "content": [image_url("https://x.test/a")]}])
    assert refusal.value.param == "messages[0].content[0].type"
    assert refusal.value.code == "invalid_value"
    assert refusal.value.message.startswith("Invalid value: 'image_url'.")


def test_a_refused_answer_is_text():
    translated = translate(
        [
            {"role": "user", "content": "a"},
            {
                "role": "assistant",
                "content": [{"type": "refusal", "refusal": "I can't."}],
            },
            {"role": "user", "content": "b"},
        ],
        HAIKU_4_5,
    )
    assert translated.messages[1]["content"] == [text("I can't.")]
    assert translated.warnings == set()
