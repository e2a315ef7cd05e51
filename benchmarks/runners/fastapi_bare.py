"""A minimal intake in ten lines: FastAPI, the signature checked, one row and one commit for each form."""

import socket
import sqlite3
import sys
import threading

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from standardwebhooks import Webhook

from benchmarks.runners.marks import done, tell


class Matter(BaseModel):
    """A resident's trouble."""

    native_id: str
    text: str
    to: str


def app_of(path: str, secret: str) -> FastAPI:
    """An application as durable as ours: WAL, ``synchronous=FULL``."""
    app, webhook, writing = FastAPI(), Webhook(secret), threading.Lock()
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=FULL")
    file.execute("CREATE TABLE forms (id TEXT PRIMARY KEY, body TEXT)")

    def keep(matter: Matter, body: str) -> None:
        with writing:
            file.execute("INSERT OR IGNORE INTO forms VALUES (?, ?)", (matter.native_id, body))

    @app.post("/intake/matter")
    async def take(request: Request) -> Response:
        body = (await request.body()).decode()
        webhook.verify(body, dict(request.headers), json_parse=False)
        keep(Matter.model_validate_json(body), body)
        return Response(b'{"status": "taken"}', 202, media_type="application/json")

    return app


def main() -> None:
    """``fastapi_bare FOLDER SECRET PORT``."""
    folder, secret, port = sys.argv[1:4]
    listening = socket.create_server(("127.0.0.1", int(port)), backlog=256)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app_of(f"{folder}/forms.db", secret), http="h11", access_log=False, log_level="error")
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run, args=([listening],), daemon=True)
    serving.start()
    tell("ready")
    sys.stdin.readline()
    server.should_exit = True
    serving.join(10)


if __name__ == "__main__":
    main()
    done()
