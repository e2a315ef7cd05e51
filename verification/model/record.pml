/* bus/custody/record.py and bus/contract/messages.py: what a center knows of the case, what centers say, and what each may do.
 * Sets of centers, offers and rounds are bit masks. Zero stands for "none" where ids begin at 1.
 */

#define NOBODY 7
#define ORIGIN 0

#define BIT(c)              (1 << (c))
#define HAS(set, c)         (((set) & BIT(c)) != 0)
#define ONES(set)           (((set) & 1) + ((set) >> 1 & 1) + ((set) >> 2 & 1) + ((set) >> 3 & 1) + \
                             ((set) >> 4 & 1) + ((set) >> 5 & 1) + ((set) >> 6 & 1) + ((set) >> 7 & 1))
#define OVERRULED(old, new) ((old) / STEP < (new) / STEP)
#define LANE(from, to)      ((from) * N + (to))
#define LANES               (N * N)

mtype { OFFERED, ACCEPTED, DECLINED, GRANTED, LOST, ASKED_BACK, WITHDRAWN, TO_ARBITER, RULED, ASSIST, RESOLVED,
        CLOSED, REOPENED }
#define OPENS_A_CASE(kind)  (kind == OFFERED || kind == TO_ARBITER || kind == RULED || kind == ASSIST)

typedef Message {
    byte kind;
    byte version;
    byte offer;
    byte who;               /* Granted.to, Ruled.holder, Offered.arbiter, ArbitrationRequested: last of the path */
    byte more;              /* Offered.mode, Accepted.bid, ArbitrationRequested.offered_to and ground */
    byte path;
    byte returners;         /* returns: who sent the case back */
    byte returned;          /* returns: which offers came back */
    byte round
}
#define BY_OPEN_OFFER 1     /* Offered.mode, Accepted.bid */
#define SILENT 128          /* ArbitrationRequested.ground, beside the set offered_to */

#define OPEN_ 0             /* Status */
#define RESOLVED_ 1
#define CLOSED_ 2

typedef Record {
    bool known;             /* there is a record */
    byte holder;
    byte version;
    byte status;
    bool result;
    byte round;
    byte path;
    byte returners;
    byte returned;
    byte arbiter;
    byte out;               /* OfferOut.offer_id */
    bool out_open;
    byte out_version;
    byte pending;
    bool withdrawing;
    byte in;                /* OfferIn.offer_id */
    bool in_open;
    byte in_version;
    byte offerer;
    bool bid;
    byte arbitration;
    byte concerned
}
Record r[N];

#define R r[me]

#define LENT(a)          (r[a].out != 0 || (r[a].arbitration != NOBODY && r[a].holder == a && r[a].arbiter != a))
#define HOLDS(a)         (r[a].known && r[a].holder == a && !LENT(a) && r[a].status == OPEN_)
#define WAITS(a)         (r[a].in != 0 && !r[a].bid)
#define MAY_ASK(a)       (r[a].known && r[a].arbiter != NOBODY && r[a].arbitration == NOBODY && r[a].arbiter != a)
#define MAY_COMPLAIN(a)  (MAY_ASK(a) && HAS(r[a].path, a) && r[a].status == OPEN_ && (r[a].holder != a || r[a].out != 0))
#define MAY_RULE(a)      (r[a].known && r[a].arbiter == a && r[a].status == OPEN_)

/* could_hold, as a ground to wait: no ruling has come for a version in a later thousand; an offer waits here, and not its
 * offerer speaks, nor one who may say a ruling; or the case was offered, and no center that was asked speaks. */
#ifdef JUMP_IS_A_RULING
#define RULING_TO_COME(a) false
#else
#define RULING_TO_COME(a) HAS(r[a].path, a)
#endif
#define MAY_SAY_A_RULING(a, src) (src == r[a].arbiter || src == ORIGIN)
#ifdef ANYBODY_TAKES_AN_OFFER
#define NOT_BY_ONE_ASKED(a, chain) false
#else
#define NOT_BY_ONE_ASKED(a, chain) (r[a].holder == a && LENT(a) && ((chain) & r[a].pending) == 0)
#endif
#ifdef OFFERS_END_BY_HEARSAY
#define ASKED_BY_ANOTHER(a, src) false
#else
#define ASKED_BY_ANOTHER(a, src) (r[a].in != 0 && r[a].offerer != src)
#endif
#define CLAIMS_CUSTODY(aKind, aMore) (aKind == OFFERED || aKind == GRANTED || aKind == ASSIST || aKind == RESOLVED || \
                                      aKind == TO_ARBITER || (aKind == ACCEPTED && aMore == 0))
#define EARLY_NEWS(a, src, v, chain) (r[a].known && v > r[a].version && ( \
    (OVERRULED(r[a].version, v) && !MAY_SAY_A_RULING(a, src) && (ASKED_BY_ANOTHER(a, src) || RULING_TO_COME(a))) || \
    (!OVERRULED(r[a].version, v) && (ASKED_BY_ANOTHER(a, src) || NOT_BY_ONE_ASKED(a, chain)))))

inline clear_out(a) { r[a].out = 0; r[a].out_open = false; r[a].out_version = 0; r[a].pending = 0; r[a].withdrawing = false }
inline clear_in(a)  { r[a].in = 0; r[a].in_open = false; r[a].in_version = 0; r[a].offerer = 0; r[a].bid = false }

/* Scratch of one step: no part of the state. */
hidden byte kind, version, offer, who, more, path, returners, returned, round;      /* the message being taken in */
hidden byte old_version, old_path, old_out, old_pending;                            /* the record before it */
hidden byte superseded, refused, known_before, mine_before;
hidden byte with_path, with_returners, with_returned, with_round;                   /* what the next words enclose */
hidden byte to, a, n, set;
