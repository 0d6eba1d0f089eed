"""The contract as documents: a JSON Schema for each message and an AsyncAPI 3 description, made from the message types.

`python -m sync.contract DIRECTORY` writes them (scripts/contract does); a test compares them with what is committed.
"""

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from sync.city.roots import Root
from sync.commands import Answer, Command, CommandName, SignedCommand
from sync.events import PAYLOADS, Event, Payload, full_type
from sync.marks import Receipt
from sync.topics import CITY_ROOT, ROOT, Presence

Document = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{name}"
_OTHERS: dict[str, type[msgspec.Struct]] = {
    "receipt": Receipt,
    "presence": Presence,
    "command": SignedCommand,
    "command.body": Command,
    "answer": Answer,
    "root": Root,
}
_SHARPENED: Document = {  # what the journal guarantees and the types cannot say
    "time": {"type": "string", "format": "date-time"},
    "seq": {"type": "integer", "minimum": 1},
    "prevhash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_PARAMETERS: Document = {
    "site": {"description": "the one-stop centre, as in phuong-thu-duc"},
    "device": {"description": "the device, as in quay-01"},
}


def documents() -> dict[str, str]:
    """File name -> text of every document."""
    schemas = {f"{kind}.json": _event_schema(payload) for kind, payload in PAYLOADS.items()}
    schemas |= {f"{name}.json": _schema(name, message) for name, message in _OTHERS.items()}
    texts = {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in sorted(schemas.items())}
    return texts | {
        "asyncapi.yaml": "# Written by scripts/contract: change sync/events.py instead.\n" + _yaml(_asyncapi())
    }


def write(directory: Path) -> list[Path]:
    """Write the documents, take away the ones that are no longer made."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = documents()
    for stale in {path.name for path in directory.glob("*.json")} - texts.keys():
        (directory / stale).unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in texts]


def _event_schema(payload: type[Payload]) -> Document:
    """The whole event: the envelope with this type's data in it."""
    (_, event), components = msgspec.json.schema_components([payload, Event], ref_template=_REF)
    envelope: Document = components.pop(event["$ref"].rsplit("/", 1)[1])
    narrowed = {"type": {"const": full_type(payload)}, "data": {"$ref": _REF.format(name=payload.__name__)}}
    return {
        "$schema": _DIALECT,
        "title": full_type(payload),
        **_described(payload),
        "x-keep": payload.KEEP.value,
        "type": "object",
        "properties": envelope["properties"] | _SHARPENED | narrowed,
        "required": list(envelope["properties"]),
        "$defs": _with_plain_words(components),
    }


def _schema(name: str, message: type[msgspec.Struct]) -> Document:
    _, components = msgspec.json.schema_components([message], ref_template=_REF)
    own: Document = components.pop(message.__name__)
    return {"$schema": _DIALECT, **own, "title": name, **_described(message)}


def _described(message: type) -> Document:
    first_line = (message.__doc__ or "").strip().partition("\n")[0]
    return {"description": first_line} if first_line else {}


def _with_plain_words(definitions: Document) -> Document:
    """Python 3.13 takes the indentation out of docstrings; the documents are the same whoever writes them."""
    return {
        name: one | {"description": cleandoc(one["description"])} if "description" in one else one
        for name, one in definitions.items()
    }


def _asyncapi() -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Một Cửa Edge",
            "version": "1",
            "description": "What a device of a one-stop public service centre says and hears over MQTT, QoS 1; and the city's daily root.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel(
                "ev/{type}",
                list(PAYLOADS),
                {"type": {"description": "the short type, as in visit.ended", "enum": list(PAYLOADS)}},
            ),
            "early": _channel(
                "early/{type}", list(PAYLOADS), {"type": {"description": "the short type of an urgent event"}}
            ),
            "receipts": _channel("ack", ["receipt"]),
            "commands": _channel(
                "cmd/{name}", ["command"], {"name": {"description": "as in the body", "enum": list(CommandName)}}
            ),
            "answers": _channel("answer", ["answer"]),
            "status": _channel("status", ["presence"]),
            "roots": {"address": CITY_ROOT, "messages": _messages(["root"])},
        },
        "operations": {
            "sendEvents": _operation(
                "send", "events", "at least once, in order of seq; the city dedupes on device and seq"
            ),
            "receiveReceipts": _operation(
                "receive", "receipts", "cumulative; retained; only a receipt lets events be deleted"
            ),
            "sendEarly": _operation(
                "send", "early", "an urgent event that waits behind a backlog: the same bytes, again in their turn"
            ),
            "receiveCommand": _operation("receive", "commands", "signed text of a command.body; done at most once"),
            "sendAnswer": _operation("send", "answers", "at once; the event command.answered says it for good"),
            "sendStatus": _operation("send", "status", "retained; `offline` is also the last will"),
            "receiveRoot": _operation(
                "receive",
                "roots",
                "retained; the newest root over every device's chain: for who wants to prove a history",
            ),
        },
        "components": {"messages": {_key(name): _message(name) for name in (*PAYLOADS, *_OTHERS)}},
    }


def _channel(end: str, messages: list[str], parameters: Document | None = None) -> Document:
    return {
        "address": f"{ROOT}/{{site}}/{{device}}/{end}",
        "parameters": _PARAMETERS | (parameters or {}),
        "messages": _messages(messages),
    }


def _messages(names: list[str]) -> Document:
    return {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in names}


def _operation(action: str, channel: str, summary: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "bindings": {"mqtt": {"qos": 1}},
    }


def _message(name: str) -> Document:
    title = full_type(PAYLOADS[name]) if name in PAYLOADS else name
    kind = "application/cloudevents+json" if name in PAYLOADS else "application/json"
    return {"name": title, "contentType": kind, "payload": {"$ref": f"./{name}.json"}}


def _key(name: str) -> str:
    """Names in AsyncAPI maps hold no dots."""
    return name.replace(".", "_")


def _yaml(value: Any, indent: int = 0) -> str:
    """The small part of YAML that a document of maps, lists and strings needs (JSON scalars are YAML scalars)."""
    pad = " " * indent
    if isinstance(value, dict):
        return "".join(f"{pad}{_scalar_key(key)}:{_branch(child, indent)}" for key, child in value.items())
    return "".join(f"{pad}- {json.dumps(child, ensure_ascii=False)}\n" for child in value)


def _branch(child: Any, indent: int) -> str:
    if isinstance(child, dict | list):
        return "\n" + _yaml(child, indent + 2)
    return " " + json.dumps(child, ensure_ascii=False) + "\n"


def _scalar_key(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
