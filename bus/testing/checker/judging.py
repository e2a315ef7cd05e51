"""The judge: every rule that the reading allows, over one county's evidence."""

from collections.abc import Sequence

from bus.testing.checker.evidence import Evidence, Finding, When


def check(evidence: Evidence, when: When) -> list[Finding]:
    """Everything that breaks a rule, in the order of the rules. Excused findings are among them: see ``wrong``."""
    raise NotImplementedError


def wrong(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that nothing excuses: a promise is broken."""
    return [finding for finding in findings if not finding.excuse]
