"""The besieged center, in a process of its own: ``python -m verification.siege.center FOLDER``.

It prints its address as one line of JSON, and then reads orders, one a line: ``offer URL COUNT`` lets a peer offer
COUNT cases, each with a photo at the URL. The end of its input ends it. The simulator and the transport run in the same
process, so that the measurement errs on the high side.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bus.contract.case import Attachment, Case, Place, Source
from bus.contract.ids import new_id
from bus.contract.messages import Offered
from bus.testing.adapter_harness import AdapterHarness
from bus.testing.samples import InSample

PHOTO = 20 * 1024 * 1024
"""Bytes that a peer announces."""


def main(folder: Path) -> None:
    """Run until the input ends."""
    harness = AdapterHarness("adapters.party_service", folder).start()
    try:
        form = _plain_form(harness.samples.ins)
        told = {"url": harness.url, "secret": harness.secret, "form": form.form, "body": form.body}
        print(json.dumps(told), flush=True)  # noqa: T201 - told to whoever started it
        for line in sys.stdin:
            _, url, count = line.split()
            for number in range(int(count)):
                _offer(harness, url, number)
    finally:
        harness.stop()


def _plain_form(samples: tuple[InSample, ...]) -> InSample:
    return next(one for one in samples if any(command["kind"] == "Register" for command in one.commands))


def _offer(harness: AdapterHarness, url: str, number: int) -> None:
    sha256 = f"{number:08x}{new_id().hex}".ljust(64, "0")
    peer = harness.beside.peer
    photo = Attachment(sha256=sha256, size=PHOTO, media_type="image/jpeg", href=f"{url}/attachments/{sha256}")
    given: dict[str, Any] = {
        "case_id": new_id(), "number": f"N-{new_id().hex[:12]}", "origin": peer, "title": "楼道灯不亮",
        "text": "三单元楼道灯坏了", "category": "housing", "place": Place(division="150402006006"), "channel": "app",
        "source": Source(system="app", record="m-1"), "received_at": datetime.now(UTC), "attachments": (photo,),
    }  # fmt: skip
    case = Case.model_validate(given)
    harness.peers.say(
        harness.peers.compose(peer, Offered(version=1, offer_id=new_id(), case=case, path=(peer,)), case.case_id)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
