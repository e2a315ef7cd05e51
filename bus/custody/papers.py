"""Papers (材料清单): which of them are there, and which the resident must still hand in. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bus.contract import messages as k
from bus.custody.casework import MOST_PAPERS, ListedPaper, NotedPaper
from bus.custody.record import Decision, Record, Refusal, notify_path

SUPPLEMENT = "supplement"
"""The stage of progress that says: papers are missing, and the resident is asked for them (补正). The holder waits
lawfully."""
COMPLETE = "papers-complete"
"""The stage of progress that says: nothing is missing any more."""
UNNAMED = "请补交材料，缺哪些由承办单位告知 / papers are missing; the center that has the case tells which"
"""What is said of a sensitive case: the name of a paper may tell of an illness."""


def missing(record: Record) -> tuple[str, ...]:
    """The titles of the papers that are not there."""
    return tuple(paper.title for paper in record.papers if not paper.there)


def checked(record: Record, papers: Sequence[ListedPaper], now: datetime) -> Decision:
    """The list after a look at these papers; a paper of a known title is not listed twice, and of a title that is named
    twice the last word counts. Former holders, and with them the resident, are told what is missing; of a look that
    changes nothing, nobody is told.

    Raises ``Refusal``."""
    known = {paper.title: paper for paper in record.papers}
    for paper in {paper.title: paper for paper in papers}.values():
        if paper.title not in known or known[paper.title].there is not paper.there:
            known[paper.title] = NotedPaper(title=paper.title, there=paper.there, since=now)
    if len(known) > MOST_PAPERS:
        raise Refusal("too-many-papers", f"one case has at most {MOST_PAPERS} papers: name several as one")
    after = record.with_(papers=tuple(known.values()))
    if after.papers == record.papers:
        return Decision(record)
    wanted = missing(after)
    text = "材料已齐 / all papers are there" if not wanted else UNNAMED if record.case.sensitive else _asks(wanted)
    stage = SUPPLEMENT if wanted else COMPLETE
    return Decision(after, notify_path(after, k.Progressed(version=record.version, stage=stage, text=text)))


def _asks(wanted: Sequence[str]) -> str:
    return f"请补交：{'、'.join(wanted)} / please hand in: {', '.join(wanted)}"
