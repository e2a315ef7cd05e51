/* The road: bus/pipeline/relay.py, bus/pipeline/receive.py and bus/store/{outbox,inbox}.py, for one case.
 *
 * A lane is what one center says to another. Each message has a place in its lane, which keeps what the two stores
 * know of it (durable) and whether copies of it, or of its receipt, are on the road (repeated or lost at any moment).
 * Every step is one transaction, or one act of the network. A crash between two transactions of a center shows as one
 * of these acts: a copy that was not acked comes again; a message that was sent and not marked is sent again.
 *
 * The including file gives LANES, DEPTH, what is said (typedef Message, COPY_OUT) and hear(l, i), which applies the
 * message at place i of lane l, or sets `early` where that must wait (unknown-case).
 */

typedef Place {
    bool waiting;   /* in the sender's outbox: no receipt has come */
    bool road;      /* one copy or more on the road */
    bool held;      /* held back at the recipient until an earlier one comes */
    bool owed;      /* the recipient owes a receipt */
    bool back;      /* one receipt or more on the road */
    bool known;     /* only for faults */
    Message m
}

typedef Lane {
    byte sent;      /* outbox.next_sequences */
    byte applied;   /* inbox.applied_marks */
    Place at[DEPTH]
}

Lane lane[LANES];
bool mischief;      /* the last step was one that a fair network and healthy centers take only finitely often */
hidden byte early, place;

#define L lane[l]
#define P lane[l].at[i]

/* Page.write: the outbox row is part of the transaction that decided. COPY_OUT fills in the message. */
inline lay_out(l) {
    assert(L.sent < DEPTH);
    COPY_OUT(L.at[L.sent].m);
    L.at[L.sent].waiting = true;
    L.sent++
}

/* accept._place, _apply, _repeat, _release */
inline arrive(l, i) {
    if
#ifdef NO_SEQUENCE
    :: P.known -> P.owed = true
    :: else -> hear(l, i); P.known = true; P.owed = true; L.applied++
#else
    :: i < L.applied ->
#ifdef NO_DEDUPE
        hear(l, i);
#endif
#ifndef NO_RECEIPT_RESEND
        P.owed = true
#else
        skip
#endif
    :: i > L.applied ->
        P.held = true
#ifdef HELD_IN_MEMORY
        ; P.owed = true
#endif
    :: i == L.applied ->
        P.held = true;
        do
        :: L.applied == DEPTH -> break
        :: L.applied < DEPTH && !L.at[L.applied].held -> break
        :: else ->
            place = L.applied;
            L.at[place].held = false;
            early = false;
            hear(l, place);
            if
            :: early -> break   /* parked without a receipt: it comes again */
            :: else ->
                L.at[place].owed = true;
                L.applied++
            fi
        od;
        early = false;
        place = 0
#endif
    fi
}

/* What neither store nor road holds is over; nothing reads it again. */
inline forget(l, i) {
    if
    :: !P.waiting && !P.road && !P.held -> CLEAR(P.m)
    :: else
    fi
}

/* relay: a row of the outbox is sent until its receipt comes. */
proctype Relay(byte l; byte i) {
end: do
#ifdef NO_RESEND
    :: d_step { P.waiting && !P.known -> P.known = true; P.road = true; mischief = false }
#else
    :: d_step { P.waiting && !P.road -> P.road = true; mischief = false
#ifdef DELETE_AT_CONFIRM
        ; P.waiting = false
#endif
       }
#endif
    od
}

/* accept, and the delivery acked after its commit. */
proctype Accept(byte l; byte i; byte me; byte src) {
end: do
    :: d_step { P.road -> P.road = false; arrive(l, i); forget(l, i); mischief = false }
    od
}

/* relay of a receipt; accept._take_receipts at the other end. */
proctype Receipt(byte l; byte i) {
end: do
    :: d_step { P.owed -> P.owed = false; P.back = true; mischief = false }
    :: d_step { P.back -> P.back = false; P.waiting = false; forget(l, i); mischief = false }
    od
}

/* The network and the crashes. */
proctype Mischief(byte l; byte i; byte me; byte src) {
end: do
    :: d_step { P.road -> P.road = false; forget(l, i); mischief = true }            /* lost */
    :: d_step { P.road -> arrive(l, i); mischief = true }                            /* repeated, or not acked: a crash */
    :: d_step { P.owed -> P.owed = false; mischief = true }                          /* the receipt is lost as it leaves */
    :: d_step { P.back -> P.back = false; mischief = true }                          /* or on its way */
    :: d_step { P.back -> P.waiting = false; forget(l, i); mischief = true }         /* or repeated */
#ifdef RECEIPT_BEFORE_COMMIT
    :: d_step { P.road -> P.road = false; P.owed = true; mischief = true }           /* crash between the two */
#endif
#ifdef HELD_IN_MEMORY
    :: d_step { P.held -> P.held = false; forget(l, i); mischief = true }            /* crash */
#endif
    od
}
