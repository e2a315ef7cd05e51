"""The tables. Times are whole milliseconds since 1970, UTC: they sort and compare alike in every database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite assigns ids only to an INTEGER key; AUTOINCREMENT prevents their reuse."""


def _rows(name: str, *columns: Column[object] | UniqueConstraint | Index) -> Table:
    return Table(
        name, metadata, Column("id", RowId, primary_key=True, autoincrement=True), *columns, sqlite_autoincrement=True
    )


CASE_ID = String(36)
CENTER = String(60)
KIND = String(64)
CODE = String(64)
DIGEST = LargeBinary(32)
"""SHA-256 of a message's document; null in rows of a version that did not keep it."""

cases = Table(
    "cases",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("number", String(64), nullable=False),
    Column("origin", CENTER, nullable=False),
    Column("holder", CENTER, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("sensitive", Boolean, nullable=False, default=False, server_default=false()),
    Column("record", Text, nullable=False),
    Column("offerer", CENTER, nullable=True),
    Column("due_ms", BigInteger, nullable=True),
    Column("resolved_ms", BigInteger, nullable=True),
    Column("closed_ms", BigInteger, nullable=True),
    Column("reopened_ms", BigInteger, nullable=True),
    Column("rated_ms", BigInteger, nullable=True),
    Column("grade", Integer, nullable=True),
    Column("outcome", String(16), nullable=True),
    Column("instant", Boolean, nullable=True),
    Column("hand_overs", Integer, nullable=True),
    Column("division", String(12), nullable=True),
    Column("project", String(120), nullable=True),
    Column("claimed_ms", BigInteger, nullable=True),
    Column("taken_ms", BigInteger, nullable=True),
    Column("contacted_ms", BigInteger, nullable=True),
    Column("first_right", Boolean, nullable=True),
    Column("called_back_ms", BigInteger, nullable=True),
    Column("solved", Boolean, nullable=True),
    Column("answered_again_ms", BigInteger, nullable=True),
    Column("category", CODE, nullable=True),
    Column("street", String(12), nullable=True),
    Column("offered_ms", BigInteger, nullable=True),
    Index("cases_by_number", "number"),
    Index("cases_by_status", "status", "changed_ms"),
    Index(
        "cases_offered",
        "offerer",
        sqlite_where=text("offerer IS NOT NULL"),
        postgresql_where=text("offerer IS NOT NULL"),
    ),
    Index("cases_by_opened", "opened_ms", "case_id"),
    *(
        Index(name, *columns, "case_id", sqlite_where=text(some), postgresql_where=text(some))
        for name, columns, some in (
            ("cases_by_category", ("category", "opened_ms"), "category IS NOT NULL"),
            ("cases_by_street", ("street", "opened_ms"), "street IS NOT NULL"),
            ("cases_overdue", ("status", "due_ms"), "status = 'open' AND due_ms IS NOT NULL"),
            ("cases_going_round", ("status", "version"), "status = 'open' AND version >= 5"),
            ("cases_unanswered", ("offered_ms",), "offered_ms IS NOT NULL"),
            ("cases_older", (), "category IS NULL"),
        )
    ),
    Index("cases_by_ending", text("substr(case_id, 30)")),
)
"""One row per case known here: the custody record as JSON, and its searchable columns. ``offerer``: the center whose
offer of the case waits for this center's answer. From ``due_ms`` on: what figures count of the case's first round
(``bus/figures/facts.py``); from ``category`` on: by what a console finds it, ``offered_ms`` since when no center has
answered this one's offer. The category of a row that an older program has written is null until housekeeping has filled
all of them."""

case_count = Table(
    "case_count",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("known", BigInteger, nullable=False),
)
"""How many cases are known here: the sum of all rows."""

case_keys = Table(
    "case_keys",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("erased_ms", BigInteger, nullable=True),
)
"""The key that encrypts a case's rows, wrapped by the master key; empty once the case was erased."""

file_keys = Table(
    "file_keys",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("name", LargeBinary, nullable=True),
)
"""The key that encrypts an attached file, wrapped by the master key, and the file's name encrypted with it."""

case_files = Table(
    "case_files",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Index("cases_by_file", "sha256"),
)
"""The files that each case names."""

links = Table(
    "links",
    metadata,
    Column("system", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("case_id", CASE_ID, nullable=False),
    Index("links_by_case", "case_id"),
)
"""The link from a record of the center's own system to its case."""

opinions = Table(
    "opinions",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("rater", String(16), primary_key=True),
    Column("mark", String(32), primary_key=True),
    Column("grade", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Ratings of others than the resident, for the figures of this center's own cases. ``mark``: a digest of case and
pseudonym, so that nobody is followed from one case to another; empty for the one rating that stands in the record."""

activities = Table(
    "activities",
    metadata,
    Column("system", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("held_ms", BigInteger, nullable=False),
    Column("division", String(12), nullable=False),
)
"""What organisations have done together: no cases. Each counts once, however many have reported it."""

activity_hosts = Table(
    "activity_hosts",
    metadata,
    Column("system", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("host", String(60), primary_key=True),
)
"""The organisations that held each activity."""

intakes = Table(
    "intakes",
    metadata,
    Column("form", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Accepted forms, by form and the source's own id: a repeat gets the same answer and changes nothing."""

early_forms = Table(
    "early_forms",
    metadata,
    Column("form", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("system", CODE, nullable=False),
    Column("record", String(120), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("early_forms_by_record", "system", "record"),
)
"""Accepted forms about a record of the center's own system that is not registered yet: they wait for it."""

polls = Table(
    "polls",
    metadata,
    Column("name", CODE, primary_key=True),
    Column("cursor", String(500), nullable=False),
)
"""The cursor of each poll of the center's own system."""

counters = Table(
    "counters", metadata, Column("name", CODE, primary_key=True), Column("value", BigInteger, nullable=False)
)
"""Running numbers for people."""

lanes = Table(
    "lanes",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("sent", Integer, nullable=False, default=0),
    Column("applied", Integer, nullable=False, default=0),
)
"""Per peer and case: the last sequence sent to it and the last applied from it. Never pruned before the case."""

outbox = _rows(
    "outbox",
    Column("message_id", String(36), nullable=False, unique=True),
    Column("recipient", CENTER, nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", KIND, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("trouble", CODE, nullable=False, default=""),
    Column("digest", DIGEST, nullable=True),
    Index("outbox_due", "state", "next_ms", "id"),
    Index("outbox_by_case", "case_id"),
)
"""Messages without a receipt. ``waiting`` or ``refused``; receipted ones go to the ``archive``."""

receipts = _rows(
    "receipts",
    Column("peer", CENTER, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("code", CODE, nullable=True),
    Column("digest", DIGEST, nullable=True),
    Column("next_ms", BigInteger, nullable=False),
    Index("receipts_due", "next_ms", "id"),
)
"""Receipts owed to peers; deleted once sent, since a repeat of the message makes a new one."""

errors = _rows(
    "errors",
    Column("peer", CENTER, nullable=False),
    Column("code", CODE, nullable=False),
    Column("text", String(200), nullable=False),
    Column("about", String(36), nullable=True),
    Column("digest", String(64), nullable=True),
    Column("next_ms", BigInteger, nullable=False),
)
"""Error messages owed to peers, for their operators."""

applied = Table(
    "applied",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("message_id", String(36), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("code", CODE, nullable=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("digest", DIGEST, nullable=True),
)
"""The inbox's memory: the message at each place of a lane, and its outcome."""

held = Table(
    "held",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Messages that came before an earlier one of their lane, held back until it comes."""

put_off = Table(
    "put_off",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("quota", CODE, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
)
"""Peers that exceeded a quota: the number of messages put off in all, the quota that the last one would have exceeded,
and when the peer's operator was told."""

work = _rows(
    "work",
    Column("message_id", String(36), nullable=False, unique=True),
    Column("case_id", CASE_ID, nullable=False),
    Column("source", CENTER, nullable=False),
    Column("kind", KIND, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("reason", CODE, nullable=False, default=""),
    Column("said", Boolean, nullable=False, default=False, server_default=false()),
    Index("work_due", "state", "next_ms", "id"),
    Index("work_by_case", "case_id", "id"),
)
"""Tasks for the center's own system, in order per case. ``waiting`` or ``parked``. ``said``: its commands were carried
out and heard by others before this store was lost; only its links are missing."""

parked = _rows(
    "parked",
    Column("place", String(16), nullable=False),
    Column("code", CODE, nullable=False),
    Column("hint", String(300), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("peer", CENTER, nullable=True),
    Column("case_id", CASE_ID, nullable=True),
    Column("message_id", String(36), nullable=True),
    Column("body", LargeBinary, nullable=True),
    Column("owner", CENTER, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    UniqueConstraint("place", "digest", name="parked_once"),
    Index("parked_by_message", "message_id"),
)
"""Items that only an operator can mend: ``wire`` (bytes), ``desk`` (tasks), ``peer`` (refused by a peer)."""

journal = _rows(
    "journal",
    Column("case_id", CASE_ID, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("way", String(16), nullable=False),
    Column("kind", KIND, nullable=False),
    Column("peer", CENTER, nullable=False),
    Column("message_id", String(36), nullable=True),
    Column("holder", CENTER, nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", CODE, nullable=False, default=""),
    Index("journal_by_case", "case_id", "id"),
)
"""The journal of each case, one line an event, nothing of the resident: did, said, heard, desk, parked, ruled."""

accesses = _rows(
    "accesses",
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String(64), nullable=False),
    Column("what", String(64), nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Column("why", String(200), nullable=False),
    Column("before", DIGEST, nullable=False, unique=True),
    Column("digest", DIGEST, nullable=False),
)
"""The access log: which person read which resident's case, or did what at the operators' door, when and why; of an
operation ``case_id`` is the operation's id. Each row holds the digest of the one before,
so no row can be removed or altered unseen; never pruned."""

attachments = Table(
    "attachments",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("name", String(200), nullable=True),
    Column("at_ms", BigInteger, nullable=False),
)
"""The files in the center's attachment folder, by their hash."""

attachments_came = Table(
    "attachments_came",
    metadata,
    Column("came", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
)
"""Photos stored without EXIF metadata: the hash as received, and the hash as stored."""

archive = _rows(
    "archive",
    Column("way", String(16), nullable=False),
    Column("peer", CENTER, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", KIND, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("code", CODE, nullable=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("digest", DIGEST, nullable=True),
    Column("receipt", BigInteger, nullable=True),
    Index("archive_by_peer", "peer", "id"),
    Index("archive_by_age", "at_ms"),
)
"""Messages ``said`` and receipted, or ``heard``, as they travelled. From it a peer restored from a backup learns what
it has forgotten. Pruned by age; the memory of places (``applied``, ``lanes``) is not. ``receipt``: the row of
``receipts_heard`` in which the recipient vouches for it."""

receipts_heard = _rows(
    "receipts_heard",
    Column("peer", CENTER, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("receipts_heard_by_age", "at_ms"),
)
"""Signed receipts, as proof against a recipient that denies them. Pruned with the archive."""

vouching_peers = Table(
    "vouching_peers", metadata, Column("peer", CENTER, primary_key=True), Column("since_ms", BigInteger, nullable=False)
)
"""The peers whose receipts carry digests. A peer that stops is reported."""

directories = Table(
    "directories",
    metadata,
    Column("operator", String(64), primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""The newest directory in use here, for each county operator's key (its SHA-256): an older one is refused."""

eras = Table(
    "eras",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("era", Integer, nullable=False),
    Column("recovery", String(36), nullable=False, default=""),
)
"""The epoch of each peer that is not in its first: what it said in an older one no longer counts."""

pages_owed = Table(
    "pages_owed",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("recovery", String(36), nullable=False),
    Column("cursor", CODE, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
)
"""The page of the archive that a peer has asked for last; deleted once sent, since the peer asks again."""

directory_marks = Table(
    "directory_marks",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("marks", Text, nullable=False),
    Column("serial", Integer, nullable=False),
)
"""The marks of each center in directories used here, as a JSON list; ``serial``: the last directory that marked it."""

recoveries = Table(
    "recoveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("era", Integer, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)
"""Each restore of this store from a backup. The newest one's epoch is this center's; one begun anew before its end has
no end."""

recovery_peers = Table(
    "recovery_peers",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("cursor", CODE, nullable=False),
    Column("partial", LargeBinary, nullable=False, default=b""),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
)
"""The peers of the current or last recovery: ``asked``, ``told`` or ``excused``; their progress, and the beginning of a
message that is told over several pages."""

recovery_told = Table(
    "recovery_told",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("message_id", String(36), primary_key=True),
    Column("way", String(16), nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("verdict", String(16), nullable=True),
    Column("code", CODE, nullable=True),
    Index("recovery_told_by_case", "case_id"),
)
"""Messages that peers have told and that are younger than the backup. ``way`` as this center sees it: ``said`` by it,
``heard`` from the peer. Emptied when the cases are rebuilt."""

leases = Table(
    "leases",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""The process that holds the store, and until when (``bus/store/leases.py``)."""

facts_untold = _rows(
    "facts_untold",
    Column("at_ms", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("states", LargeBinary, nullable=False),
)
"""What the county's ledger has not been told yet: labels, moments and grades. Empty where no ledger is named."""

facts_asked = Table(
    "facts_asked",
    metadata,
    Column("ledger", CENTER, primary_key=True),
    Column("after", String(36), nullable=False),
)
"""The ledger that has asked for the state of every case, and the last case that it was told; empty: none yet."""

facts_refused = Table(
    "facts_refused",
    metadata,
    Column("ledger", CENTER, primary_key=True),
    Column("code", CODE, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("edition", String(100), nullable=False),
    Column("tried_ms", BigInteger, nullable=False),
)
"""The ledger that takes no facts, why, since when, by which directory it was told, and when one message was tried
again; empty: it takes them."""

ledger_facts = _rows(
    "ledger_facts",
    Column("center", CENTER, nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("way", String(64), nullable=False),
    Column("kind", KIND, nullable=True),
    Column("peer", CENTER, nullable=True),
    Column("message_id", String(36), nullable=True),
    Column("code", CODE, nullable=True),
    Column("holder", CENTER, nullable=False),
    Column("version", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Index("ledger_facts_by_case", "case_id", "center", "id"),
    Index(
        "ledger_facts_by_message",
        "message_id",
        postgresql_where=text("message_id IS NOT NULL"),
        sqlite_where=text("message_id IS NOT NULL"),
    ),
    Index("ledger_facts_by_time", "at_ms"),
)
"""What centers have told the ledger that this store is of: one line a fact, in each center's own order."""

ledger_states = Table(
    "ledger_states",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("origin", CENTER, nullable=False),
    Column("holder", CENTER, nullable=False),
    Column("version", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String(64), nullable=False),
    Column("category", CODE, nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("division", String(9), nullable=True),
    Column("project", String(36), nullable=True),
    Column("offered_to", Text, nullable=False, default=""),
    Column("offered_ms", BigInteger, nullable=True),
    Column("sign_by_ms", BigInteger, nullable=True),
    Column("due_ms", BigInteger, nullable=True),
    Column("resolved_ms", BigInteger, nullable=True),
    Column("closed_ms", BigInteger, nullable=True),
    Column("reopened_ms", BigInteger, nullable=True),
    Column("rated_ms", BigInteger, nullable=True),
    Column("claimed_ms", BigInteger, nullable=True),
    Column("taken_ms", BigInteger, nullable=True),
    Column("contacted_ms", BigInteger, nullable=True),
    Column("first_right", Boolean, nullable=True),
    Column("called_back_ms", BigInteger, nullable=True),
    Column("solved", Boolean, nullable=True),
    Column("answered_again_ms", BigInteger, nullable=True),
    Column("grade", Integer, nullable=True),
    Column("outcome", CODE, nullable=True),
    Column("instant", Boolean, nullable=True),
    Column("hand_overs", Integer, nullable=True),
    Column("told_ms", BigInteger, nullable=False),
    Column("waits", Text, nullable=False, default=""),
    Column("look_ms", BigInteger, nullable=True),
    Index("ledger_states_by_case", "case_id"),
    Index("ledger_states_to_look_at", "look_ms", postgresql_where=text("look_ms IS NOT NULL"),
          sqlite_where=text("look_ms IS NOT NULL")),
    Index("ledger_states_by_project", "project", postgresql_where=text("project IS NOT NULL"),
          sqlite_where=text("project IS NOT NULL")),
    Index("ledger_states_by_opened", "opened_ms"),
    # of all rows: PostgreSQL takes center = origin for rare, and would read such an index for every figure
    Index("ledger_states_by_status", "status", "opened_ms", "case_id"),
    *(Index(f"ledger_states_by_{name}", name, "status", "opened_ms", "case_id") for name in ("holder", "origin")),
    Index("ledger_states_by_ending", text("substr(case_id, 30)")),
    *(
        Index(f"ledger_states_by_{name}", f"{name}_ms", postgresql_where=text(f"{name}_ms IS NOT NULL"),
              sqlite_where=text(f"{name}_ms IS NOT NULL"))
        for name in ("due", "resolved", "closed", "reopened", "rated", "claimed", "taken", "called_back")
    ),
)  # fmt: skip
"""Each case as each center's record has it. By each of its moments, for what happened on one day. ``waits``: what the
center waits for, as JSON. ``look_ms``: when the next of its dates is over."""

ledger_offers = Table(
    "ledger_offers",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("recipient", CENTER, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("offered_ms", BigInteger, nullable=False),
    Column("sign_by_ms", BigInteger, nullable=True),
    Column("answered_ms", BigInteger, nullable=True),
    Column("declined", Boolean, nullable=False),
    Column("reason", CODE, nullable=True),
    Index("ledger_offers_by_offered", "offered_ms"),
    Index("ledger_offers_by_sign_by", "sign_by_ms"),
    Index("ledger_offers_by_answered", "answered_ms"),
)
"""Each offer that its sender has told, and its answer; ``recipients``: how many were asked."""

ledger_cells = Table(
    "ledger_cells",
    metadata,
    Column("part", String(40), primary_key=True),
    Column("scope", String(80), primary_key=True),
    Column("cohort_day", Integer, primary_key=True),
    Column("event_day", Integer, primary_key=True),
    Column("value", Integer, primary_key=True),
    Column("teller", CENTER, primary_key=True),
    Column("cases", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Kept sums of a ledger (``bus/figures/cells.py``); ``teller``: empty for its own, else the ledger below."""

ledger_totals = Table(
    "ledger_totals",
    metadata,
    Column("part", String(40), primary_key=True),
    Column("cohort_day", Integer, primary_key=True),
    Column("value", Integer, primary_key=True),
    Column("cases", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Of a ledger's own kept sums of the county: each cohort with the events of all days."""

ledger_sums_untold = Table(
    "ledger_sums_untold",
    metadata,
    Column("part", String(40), primary_key=True),
    Column("scope", String(80), primary_key=True),
    Column("cohort_day", Integer, primary_key=True),
    Column("event_day", Integer, primary_key=True),
    Column("value", Integer, primary_key=True),
)
"""The cells that the ledger above has not been told since they changed."""

ledger_carried = Table(
    "ledger_carried",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("recipient", CENTER, primary_key=True),
    Column("sender", CENTER, nullable=False),
    Column("kind", KIND, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ledger_carried_by_place", "place"),
    Index("ledger_carried_by_time", "at_ms"),
)
"""Labels of messages about cases, as the broker's journal has them; ``place``: the offset in the stream."""

ledger_reckoning = Table(
    "ledger_reckoning",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reckoning", String(200), nullable=False),
)
"""By what reckoning the cells were counted; one row."""

ledger_centers = Table(
    "ledger_centers",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("told_ms", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("differing", Integer, nullable=False, default=0),
    Column("why", String(16), nullable=True),
    Column("ask_ms", BigInteger, nullable=True),
    Column("day_ms", BigInteger, nullable=False, default=0),
    Column("day_rows", Integer, nullable=False, default=0),
    Index("ledger_centers_to_ask", "ask_ms"),
)
"""The centers that tell this ledger. ``epoch``: that of their last message. ``since_ms``: when they told first.
``differing``: cases of which the last answer said something else than the ledger had. ``why``, ``ask_ms``: why the
state of every case is asked for, and when next; empty: it is known. ``day_ms``, ``day_rows``: what its quota has
counted since."""

timers = Table(
    "timers",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("next_ms", BigInteger, nullable=False),
    Index("timers_due", "next_ms"),
)
"""When the clocks look at each case next. It follows from the records; while the clocks are off it is not kept."""

clock_state = Table(
    "clock_state",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("back_ms", BigInteger, nullable=False),
    Column("away_ms", BigInteger, nullable=False),
    Column("goes", Integer, nullable=False),
)
"""One row while the clocks are on: when they ran last, by which rules all timers were set (empty: look at all again),
since when and after how long a downtime they catch up (0: they do not), and how often an operator has said go."""

audit_touched = _rows(
    "audit_touched",
    Column("center", CENTER, nullable=False),
    Column("case_id", CASE_ID, nullable=False),
    Index("audit_touched_by_center", "center", "id"),
    Index("audit_touched_by_case", "case_id"),
)
"""The cases of which this ledger has been told something since the auditor has looked at them, and by whom."""

audit_centers = Table(
    "audit_centers",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("reached_ms", BigInteger, nullable=False),
)
"""How far each center has told: from which fact on, and since when, nothing is missing; the moment of its latest fact,
by its own clock."""

audit_clocks = Table(
    "audit_clocks",
    metadata,
    Column("ahead", CENTER, primary_key=True),
    Column("behind", CENTER, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("by_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("message_id", String(36), nullable=False),
)
"""By how much the latest message of one center to another was heard before it was said; less than 0: after it."""

audit_mark = Table(
    "audit_mark",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("back_ms", BigInteger, nullable=False),
    Column("swept", String(36), nullable=False),
)
"""One row: when the auditor looked last, since when it is back from a downtime, and the last case of its slow walk over
all of them."""

findings = _rows(
    "findings",
    Column("code", CODE, nullable=False),
    Column("subject", String(125), nullable=False),
    Column("detail", String(125), nullable=False),
    Column("center", CENTER, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("noticed_ms", BigInteger, nullable=False),
    Column("opens_ms", BigInteger, nullable=False),
    Column("look_ms", BigInteger, nullable=True),
    Column("opened_ms", BigInteger, nullable=True),
    Column("cleared_ms", BigInteger, nullable=True),
    Column("evidence", Text, nullable=False),
    Column("pair", String(125), nullable=False, default=""),
    Column("more", Integer, nullable=False, default=0),
    Index("findings_by_pair", "pair", "cleared_ms"),
    Index("findings_by_subject", "subject", "cleared_ms"),
    Index("findings_to_look_at", "look_ms"),
    Index("findings_uncleared", "cleared_ms", "code", "center", "noticed_ms"),
)
"""What the auditor has found. Without ``opened_ms`` it is only watched: it may be the usual delay. A watched row that
heals is deleted, an open one gets ``cleared_ms``. ``look_ms``: when its case is looked at again. ``pair``: the centers
by which it is bounded. ``more``: for how many it stands that were not kept."""

staff_commands = Table(
    "staff_commands",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("digest", DIGEST, nullable=False),
    Column("key_id", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("answer", Text, nullable=True),
    Index("staff_commands_by_time", "at_ms"),
)
"""The commands that were carried out for persons on duty, so that none is carried out twice. ``answer``: what was
answered, as JSON; null where it is read anew."""

refused_commands = Table(
    "refused_commands",
    metadata,
    Column("key_id", String(80), primary_key=True),
    Column("code", CODE, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
)
"""Refused commands, counted by key and code; ``told_ms``: when the journal had a line of it last."""

operations_asked = Table(
    "operations_asked",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("peer", CENTER, nullable=False),
    Column("command", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("operations_asked_by_time", "at_ms"),
)
"""The signed commands that were carried here over the bus and are not answered yet."""

operations_carried = Table(
    "operations_carried",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("center", CENTER, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("status", Integer, nullable=True),
    Column("answer", Text, nullable=True),
    Index("operations_carried_by_time", "at_ms"),
)
"""The commands that this ledger carries to centers, and their answers."""

operations = Table(
    "operations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("act", CODE, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("run_by", String(80), nullable=True),
    Column("why", CODE, nullable=False),
    Column("what", Text, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("size", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("again", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("code", CODE, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("operations_by_state", "state", "made_ms"),
)
"""What persons on duty have set going: the frozen set's size, how many items are done, and how many of these were
parked again or refused. ``what``: the other fields of the command, as JSON."""

operation_items = Table(
    "operation_items",
    metadata,
    Column("operation_id", String(36), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("item", String(64), nullable=False),
    Column("outcome", String(16), nullable=True),
    Column("code", CODE, nullable=True),
    Column("message_id", String(36), nullable=True),
)
"""The frozen set of each operation, in its order. ``message_id``: what is on its way because of it."""

parked_marks = Table(
    "parked_marks",
    metadata,
    Column("parked_id", RowId, primary_key=True, autoincrement=False),
    Column("held_by", String(80), nullable=True),
    Column("note", CODE, nullable=True),
    Column("noted_by", String(80), nullable=True),
)
"""What persons have written beside parked items."""

paused = Table(
    "paused",
    metadata,
    Column("what", String(8), primary_key=True),
    Column("name", CODE, primary_key=True),
    Column("paused_by", String(80), nullable=False),
    Column("why", CODE, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Peers and kinds of message (``peer``, ``kind``) that persons have paused."""

console_people = Table(
    "console_people",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", String(200), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)
"""The persons who may sign in to a console; ``password``: its argon2 hash."""

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("token", DIGEST, primary_key=True),
    Column("person", String(40), nullable=False),
    Column("form_token", String(64), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index("console_sessions_by_person", "person"),
)
"""Who is signed in. ``token``: the digest of what the browser keeps; ``form_token``: what its forms send along."""

console_failures = Table(
    "console_failures",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
"""Failed tries to sign in since the last success: by name, and by address."""

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", DIGEST, nullable=False),
    Column("cleared_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", CODE, nullable=False),
    Column("about", String(200), nullable=False),
    Column("place", CODE, nullable=False),
    Column("cause", CODE, nullable=False),
    Column("peer", CENTER, nullable=False),
    Column("source", String(16), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("gone_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("told", String(16), nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    Column("acknowledged_by", String(40), nullable=False),
    Column("acknowledged_ms", BigInteger, nullable=False),
    Index("incidents_by_key", "key", "cleared_ms", unique=True),
    Index("incidents_by_end", "cleared_ms", "id"),
)
"""Incidents of a console. ``cleared_ms``: 0 while it lasts, so that a finding has one incident at a time."""

notices = _rows(
    "notices",
    Column("notice_id", String(36), nullable=False),
    Column("receiver", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("trouble", String(200), nullable=False),
    Index("notices_by_receiver", "receiver", "due_ms"),
)
"""What a receiver of alarms is still to be told of incidents."""

console_marks = Table(
    "console_marks",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""The newest entry of the center's access log that a console has seen, and its digest: kept apart from that log, so
that one whose end was cut off is noticed. One row."""
