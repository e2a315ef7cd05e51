/* The custody protocol of one case among centers 0 (the origin) to N-1: bus/custody/, one file here for one there.
 *
 * Every step is one transaction of one center: a command, or a message taken in, with what it says laid out in the
 * same step. A crash before the commit is a step that was not taken; a crash after it has changed nothing.
 * The bounds below are set with -D; so are the planted faults (tests/model/).
 */

#ifndef N
#define N 3
#endif
#ifndef ARBITER
#define ARBITER NOBODY
#endif
#ifndef OFFERS
#define OFFERS 2            /* in all */
#endif
#ifndef WITHDRAWALS
#define WITHDRAWALS 0
#endif
#ifndef COMPLAINTS
#define COMPLAINTS 0        /* times that the arbiter is asked without need */
#endif
#ifndef RULINGS
#define RULINGS 0           /* rulings that nobody has asked for */
#endif
#ifndef RESULTS
#define RESULTS 0           /* rounds that may be resolved; all but the last may be reopened */
#endif
#ifndef ASSISTS
#define ASSISTS 0
#endif
#ifndef STEP
#define STEP 4              /* RULING_STEP */
#endif
#ifndef VERSIONS
#define VERSIONS 16
#endif
#ifndef HIGHEST
#define HIGHEST (VERSIONS - 1)      /* HIGHEST_VERSION; with a liar, rulings still follow above it */
#endif
#ifndef LIAR
#define LIAR NOBODY         /* a center that says what it likes of custody, besides what it does by right */
#endif
#ifndef LIES
#define LIES 1
#endif
#ifndef DEPTH
#define DEPTH 8             /* messages in a lane; an assertion fails where that is too few */
#endif

#include "record.pml"

byte offers, withdrawals, complaints, rulings, assists, lies;

#ifdef ROAD
/* The road as it is. */
#define SILENCE(l)      (!lane[l].at[0].waiting && (DEPTH < 2 || !lane[l].at[1 % DEPTH].waiting) && \
                         (DEPTH < 3 || !lane[l].at[2 % DEPTH].waiting) && (DEPTH < 4 || !lane[l].at[3 % DEPTH].waiting))
#define STILL(l)        SILENCE(l)
hidden byte s_kind, s_version, s_offer, s_who, s_more;
#define COPY_OUT(m) \
    m.kind = s_kind; m.version = s_version; m.offer = s_offer; m.who = s_who; m.more = s_more; \
    m.path = with_path; m.returners = with_returners; m.returned = with_returned; m.round = with_round
#define CLEAR(m) \
    m.kind = 0; m.version = 0; m.offer = 0; m.who = 0; m.more = 0; \
    m.path = 0; m.returners = 0; m.returned = 0; m.round = 0
inline put(l, pKind, pVersion, pOffer, pWho, pMore) {
    s_kind = pKind; s_version = pVersion; s_offer = pOffer; s_who = pWho; s_more = pMore;
    lay_out(l)
}
#else
/* The road as road.pml and lanes.pml show it to be: what was said is taken in once and in order, some time.
 * A message about a case that is not known here yet stays: it is parked without a receipt, and comes again. */
chan lane[LANES] = [DEPTH] of { byte, byte, byte, byte, byte, byte, byte, byte, byte };
#define NEXT(l, what) lane[l] ? [what, _, _, _, _, _, _, _, _]
#define SILENCE(l)    (len(lane[l]) == 0)
byte head_version[LANES];   /* the version that the next message claims, 0 where it claims none; and by way of whom */
byte head_chain[LANES];
hidden byte h_kind, h_version, h_more, h_path;
#define EARLY(l)      EARLY_NEWS((l) % N, (l) / N, head_version[l], head_chain[l])
#ifdef UNKNOWN_CASE_REFUSED
#define STILL(l)      (SILENCE(l) || EARLY(l))
#else
#define STILL(l)      (SILENCE(l) || EARLY(l) || !(r[(l) % N].known || \
                       NEXT(l, OFFERED) || NEXT(l, TO_ARBITER) || NEXT(l, RULED) || NEXT(l, ASSIST)))
