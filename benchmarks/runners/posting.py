"""An HTTP load generator with several clients: ``posting URL SECRET COUNT CLIENTS RATE LETTERS TO``.

All forms are signed before the clock starts. With a rate, each form has its moment and waits for no earlier one (an
open loop, so that slow answers are not hidden). Without a rate, each client sends its next form after its answer.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from benchmarks.runners.marks import done, tell, wait_for_go

Request = tuple[str, bytes]
"""The form's native id, and the bytes of the whole HTTP request."""


def requests(url: str, secret: str, count: int, form: dict[str, str]) -> list[Request]:
    """``count`` forms, signed with the present time."""
    address, webhook = urlsplit(url), Webhook(secret)
    return [
        _request(address.netloc, address.path, webhook, form | {"native_id": f"m-{number}"}) for number in range(count)
    ]


def _request(host: str, path: str, webhook: Webhook, form: dict[str, str]) -> Request:
    native_id, body = form["native_id"], json.dumps(form, ensure_ascii=False)
    now = datetime.now(UTC)
    head = {
        "host": host,
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
        "webhook-id": native_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign(native_id, now, body),
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return native_id, ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


class Client:
    """One persistent connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def post(self, request: bytes) -> int:
        """Send a form. Returns the answer's status."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head[9:12])


async def _closed_loop(clients: list[Client], forms: list[Request]) -> dict[str, float]:
    taken, left = {}, iter(forms)

    async def post(client: Client) -> None:
        for native_id, request in left:
            status = await client.post(request)
            assert status == 202, status
            taken[native_id] = time.monotonic()

    await asyncio.gather(*map(post, clients))
    return taken


async def _open_loop(clients: list[Client], forms: list[Request], rate: float) -> dict[str, float]:
    taken: dict[str, float] = {}
    # in turn: the server closes a connection that is idle for seconds
    free: asyncio.Queue[Client] = asyncio.Queue()
    for client in clients:
        free.put_nowait(client)

    async def post(native_id: str, request: bytes) -> None:
        client = await free.get()
        status = await client.post(request)
        assert status == 202, status
        taken[native_id] = time.monotonic()
        free.put_nowait(client)

    start, under_way = time.monotonic(), []
    for number, (native_id, request) in enumerate(forms):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        under_way.append(asyncio.create_task(post(native_id, request)))
    await asyncio.gather(*under_way)
    return taken


async def main() -> None:
    """Connect, wait, post, print."""
    url, secret = sys.argv[1:3]
    count, clients, rate, letters = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
    address = urlsplit(url)
    made = [Client(*await asyncio.open_connection(address.hostname, address.port)) for _ in range(clients)]
    forms = requests(url, secret, count, {"text": "暖" * letters, "to": sys.argv[7]})
    wait_for_go()
    tell("begun")
    taken = await (_open_loop(made, forms, rate) if rate else _closed_loop(made, forms))
    tell("ended", taken=taken if rate else {})


if __name__ == "__main__":
    asyncio.run(main())
    done()
