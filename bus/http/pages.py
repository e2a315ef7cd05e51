"""Two pages for people: the center's state, and the forms that it takes. They load nothing from other servers."""

from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

Json = dict[str, Any]
STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}"
    "td,th{border-bottom:1px solid #ddd;text-align:left;padding:.3rem .6rem;vertical-align:top}"
    "code{background:#f4f4f4;padding:.1rem .3rem}"
)
SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}


def add_pages(app: FastAPI, name: str, ready: Callable[[], Json]) -> None:
    """Add ``/`` and ``/docs``."""

    def home() -> HTMLResponse:
        return HTMLResponse(_page(name, _home(name, ready())), headers=SAFE)

    def docs() -> HTMLResponse:
        return HTMLResponse(_page(f"{name} · 接口", _docs(app.openapi())), headers=SAFE)

    for method in (app.get, app.head):  # load balancers ask with HEAD
        method("/", include_in_schema=False)(home)
    app.get("/docs", include_in_schema=False)(docs)


def _page(title: str, parts: Iterable[str]) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="zh-CN"><head>{head}<style>{STYLE}</style></head><body>{"".join(parts)}</body>'


def _home(name: str, state: Json) -> Iterator[str]:
    zh, en = ("就绪，可以接收表单", "ready: forms are taken") if state["ready"] else ("未就绪", "not ready")
    yield f"<h1>{escape(name)}</h1><p>四中心联动总线的适配器 · an adapter of the four-center bus</p>"
    yield f"<p><b>{zh} · {en}</b></p>"
    yield "<table>"
    for path, told in (
        ("/docs", "表单与附件接口 · forms and attachments"),
        ("/openapi.json", "OpenAPI，供生成客户端 · for generators of clients"),
        ("/health/ready", "能否接收表单 · whether forms are taken"),
        ("/health/flow", "各环节是否前进 · whether all moves"),
        ("/metrics", "Prometheus 指标 · figures"),
    ):
        yield f'<tr><td><a href="{path}">{path}</a></td><td>{told}</td></tr>'
    yield "</table>"


def _docs(document: Json) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    yield f"<h1>{escape(document['info']['title'])}</h1><p>请求按 Standard Webhooks 签名 · requests are signed</p>"
    yield '<p><a href="/">/</a> · <a href="/openapi.json">/openapi.json</a></p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"<p>{escape(kind)}</p>"
                yield from _model(content["schema"], schemas)
            yield from _answers(operation["responses"])


def _model(schema: Json, schemas: Json) -> Iterator[str]:
    """The fields of a form, with the models that they refer to."""
    model = schemas.get(str(schema.get("$ref", "")).rpartition("/")[2], {})
    if not model.get("properties"):
        return
    yield f"<p>{escape(model.get('description', ''))}</p><table><tr><th>字段 field<th>类型 type<th>说明</tr>"
    required = set(model.get("required", ()))
    for name, field in model["properties"].items():
        mark = "（必填 required）" if name in required else ""
        told = " · ".join(filter(None, (field.get("title"), field.get("description"))))
        yield f"<tr><td><code>{escape(name)}</code><td>{escape(_type(field, schemas))}<td>{escape(told)}{mark}</tr>"
    yield "</table>"


def _type(field: Json, schemas: Json) -> str:
    """A field's type in a few words: its JSON type, or its enum values."""
    if reference := str(field.get("$ref", "")).rpartition("/")[2]:
        return _type(schemas.get(reference, {}), schemas) if "enum" in schemas.get(reference, {}) else reference
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if options := field.get("anyOf") or field.get("oneOf"):
        return " | ".join(_type(one, schemas) for one in options if one.get("type") != "null")
    if field.get("type") == "array":
        return f"[{_type(field.get('items', {}), schemas)}]"
    return str(field.get("format") or field.get("const") or field.get("type", ""))


def _answers(responses: Json) -> Iterator[str]:
    yield "<table>"
    for status, answer in responses.items():
        yield f"<tr><td>{escape(status)}<td>{escape(answer.get('description', ''))}</tr>"
    yield "</table>"