#endif
inline look_ahead(l) {
    head_version[l] = 0;
    head_chain[l] = 0;
    if
    :: nempty(lane[l]) ->
        lane[l] ? <h_kind, h_version, _, _, h_more, h_path, _, _, _>;
        if
        :: CLAIMS_CUSTODY(h_kind, h_more) -> head_version[l] = h_version; head_chain[l] = h_path | BIT((l) / N)
        :: else
        fi
    :: empty(lane[l])
    fi
}
inline put(l, pKind, pVersion, pOffer, pWho, pMore) {
    assert(nfull(lane[l]));
    lane[l] ! pKind, pVersion, pOffer, pWho, pMore, with_path, with_returners, with_returned, with_round;
    look_ahead(l)
}
#endif

#include "ledger.pml"

inline enclose(aPath, aBy, aDone, aRound) {
    with_path = aPath; with_returners = aBy; with_returned = aDone; with_round = aRound
}

/* record.news, and every other Say: to each of them but ourselves. */
inline say(them, aKind, aVersion, anOffer, aWho, aMore) {
    printf("center %d says %e of version %d to %d\n", me, aKind, aVersion, (them) & ~BIT(me));
    to = 0;
    do
    :: to < N ->
        if
        :: HAS(them, to) && to != me ->
            put(LANE(me, to), aKind, aVersion, anOffer, aWho, aMore);
            note_told(aKind, aVersion, aMore, to)
        :: else
        fi;
        to++
    :: else -> break
    od;
    to = 0;
    enclose(0, 0, 0, 0)
}

#include "believe.pml"
#include "openers.pml"
#include "hear.pml"
#include "decide.pml"

#ifdef ROAD
inline hear(l, i) {
    kind = lane[l].at[i].m.kind; version = lane[l].at[i].m.version; offer = lane[l].at[i].m.offer;
    who = lane[l].at[i].m.who; more = lane[l].at[i].m.more; path = lane[l].at[i].m.path;
    returners = lane[l].at[i].m.returners; returned = lane[l].at[i].m.returned; round = lane[l].at[i].m.round;
    if
    :: !R.known && !OPENS_A_CASE(kind) -> early = true
    :: CLAIMS_CUSTODY(kind, more) && EARLY_NEWS(me, src, version, path | BIT(src)) -> early = true
    :: else -> take_in(src)
    fi
}
#include "road.pml"
#else
proctype Lane(byte me; byte src) {
end: do
    :: d_step { !STILL(LANE(src, me)) ->
        lane[LANE(src, me)] ? kind, version, offer, who, more, path, returners, returned, round;
        look_ahead(LANE(src, me));
        if
        :: R.known || OPENS_A_CASE(kind) -> take_in(src)
        :: else     /* only with UNKNOWN_CASE_REFUSED */
        fi
       }
    od
}
#endif

#define OFFER_TO(c)   :: d_step { MAY_OFFER_TO(BIT(c)) -> offer_to(BIT(c), false) }
#define OPEN_TO(them) :: d_step { MAY_OFFER_TO(them) -> offer_to(them, true) }
#define HELP_BY(c)    :: d_step { c != me && HOLDS(me) && assists < ASSISTS -> \
                          assists++; say(BIT(c), ASSIST, R.version, 0, 0, 0) }
#define RULE_FOR(c)   :: d_step { MAY_RULE(me) && (MUST_RULE(me) || rulings < RULINGS) -> \
                          rulings = rulings + (MUST_RULE(me) -> 0 : 1); rule(c) }
#if N == 2
#define FOR_EACH(OPTION) OPTION(0) OPTION(1)
#elif N == 3
#define FOR_EACH(OPTION) OPTION(0) OPTION(1) OPTION(2)
#else
#define FOR_EACH(OPTION) OPTION(0) OPTION(1) OPTION(2) OPTION(3)
#endif

/* A center that says what it likes: who has the case, at any version that matters, by way of nobody or of everybody.
 * Who is talked into taking what was never offered speaks like the liar from then on; so nobody takes a lie's offer. */
