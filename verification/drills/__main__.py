"""``python -m verification.drills``: writes the pages from what the last runs have seen."""

import sys

from verification.drills.page import PAGES, page
from verification.plug_ins import ROOT

for lang, path in PAGES.items():
    path.write_text(page(lang), encoding="utf-8")
    sys.stdout.write(f"{path.relative_to(ROOT)}\n")
