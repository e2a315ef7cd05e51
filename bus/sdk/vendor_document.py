"""The vendor's contract: an OpenAPI document of every call that an adapter makes into the center's own system.

It is made of the routes by which the adapter's simulator serves those calls. What our client makes of each status is
the same for all, and comes from ``bus.sdk.answers``.
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from bus.contract.named_enums import NamedEnums
from bus.sdk.answers import BUSY, DENIED, LONGEST_ANSWER, LONGEST_PAUSE

Json = dict[str, Any]
CALLED = "called-by-the-adapter"
"""The tag of a route that serves a call of the adapter; what residents and staff do at a simulator has none."""
REFERENCE = "#/components/schemas/{model}"
ABOUT = f"""本文件由适配器的模拟业务系统生成，列出适配器对本中心业务系统的全部调用。业务系统照此实现即可对接。

- 地址、令牌、超时取自中心设置的 `[backend]`；每次调用带 `Authorization: Bearer <令牌>`，未配置令牌时不带。
- 请求与应答均为 JSON。应答不超过 {LONGEST_ANSWER} 字节，UTF-8 或在 Content-Type 注明字符集；不跟随重定向。
- 路径中的编号即业务系统给出的编号，按百分号编码。
- 未知的字段不写出，不会是 null；以后的版本可能增加字段，请忽略不认识的字段。
- 任何 2xx 都表示已办妥。应答正文只读本文件注明的字段。

This file is made of the adapter's simulator. It lists every call that the adapter makes into the center's own system.

- Address, token and time limit are those of `[backend]` in the center's settings. Each call carries
  `Authorization: Bearer <token>`, or no such header where no token is configured.
- Requests and answers are JSON. An answer has at most {LONGEST_ANSWER} bytes, in UTF-8 or in the charset that its
  Content-Type names. No redirect is followed.
- The numbers in paths are those that the system gave to its records, percent-encoded.
- What is not known is left out and never null. Later versions may add fields: pass over those that you do not know.
- Every 2xx means that it is done. Of an answer's body no other field is read than is named here."""
DONE = "已办妥 · Done"
REFUSED: Json = {
    "description": "拒绝：不再重试，搁置待人处理，改正后重放 · Refused: parked with a reason until somebody mends and "
    "replays it. Its body is not read"
}
DENIED_ANSWER: Json = {
    "description": "令牌无效：由适配器换取新令牌，或由运维改正设置，期间不丢失 · The token is refused: the adapter "
    "gets a new one where it can, else it is tried again until an operator sets a right one"
}
BUSY_ANSWER: Json = {
    "description": "暂时无法受理：稍后以同一个键重试 · Busy or ill: tried again later, under the same key",
    "headers": {
        "Retry-After": {
            "description": f"等待的秒数，或一个日期；至多等 {int(LONGEST_PAUSE)} 秒 · Seconds to wait, or a date; "
            f"it is waited for {int(LONGEST_PAUSE)} s at most",
            "schema": {"type": "string"},
        }
    },
}
UNCLEAR: Json = {"description": "其他状态：稍后以同一个键重试 · Any other status: tried again later, with the same key"}
TOKEN: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "中心设置 `[backend]` 的令牌 · The token of `[backend]` in the center's settings",
}


def document(kind: str, routes: Sequence[BaseRoute]) -> Json:
    """The contract of the vendor whose simulator serves these routes."""
    called = [route for route in routes if isinstance(route, APIRoute) and CALLED in route.tags]
    title = f"{kind}：本中心业务系统的接口 · the center's own system as its adapter calls it"
    made = get_openapi(title=title, version="1", description=ABOUT, routes=called, separate_input_output_schemas=False)
    models = {model for route in called for model in _models(route)}
    schemas = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda one: one.__name__)],
        ref_template=REFERENCE,
        schema_generator=NamedEnums,
    )[1]["$defs"]
    for operations in made["paths"].values():
        for operation in operations.values():
            del operation["tags"]
            operation["responses"] = {"200": {**operation["responses"]["200"], "description": DONE}, **_answers()}
            for parameter in operation.get("parameters", ()):
                for said_twice in ("title", "description"):
                    parameter["schema"].pop(said_twice, None)
    made["components"] = {
        "schemas": {name: _tidy(schema) for name, schema in sorted(schemas.items())},
        "responses": {"Refused": REFUSED, "TokenRefused": DENIED_ANSWER, "Busy": BUSY_ANSWER, "Unclear": UNCLEAR},
        "securitySchemes": {"Token": TOKEN},
    }
    made["security"] = [{"Token": []}]
    return made


def _models(route: APIRoute) -> Iterator[type[BaseModel]]:
    """The body and the answer of a route."""
    sent = (field.field_info.annotation for field in route.dependant.body_params)
    for model in (*sent, route.response_model):
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield model


def _answers() -> Json:
    """What becomes of a call by its status, as the client sees it."""
    told = {str(status): "Busy" for status in BUSY} | {str(status): "TokenRefused" for status in DENIED}
    for status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
        told[str(status.value)] = "Refused"
    told = {**dict(sorted(told.items())), "4XX": "Refused", "default": "Unclear"}
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in told.items()}


def _tidy(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """For readers and generators: nothing that was left out is null, and a field more is no error of anybody's."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _tidy(value) for name, value in schema.items()}
    if told.get("additionalProperties") is False:
        del told["additionalProperties"]
    if told.get("default", "") is None:
        del told["default"]
    known = [one for one in told.get("anyOf", ()) if one != {"type": "null"}]
    if len(known) == 1:
        del told["anyOf"]
        told = {**told, **known[0]}  # what the type says of itself, before the field's made-up title
    return told
