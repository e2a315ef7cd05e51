"""A file that threads share, and that is read again when it has changed."""

import threading
from pathlib import Path

from bus.security.reloading_file import ReloadingFile


def test_who_asks_while_the_file_is_read_gets_what_is_found(tmp_path: Path) -> None:
    """A second thread never goes on with the old directory once the new one is being read: it would park messages."""
    path, begun, go_on = tmp_path / "county.directory", threading.Event(), threading.Event()
    path.write_text("1", encoding="utf-8")

    def read(before: str | None) -> str:
        if before is not None:
            begun.set()
            assert go_on.wait(60)
        return path.read_text(encoding="utf-8")

    file, heard = ReloadingFile(path, read), dict[str, str]()
    path.write_text("22", encoding="utf-8")
    threads = [threading.Thread(target=lambda name=name: heard.update({name: file.current()})) for name in "ab"]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    threads[1].join(0.2)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert heard == {"a": "22", "b": "22"}
