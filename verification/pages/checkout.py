"""The repository from which a page clones: this checkout, as it lies here."""

import shlex

from verification.rooms import ROOT
from verification.services.machine import Machine

ADDRESS = "https://git.county.example/four-center-bus"
"""How the pages call it; a county puts the address that it was given."""
COMMIT = r"""
export GIT_DIR=/srv/four-center-bus.git GIT_CONFIG_GLOBAL=/dev/null
git init --quiet --bare
cd {root}
git --work-tree=. -c safe.directory='*' add --all .
git --work-tree=. -c user.name=test -c user.email=test@localhost commit --quiet -m 'as it lies here'
git config --system url.file:///srv/four-center-bus.git.insteadOf {address}
git config --system --add safe.directory '*'
"""


def publish(machine: Machine) -> None:
    """Let ``ADDRESS`` lead to a repository with one commit: the files of this checkout, committed or not."""
    machine.run(COMMIT.format(root=shlex.quote(str(ROOT)), address=ADDRESS))
