/* What must be true: tests/unit/custody_model/invariants.py over the product's own code. */

#define EACH(TRUE_OF)     (TRUE_OF(0) && TRUE_OF(1) && (N < 3 || TRUE_OF(2 % N)) && (N < 4 || TRUE_OF(3 % N)))
#define ROW(TRUE_OF, c)   (TRUE_OF(c) && TRUE_OF((c) + 1) && (N < 3 || TRUE_OF((c) + 2)) && (N < 4 || TRUE_OF((c) + 3)))
#define EACH_LANE(TRUE_OF) (ROW(TRUE_OF, 0) && ROW(TRUE_OF, N) && (N < 3 || ROW(TRUE_OF, 2 % N * N)) && \
                            (N < 4 || ROW(TRUE_OF, 3 % N * N)))

/* Nobody believes in a holder who never was: nothing stale has overwritten what is newer. */
#define BELIEF(a)  (!r[a].known || took[r[a].version] == r[a].holder + 1)
/* One center may decide: who believes itself the holder is the custodian, or has lent the decision, or was overruled. */
#define POWER(a)   (!r[a].known || r[a].holder != a || r[a].version == top || OVERRULED(r[a].version, top) || LENT(a))
/* Only a holder offers, at the version that it has; who was asked knows whom it answers. */
#define OFFER(a)   ((r[a].out == 0 || (r[a].holder == a && r[a].out_version == r[a].version && r[a].pending != 0)) && \
                    (r[a].in == 0 || (r[a].offerer == r[a].holder && r[a].in_version == r[a].version)))
#define RESULT(a)  (!r[a].known || ((r[a].status != RESOLVED_ || HAS(rounds, r[a].round)) && \
                    (r[a].status != CLOSED_ || HAS(replied, r[a].round)) && (r[a].status != OPEN_ || !r[a].result)))

/* Nobody has anything to hear, nor a duty. */
#define IDLE(a)   (!MUST_ANSWER(a) && !MUST_COMPLAIN(a) && !MUST_RULE(a))
#define QUIET     (EACH_LANE(STILL) && EACH(IDLE))

/* At rest every offer has ended, */
#define ENDED(a)  (r[a].out == 0 && r[a].in == 0)
/* no ruling is awaited that nobody has to give, */
#define RULED_ON(a) (r[a].arbitration == NOBODY || r[a].arbiter == a || r[r[a].arbiter % N].arbitration != NOBODY)
/* and all who have held the case agree; but whom a ruling found holding it unseen may not know of hand-overs since. */
#define AGREE(a)  (!HAS(r[ORIGIN].path, a) || \
                   (r[a].known && !OVERRULED(r[a].version, top) && r[a].round == r[ORIGIN].round && \
                    (r[a].version == top || (top >= STEP && !HAS(told, a) && r[a].holder != a)) && \
                    (r[a].status == r[ORIGIN].status || \
                     (top >= STEP && r[a].status != CLOSED_ && r[ORIGIN].status != CLOSED_))))

/* With a liar among them, of every other center: */
#define HONEST(a)   (a != LIAR && r[a].known)
/* who has held the case believes in no ruling that was not given, */
#define FENCED(a)   (!HONEST(a) || !HAS(held, a) || !OVERRULED(top, r[a].version))
/* nobody takes another than the county's for the arbiter, */
#define NAMED(a)    (!HONEST(a) || r[a].arbiter == NOBODY || r[a].arbiter == ARBITER)
/* and nobody has heard of a version after which no ruling is possible. */
#define CAN_RULE(a) (!HONEST(a) || (r[a].version / STEP + 1) * STEP < VERSIONS)

/* Looks at every state, and changes none. */
active proctype Truth() {
end: do
#if LIAR != NOBODY
    :: !EACH(FENCED)                        -> assert(false)
    :: !EACH(NAMED)                         -> assert(false)
    :: !EACH(CAN_RULE)                      -> assert(false)
#else
    :: !EACH(BELIEF)                        -> assert(false)
    :: !EACH(POWER)                         -> assert(false)
    :: !EACH(OFFER)                         -> assert(false)
    :: !EACH(RESULT)                        -> assert(false)
    :: QUIET && !EACH_LANE(SILENCE)         -> assert(false)    /* deadlock: something said will never be heard */
    :: QUIET && !EACH(ENDED)                -> assert(false)
    :: QUIET && !EACH(RULED_ON)             -> assert(false)
    :: QUIET && !EACH(AGREE)                -> assert(false)
#endif
    od
}
