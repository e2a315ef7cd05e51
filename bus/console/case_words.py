"""Words of the pages about cases."""

from bus.bilingual import Bilingual
from bus.contract.messages import Ground
from bus.custody import Status

STATES = tuple(one.value for one in Status)
GROUNDS = {
    Ground.RETURNED: Bilingual("多次退回", "returned again and again"),
    Ground.SILENT: Bilingual("无人应答", "nobody answers"),
    Ground.DISPUTED: Bilingual("有争议", "disputed"),
}
"""Why the arbiter is asked."""
