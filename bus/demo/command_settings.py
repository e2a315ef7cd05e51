"""The settings file by which a command reaches a running center of a local county."""

from pathlib import Path

from bus.demo.local_county import LocalCounty


def command_settings(county: LocalCounty, center: str, folder: Path | None = None) -> Path:
    """Write the file into ``folder``, by default the county's, and return it."""
    file = (folder or county.folder) / f"{center}.toml"
    file.write_text(
        f'center = "{center}"\nstore = "{county.store_url(center)}"\n'
        f'intake_secret = "{county.backends[center].secret}"\n[http]\nport = {county.urls[center].rpartition(":")[2]}\n'
        f'[backend]\nurl = "{county.backend_urls[center]}"\n',
        encoding="utf-8",
    )
    return file
