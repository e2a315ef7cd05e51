"""``python -m verification.mutants.child NAME LIMIT``: searches for one defect, and prints the finding as one line of
JSON.
"""

import json
import sys

from verification.mutants.defects import DEFECTS
from verification.mutants.finding import look_for

if __name__ == "__main__":
    name, limit = sys.argv[1:]
    print("\n" + json.dumps(look_for(DEFECTS[name], int(limit))._asdict()))  # noqa: T201 - for the parent
