"""The AsyncAPI 3.0 document: exchanges, queues, routing keys and messages."""

from typing import Any

from bus.contract.envelope import CONTENT_TYPE
from bus.contract.export.json_schema import schema_name
from bus.contract.rules import CONTRACT, Rule

ASYNCAPI_VERSION = "3.0.0"
AMQP_BINDING = "0.3.0"
VERSION = "1.0.0"
"""Version of the contract, not of the software: it rises with the first kind of a new major version."""
_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_CENTER = "A center, <kind>-<division> with a division code of 6, 9 or 12 digits."


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI document, ready for YAML."""
    names = [_key(rule) for rule in CONTRACT]
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "四中心联动总线 four-center bus",
            "version": VERSION,
            "description": (
                "Centers hand residents' cases to each other. One CloudEvents 1.0 document per message. "
                "Who may say what, and what answers it, stands in contract.json; one example per kind in examples/."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"county": _server()},
        "channels": {"out": _out(names), "inbox": _inbox(names)},
        "operations": {"send": _send(names), "receive": _receive(names)},
        "components": {
            "messages": {_key(rule): _message(rule) for rule in CONTRACT},
            "securitySchemes": {
                "centerUser": {
                    "type": "userPassword",
                    "description": "The broker user carries the center's name; it may write its own exchange and "
                    "read its own queue, and declare nothing.",
                },
            },
        },
    }


def _key(rule: Rule) -> str:
    """The message's key in the document; some tools refuse dots in a key."""
    return rule.kind.replace(".", "-")


def _server() -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": "amqps",
        "protocolVersion": "0-9-1",
        "description": "The county's RabbitMQ, 3.10 or newer.",
        "variables": {
            "host": {"default": "localhost", "description": "Where the county's broker is."},
            "port": {"default": "5671", "description": "5671 with TLS; 5672 without, for trials on one machine."},
        },
        "security": [{"$ref": "#/components/securitySchemes/centerUser"}],
        "bindings": {"amqp": {}},
    }


def _out(names: list[str]) -> dict[str, Any]:
    return {
        "address": "{recipient}.{kind}",
        "title": "寄出 out of a center",
        "description": "The address is the routing key. The exchange is the sender's own: with the sender "
        "media_center-150402 it is out.media_center-150402. Declared by the operator, never by a center.",
        "servers": [{"$ref": "#/servers/county"}],
        "parameters": {
            "recipient": {"description": _CENTER, "examples": ["party_service-150402006"]},
            "kind": {"description": "The kind, without its major version.", "enum": [rule.kind for rule in CONTRACT]},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": "out.{center}", "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": AMQP_BINDING,
            }
        },
    }


def _inbox(names: list[str]) -> dict[str, Any]:
    return {
        "address": "inbox.{center}",
        "title": "收件 into a center",
        "description": "The recipient's quorum queue. Declared by the operator, never by a center.",
        "servers": [{"$ref": "#/servers/county"}],
        "parameters": {"center": {"description": _CENTER, "examples": ["party_service-150402006"]}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": "inbox.{center}", "durable": True, "exclusive": False, "autoDelete": False},
                "bindingVersion": AMQP_BINDING,
            }
        },
    }


def _send(names: list[str]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/out"},
        "title": "寄出 send",
        "description": "Persistent, mandatory and confirmed: an unroutable message comes back, and a message is kept "
        "in the sender's outbox until the recipient's receipt. The AMQP property user-id is required.",
        "messages": [{"$ref": f"#/channels/out/messages/{name}"} for name in names],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": AMQP_BINDING}},
    }


def _receive(names: list[str]) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/inbox"},
        "title": "收件 receive",
        "description": "Acknowledged after the recipient's own commit; every case message is answered with a receipt.",
        "messages": [{"$ref": f"#/channels/inbox/messages/{name}"} for name in names],
        "bindings": {"amqp": {"ack": True, "bindingVersion": AMQP_BINDING}},
    }


def _message(rule: Rule) -> dict[str, Any]:
    return {
        "name": f"{rule.kind}.v{rule.major}",
        "title": f"{rule.zh} {rule.kind}",
        "summary": f"{rule.en[0].upper()}{rule.en[1:]}.",
        "contentType": CONTENT_TYPE,
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./{schema_name(rule)}"}},
        "bindings": {"amqp": {"messageType": f"{rule.kind}.v{rule.major}", "bindingVersion": AMQP_BINDING}},
    }
