"""Wrong or false envelopes: unknown kinds and majors, other recipients, false senders, places, times, ids.

A message without a valid envelope has no place in a lane, and is parked; an unknown kind in a valid envelope is
refused.
"""

from collections.abc import Callable, Iterator

from verification.corpus.documents import ABOUT_CASES, RULES, good
from verification.corpus.items import ARBITER, ME, OTHER, PEER, Dealer, Json, WireItem, raw

ABSENT = object()
TOO_FAR = 1001
"""A sequence too far ahead of a lane that begins at 1."""


def items(deal: Dealer) -> Iterator[WireItem]:
    """All items of this module."""
    for make in (_attributes, _unknown_kinds, _strangers, _false_senders, _places, _without_a_case):
        yield from make(deal)


ATTRIBUTES: dict[str, list[object]] = {
    "specversion": [ABSENT, None, 1.0, "1", "0.3", "1.1", "2.0", "1.0 ", ["1.0"], {}],
    "id": [ABSENT, None, 17, "", "1", "x" * 36, "01790185-7a00-7000-8000", [], {}, "\u202e"],
    "source": [ABSENT, None, 17, "", "media.center-150402", "media_center-150402\n", "Media_center-150402", "*", [PEER],
               "media_center-15040", "media_center-1504020", "m\u0435dia_center-150402", "media_center‐150402",
               "１media_center-150402", "media_center-150402\x00", "a" * 300],
    "recipient": [ABSENT, None, 17, "", "#", "*", "party.service-150402006", [ME], {"name": ME}, ME + " ", " " + ME,
                  ME.upper(), "p\u0430rty_service-150402006", "party_service-１50402006", ME + "\x00"],
    "time": [ABSENT, None, 17, 1.5, "", "2026-11-23T09:00:00", "2026-11-23", "yesterday", "2026-13-01T00:00:00Z",
             "2026-02-30T00:00:00Z", "2026-11-23T24:01:00Z", "2026-11-23T09:00:61Z", "1899-12-31T23:59:59Z",
             "2200-01-01T00:00:01Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", 1_700_000_000,
             "2026-11-23T09:00:00+25:00", "２026-11-23T09:00:00Z", "-2026-11-23T09:00:00Z", ["x"]],
    "sequence": [ABSENT, None, -1, -(2**31), 2**31, 2**63, 10**19, 1.5, "1", True, [1], {}],
    "causeid": [17, "", "x", [], {}, True],
    "traceparent": [17, "", "00-0-0-0", "00-" + "0" * 32 + "-" + "0" * 16, "00-" + "G" * 32 + "-" + "0" * 16 + "-01",
                    "x" * 5000, [], True],
    "datacontenttype": [None, "", "text/plain", "application/json; charset=gbk", "application/xml", 17, []],
    "subject": [17, "", "x", [], True, "1" * 36],
}  # fmt: skip


def _attributes(deal: Dealer) -> Iterator[WireItem]:
    """One attribute is wrong: no receipt is possible."""
    for name, values in ATTRIBUTES.items():
        for number, value in enumerate(values):
            for rule in RULES:
                document = good(rule, deal)
                document[name] = value
                if value is ABSENT:
                    del document[name]
                yield WireItem(f"envelope: {name}", f"{rule.kind}: {number}", raw(document), "parked:invalid")


SPOILT = (".v0", ".v01", ".v1.0", ".v100", ".V1", ".vx", "", ".v", ".v-1", ".v1 ", ".v1\n")
"""Suffixes of a known kind without a valid major version: the envelope is invalid."""
UNHEARD_OF = ("case.invented.v1", "case.offered.v2", "case.offered.v99", "cases.offered.v1", "case.offer.v1", "x.v1")
"""Well formed, but of an unknown contract: the sender is told."""
NO_TYPE: tuple[object, ...] = (None, 17, "", [], {}, "Case.offered.v1", "case_offered.v1", "../case.offered.v1",
    "case.offered.v1\u202e", "金丝雀.v1", "c" * 5000 + ".v1", "case.offered.v1;x", "org.other.event", True)  # fmt: skip


