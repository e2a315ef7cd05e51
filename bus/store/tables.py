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
"""SQLite gives out ids by itself only to an INTEGER key; AUTOINCREMENT keeps it from using one twice."""


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
    Index("cases_by_number", "number"),
    Index("cases_by_status", "status", "changed_ms"),
    Index(
        "cases_offered",
        "offerer",
        sqlite_where=text("offerer IS NOT NULL"),
        postgresql_where=text("offerer IS NOT NULL"),
    ),
)
"""One row per case known here: the custody record as JSON, and what is asked for as columns. ``offerer``: whose offer
of it waits for this center's answer."""

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
"""The key under which a case's rows stand, wrapped by the master key; empty once the case was erased."""

file_keys = Table(
    "file_keys",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("name", LargeBinary, nullable=True),
)
"""The key under which an attached file lies in its folder, wrapped by the master key, and the file's name under it."""

case_files = Table(
    "case_files",
    metadata,
    Column("case_id", CASE_ID, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Index("cases_by_file", "sha256"),
)
"""Which cases name which files."""

links = Table(
    "links",
    metadata,
    Column("system", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("case_id", CASE_ID, nullable=False),
    Index("links_by_case", "case_id"),
)
"""Which record of the center's own system belongs to which case."""

intakes = Table(
    "intakes",
    metadata,
    Column("form", CODE, primary_key=True),
    Column("native_id", String(120), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""What was taken in, by form and the source's own id: a repeat gets the same answer and changes nothing."""

polls = Table(
    "polls",
    metadata,
    Column("name", CODE, primary_key=True),
    Column("cursor", String(500), nullable=False),
)
"""Where the last page ended of what the center's own system is asked for."""

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
"""Messages that are said but not yet receipted by their recipient. ``waiting`` or ``refused``; receipted ones go to
the ``archive``."""

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
"""Receipts owed to peers; forgotten once sent, since a repeat of the message makes a new one."""

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
"""The inbox's memory: which message stood at which place of a lane, and what became of it."""

held = Table(
    "held",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("case_id", CASE_ID, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Messages that came before an earlier one of their lane, kept until it comes."""

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
"""Peers of whom more came than this center takes at once: how many of their messages were put off in all, which quota
the last one would have passed, and when the peer's operator was told."""

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
"""What must be done in the center's own system, in order per case. ``waiting`` or ``parked``. ``said``: before a loss
of this store its commands were carried out and others have heard so; only its links are missing."""

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
"""What nobody but an operator can mend: ``wire`` (bytes), ``desk`` (work), ``peer`` (refused by a peer)."""

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
"""What happened to each case here, one line each, nothing of the resident: did, said, heard, desk, parked, ruled."""

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
"""Who has read what of which resident's case, when and why. Each row holds the digest of the one before, so that none
can be taken out or altered unseen; never pruned."""

attachments = Table(
    "attachments",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("name", String(200), nullable=True),
    Column("at_ms", BigInteger, nullable=False),
)
"""Which files are kept in the center's attachment folder, by their hash."""

attachments_came = Table(
    "attachments_came",
    metadata,
    Column("came", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
)
"""Of photos that were kept without what the camera told: the hash of what came, and of what is kept."""

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
"""What was ``said`` and receipted, and what was ``heard``, as it travelled: from it a peer whose store was put back
learns what it has forgotten. Pruned by age; the memory of places (``applied``, ``lanes``) is not. ``receipt``: the row
of ``receipts_heard`` in which its recipient vouches for it."""

receipts_heard = _rows(
    "receipts_heard",
    Column("peer", CENTER, nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("receipts_heard_by_age", "at_ms"),
)
"""Receipts as they were signed, to be shown when a recipient denies what it has said. Pruned with the archive."""

vouching_peers = Table(
    "vouching_peers", metadata, Column("peer", CENTER, primary_key=True), Column("since_ms", BigInteger, nullable=False)
)
"""The peers that have said in a receipt for which bytes they vouch. A peer that stops is told of."""

directories = Table(
    "directories",
    metadata,
    Column("operator", String(64), primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""For each county operator's key (its SHA-256) the newest directory that was in use here: an older one is refused."""

eras = Table(
    "eras",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("era", Integer, nullable=False),
    Column("recovery", String(36), nullable=False, default=""),
)
"""The era in which a peer speaks, where it is not the first: what it said in an older one no longer counts."""

pages_owed = Table(
    "pages_owed",
    metadata,
    Column("peer", CENTER, primary_key=True),
    Column("recovery", String(36), nullable=False),
    Column("cursor", CODE, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
)
"""Which page of the archive a peer has asked for last; forgotten once sent, since it asks again."""

directory_marks = Table(
    "directory_marks",
    metadata,
    Column("center", CENTER, primary_key=True),
    Column("marks", Text, nullable=False),
    Column("serial", Integer, nullable=False),
)
"""What directories in use here have said of each center beside its keys, as a JSON list; ``serial``: the last that said
anything of it."""

recoveries = Table(
    "recoveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("era", Integer, nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)
"""Each time that this store was put back to a backup. The newest one's era is that in which this center speaks; one
that was begun anew before it ended has no end."""

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
"""Who is asked in the recovery that goes on, or was in the last: ``asked``, ``told`` or ``excused``; how far it has
told, and the beginning of a message that is told over several pages."""

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
"""What the peers have told that is younger than the backup. ``way`` as we see it: ``said`` by us, ``heard`` from the
peer. Emptied when the cases are rebuilt."""

leases = Table(
    "leases",
    metadata,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""Which process has the store for its own, and until when (``bus/store/leases.py``)."""