#define LIE 6               /* offers from here on are lies */
#if LIAR != NOBODY
proctype Liar(byte me) {
    byte what, v, addressee, chain;
end: do
    :: atomic { lies < LIES ->
        if
        :: what = OFFERED  :: what = ACCEPTED   :: what = GRANTED :: what = RESOLVED
        :: what = RULED    :: what = TO_ARBITER :: what = ASSIST
        fi;
        if
        :: v = 2 :: v = 3 :: v = STEP :: v = STEP + 1 :: v = HIGHEST :: v = HIGHEST + 1 :: v = VERSIONS - 1
        fi;
        if
        :: addressee = 0 :: addressee = 1 :: addressee = 2 :: addressee = N - 1
        fi;
        if
        :: addressee == me -> addressee = 0
        :: else
        fi;
        if
        :: chain = 0 :: chain = BIT(N) - 1 & ~BIT(addressee)
        fi;
        enclose(chain, 0, 0, 1);
        printf("center %d lies to %d: %e of version %d\n", me, addressee, what, v);
        if
        :: what == OFFERED -> put(LANE(me, addressee), what, v, LIE + lies, ARBITER, 0)
        :: else -> put(LANE(me, addressee), what, v, LIE + lies, me, 0)
        fi;
        enclose(0, 0, 0, 0);
        lies++; what = 0; v = 0; addressee = 0; chain = 0
       }
    od
}
#endif

/* A bid is taken back, too. Whoever does so beside a liar, though its offerer lives, is as a center that was not asked. */
#if LIAR != NOBODY
#define MAY_DECLINE(a) WAITS(a)
#else
#define MAY_DECLINE(a) (r[a].in != 0)
#endif

proctype Desk(byte me) {
end: do
    FOR_EACH(OFFER_TO)
#ifdef OPEN_OFFERS
    OPEN_TO(3) OPEN_TO(5) OPEN_TO(6)
#if N > 3
    OPEN_TO(7) OPEN_TO(9) OPEN_TO(10) OPEN_TO(11) OPEN_TO(12) OPEN_TO(13) OPEN_TO(14)
#endif
#endif
    :: d_step { WAITS(me) && R.status == OPEN_ && R.in < LIE -> accept_offer() }
    :: d_step { MAY_DECLINE(me) -> decline_offer() }
#if WITHDRAWALS > 0
    :: d_step { R.out != 0 && !R.withdrawing && withdrawals < WITHDRAWALS -> withdrawals++; withdraw() }
#endif
#if ARBITER != NOBODY
    FOR_EACH(RULE_FOR)
    :: d_step { HOLDS(me) && MAY_ASK(me) && complaints < COMPLAINTS -> complaints++; ask_arbiter(0) }
    :: d_step { MAY_COMPLAIN(me) && complaints < COMPLAINTS -> complaints++; ask_arbiter(SILENT) }
    :: d_step { MUST_COMPLAIN(me) -> ask_arbiter(SILENT) }
#endif
#if ASSISTS > 0
    FOR_EACH(HELP_BY)
#endif
#if RESULTS > 0
    :: d_step { HOLDS(me) && R.round <= RESULTS -> resolve() }
    :: d_step { me == ORIGIN && R.status == RESOLVED_ -> close() }
    :: d_step { me == ORIGIN && R.status != OPEN_ && R.round < RESULTS -> reopen() }
#endif
    od
}

#include "truth.pml"

init {
    byte me, src, i;
    d_step {
        do
        :: me < N -> r[me].arbiter = NOBODY; r[me].arbitration = NOBODY; me++
        :: else -> break
        od;
        me = ORIGIN;
        R.known = true; R.holder = me; R.version = 1; R.path = BIT(me); R.round = 1; R.arbiter = ARBITER;
        commit(1, me)
    }
    atomic {
        do
        :: me < N && src < N && src != me ->
#ifdef ROAD
            do
            :: i < DEPTH ->
                run Relay(LANE(src, me), i);
                run Accept(LANE(src, me), i, me, src);
                run Receipt(LANE(src, me), i);
                run Mischief(LANE(src, me), i, me, src);
                i++
            :: else -> break
            od;
            i = 0;
#else
            run Lane(me, src);
#endif
            src++
        :: me < N && src == me -> run Desk(me); src++
        :: me < N && src == N -> src = 0; me++
        :: me == N -> break
        od;
#if LIAR != NOBODY
        run Liar(LIAR);
#endif
        me = 0
    }
}
