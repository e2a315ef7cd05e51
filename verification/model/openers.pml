/* bus/custody/initiating.py: the messages that may be the first that a center hears of the case. */

inline waits_for_decision(src) {
    assert(!HAS(seen[me], offer));      /* an offer that has ended never comes back */
    seen[me] = seen[me] | BIT(offer);
    R.in = offer;
    R.in_open = more;
    R.in_version = version;
    R.offerer = src;
    R.bid = false
}

inline hear_offered(src) {
    if
    :: !R.known -> first(src); R.arbiter = who; waits_for_decision(src)
#ifndef STALE_OFFER_TAKEN
    :: R.known && version < R.version -> refused = true
    :: R.known && version >= R.version && NO_HOLDER(src) -> refused = true
#endif
    :: else ->
        believe(src, version, path);
        in_round(round);
        waits_for_decision(src);
        R.returners = R.returners | returners;
        R.returned = R.returned | returned;
        told_arbiter(who)
    fi
}

inline hear_assist(src) {
    if
    :: !R.known -> first(src)
    :: R.known && version >= R.version && NO_HOLDER(src) -> refused = true
    :: R.known && version >= R.version && !NO_HOLDER(src) -> believe(src, version, 0)
    :: else     /* helps with what has moved on meanwhile */
    fi
}

/* may_rule and may_be_asked: the county has marked its arbiter. Who is not believed waits to be marked, which is no part
 * of the model. */
#ifdef ANYBODY_RULES
#define UNMARKED(src) false
#define NO_ARBITER    false
#else
#define UNMARKED(src) (R.arbiter == NOBODY && src != ARBITER && src != ORIGIN)
#define NO_ARBITER    (R.arbiter == NOBODY && me != ARBITER)
#endif

inline hear_to_arbiter(src) {
    n = src;
    if
    :: more == SILENT -> n = who        /* a complaint of a silent holder, who is named last */
    :: else
    fi;
    if
    :: NO_ARBITER || (R.known && R.arbiter != NOBODY && R.arbiter != me) -> refused = true
    :: !NO_ARBITER && R.known && (R.arbiter == NOBODY || R.arbiter == me) && version < R.version && !(more & SILENT) -> refused = true
    :: !NO_ARBITER && R.known && (R.arbiter == NOBODY || R.arbiter == me) && COULD_NOT_HOLD -> refused = true
    :: else ->
        if
        :: !R.known -> first(n)
        :: else ->
            believe(n, version, path);
            in_round(round);
            R.returners = R.returners | returners;
            R.returned = R.returned | returned
        fi;
        R.arbiter = me;
        R.arbitration = src;
        R.concerned = R.concerned | (more & ~SILENT)
    fi;
    n = 0
}

#define NOT_BY_ARBITER(src) (UNMARKED(src) || (R.arbiter != NOBODY && src != R.arbiter && src != ORIGIN))

inline hear_ruled(src) {
    if
    :: !R.known && UNMARKED(src) -> refused = true
    :: !R.known && !UNMARKED(src) -> first(who); R.arbiter = src
    :: R.known && NOT_BY_ARBITER(src) -> refused = true
    :: R.known && !NOT_BY_ARBITER(src) && version <= R.version ->
        superseded = ((R.path | path) == R.path && R.arbiter != NOBODY && round <= R.round);
        in_round(round);
        R.path = R.path | path;
        told_arbiter(src)
    :: else ->
        believe(who, version, path);
        in_round(round);
        told_arbiter(src);
        R.arbitration = NOBODY;
        R.returners = R.returners | returners;
        R.returned = R.returned | returned
    fi
}