def _unknown_kinds(deal: Dealer) -> Iterator[WireItem]:
    for rule in RULES:
        for end in SPOILT:
            document = good(rule, deal) | {"type": f"{rule.kind}{end}"}
            yield WireItem(
                "envelope: a major that is none", f"{rule.kind}{end!r}", raw(document), "parked:unknown-kind"
            )
    for rule in ABOUT_CASES:
        for name in (*UNHEARD_OF, f"{rule.kind}.v2", f"{rule.kind}.v9"):
            document = good(rule, deal) | {"type": name}
            yield WireItem(
                "envelope: an unknown kind or major", f"{rule.kind} as {name}", raw(document),
                "refused:unknown-kind", document["id"], document["subject"],
            )  # fmt: skip
        for number, value in enumerate(NO_TYPE):
            document = good(rule, deal) | {"type": value}
            yield WireItem("envelope: no kind", f"{rule.kind}: {number}", raw(document), "parked:unknown-kind")


LOOKALIKES = (OTHER, ARBITER, "party_service-150402", "party_service-150402006001", "party_service-150402007",
    "party_services-150402006", "xparty_service-150402006", "party_service_-150402006", "partyservice-150402006",
    "party_service-150420006", "party_servlce-150402006", "party__service-150402006")  # fmt: skip


def _strangers(deal: Dealer) -> Iterator[WireItem]:
    """Valid messages for another center that arrive here."""
    for rule in RULES:
        for name in LOOKALIKES:
            document = good(rule, deal) | {"recipient": name}
            yield WireItem("envelope: for another", f"{rule.kind}: {name}", raw(document), "parked:wrong-recipient")


FALSE = (OTHER, "media_center-150403", "media_center-150402001", "media_centre-150402", "xmedia_center-150402",
    "mediacenter-150402", "media_center_-150402", "media_cemter-150402")  # fmt: skip


def _false_senders(deal: Dealer) -> Iterator[WireItem]:
    """The transport attests one sender, the envelope names another; or it names the receiver itself."""
    for rule in RULES:
        for name in FALSE:
            document = good(rule, deal) | {"source": name}
            yield WireItem("envelope: a false sender", f"{rule.kind}: {name}", raw(document), "parked:wrong-sender")
        for sender, verdict in ((PEER, "wrong-sender"), (ME, "from-ourselves"), (None, "from-ourselves")):
            document = good(rule, deal) | {"source": ME}
            yield WireItem(
                "envelope: in our own name", f"{rule.kind} by {sender}", raw(document), f"parked:{verdict}",
                sender=sender,
            )  # fmt: skip


def _places(deal: Dealer) -> Iterator[WireItem]:
    """Places in the lane that cannot be taken now, or never."""
    for rule in ABOUT_CASES:
        yield _at(deal, rule.kind, 0, "nowhere in the lane", "parked:no-place-in-a-lane")
        for sequence in (TOO_FAR, TOO_FAR + 1, 999_999):
            yield _at(deal, rule.kind, sequence, "too far ahead", "parked:too-far-ahead")
        for sequence in (2, 3, 400, TOO_FAR - 1):
            yield _at(deal, rule.kind, sequence, "ahead", "held")


def _at(deal: Dealer, kind: str, sequence: int, name: str, verdict: str) -> WireItem:
    rule = next(rule for rule in RULES if rule.kind == kind)
    document = good(rule, deal) | {"sequence": sequence}
    return WireItem(
        f"envelope: {name}", f"{kind}: {sequence}", raw(document), verdict,
        document["id"], document["subject"],
    )  # fmt: skip


def _no_subject(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "subject"}


def _null_subject(document: Json) -> Json:
    return document | {"subject": None}


def _no_data(document: Json) -> Json:
    return _no_subject({name: value for name, value in document.items() if name != "data"})


def _without_a_case(deal: Dealer) -> Iterator[WireItem]:
    spoil: tuple[Callable[[Json], Json], ...] = (_no_subject, _null_subject, _no_data)
    for rule in ABOUT_CASES:
        for number, change in enumerate(spoil):
            document = change(good(rule, deal))
            name = f"{rule.kind}: {number}"
            yield WireItem("envelope: without a case", name, raw(document), "parked:invalid")
