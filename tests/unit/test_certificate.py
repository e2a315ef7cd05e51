"""How long a center's certificate for the broker is still valid, as its health page says it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus.runtime.certificate import days_of
from bus.security import pki
from bus.security.private_file import write_private
from bus.settings import Tls

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate of ninety days."""
    folder = tmp_path_factory.mktemp("pki")
    issued = pki.for_center(pki.new_authority("150402", NOW), "media_center-150402", NOW, days=90)
    (folder / "center.pem").write_bytes(issued.certificate)
    write_private(folder / "center.key", issued.key)
    return Tls(certificate=folder / "center.pem", key=folder / "center.key")


@pytest.mark.parametrize(("passed", "left"), [(1, 89), (90, 0), (92, -2)])
def test_the_days_of_a_certificate_are_counted(settings: Tls, passed: int, left: int) -> None:
    """Negative where it has expired."""
    assert days_of(settings, NOW + timedelta(days=passed, hours=-1)) == left


def test_what_cannot_be_read_has_no_days(tmp_path: Path) -> None:
    """A center that logs in with a password has no certificate; of a file that is none the transport tells."""
    (tmp_path / "none.pem").write_text("none")
    assert days_of(Tls(), NOW) is None
    assert days_of(Tls(certificate=tmp_path / "none.pem", key=tmp_path / "none.key"), NOW) is None
