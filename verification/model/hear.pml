/* bus/custody/hear_message.py and aftermath.py: what a center learns about a case that it knows. */

/* A hand-over older than what is known: the origin must know whom a ruling overtook unseen. */
inline overtaken(claimant) {
    if
    :: OVERRULED(version, R.version) && !HAS(R.path, claimant) && me == ORIGIN -> R.path = R.path | BIT(claimant)
    :: else -> superseded = true
    fi
}

inline hear_accepted(src) {
    if
    :: more == BY_OPEN_OFFER -> hear_bid(src)
    :: more == 0 && version < R.version ->
#ifdef STALE_ACCEPT_BELIEVED
        R.holder = src
#else
        overtaken(src)
#endif
    :: more == 0 && version >= R.version && NO_HOLDER(src) -> refused = true
    :: more == 0 && version >= R.version && !NO_HOLDER(src) &&
       R.out != 0 && version == R.out_version + 1 && !HAS(R.pending, src) -> refused = true
    :: else -> believe(src, version, path)
    fi
}

inline hear_bid(src) {
    if
#ifdef TWO_GRANTS
    :: R.out != offer ->
        R.version++;
        commit(R.version, src);
        R.holder = src;
        R.path = R.path | BIT(src);
        say(R.path, GRANTED, R.version, offer, src, 0)
#else
    :: R.out != offer -> superseded = true
#endif
    :: R.out == offer && R.withdrawing -> superseded = true
    :: R.out == offer && !R.withdrawing && (!HAS(R.pending, src) || !R.out_open) -> refused = true
    :: else ->
        set = R.pending & ~BIT(src);
        R.version++;
        commit(R.version, src);
        R.holder = src;
        R.path = R.path | BIT(src);
        clear_out(me);
        say(R.path, GRANTED, R.version, offer, src, 0);
#ifndef NO_LOST
        say(set, LOST, R.version, offer, 0, 0);
#endif
        set = 0
    fi
}

inline leg_ended(src) {
    R.pending = R.pending & ~BIT(src);
    if
    :: R.pending == 0 -> clear_out(me)
    :: else
    fi
}

inline hear_declined(src) {
    if
    :: R.out != offer -> superseded = true
    :: R.out == offer && !HAS(R.pending, src) -> refused = true
    :: else -> leg_ended(src); R.returners = R.returners | BIT(src); R.returned = R.returned | BIT(offer)
    fi
}

inline hear_withdrawn(src) {
    if
    :: R.out != offer -> superseded = true
    :: R.out == offer && !HAS(R.pending, src) -> refused = true
    :: else -> leg_ended(src)
    fi
}

inline hear_granted(src) {
    if
    :: COULD_NOT_HOLD -> refused = true
    :: !COULD_NOT_HOLD && version <= R.version -> overtaken(who)
    :: else -> believe(who, version, BIT(src))
    fi
}

inline hear_lost(src) {
    if
    :: R.in != offer -> superseded = true
    :: R.in == offer && R.offerer != src -> refused = true
    :: else -> clear_in(me)
    fi
}

inline hear_asked_back(src) {
    if
    :: R.in != offer -> superseded = true
    :: R.in == offer && R.offerer != src -> refused = true
    :: else ->
        n = R.in_version;
        clear_in(me);
        say(BIT(src), WITHDRAWN, n, offer, 0, 0);
        n = 0
    fi
}

inline hear_resolved(src) {
    if
    :: NO_HOLDER(src) -> refused = true
    :: !NO_HOLDER(src) && version < R.version -> superseded = true
    :: else ->
        n = R.version;
        believe(src, version, 0);
        if
        :: round < R.round || (round == R.round && R.result) -> superseded = (n == R.version)
        :: else ->
            in_round(round);
            R.result = true;
            if
            :: R.status == OPEN_ -> R.status = RESOLVED_
            :: else
            fi
        fi;
        n = 0
    fi
}

inline hear_closed(src) {
    if
    :: src != ORIGIN -> refused = true
    :: src == ORIGIN && (round < R.round || (round == R.round && R.status == CLOSED_)) -> superseded = true
    :: else ->
        in_round(round);
        R.status = CLOSED_;
        R.arbitration = NOBODY;
        R.concerned = 0;
        if
#ifndef CLOSED_ASKS_NOBODY_BACK
        :: R.out != 0 && !R.withdrawing ->
            R.withdrawing = true;
            say(R.pending, ASKED_BACK, R.out_version, R.out, 0, 0)
#endif
        :: else
        fi
    fi
}

inline hear_reopened(src) {
    if
    :: src != ORIGIN -> refused = true
    :: src == ORIGIN && round <= R.round -> superseded = true
    :: else -> in_round(round)
    fi
}

/* ---- aftermath.py ------------------------------------------------------------------------------------------- */

inline aftermath() {
    if
#ifndef NO_WORD_OF_ENDED_OFFER
    :: old_out != 0 && R.out == 0 && OVERRULED(old_version, R.version) ->
        say(old_pending, LOST, R.version, old_out, 0, 0)
#endif
    :: else
    fi;
    if
#ifdef RULING_ECHOED
    :: kind == RULED || me == ORIGIN ->
#else
    :: me == ORIGIN ->
#endif
#ifndef RULING_NOT_PASSED_ON
        if
        :: kind == RULED ->
#ifdef RULING_ECHOED
            set = BIT(src);
#else
            set = old_path & ~(path | BIT(me) | BIT(R.arbiter));
#endif
            enclose(path, returners, returned, round);
            say(set, RULED, version, 0, who, 0)
        :: kind != RULED && OVERRULED(version, R.version) ->
            set = R.path & ~old_path;
            enclose(R.path, R.returners, R.returned, R.round);
            say(set, RULED, R.version, 0, R.holder, 0)
        :: else
        fi;
#endif
        set = R.path & ~old_path;
        enclose(0, 0, 0, R.round);
        if
        :: R.status == CLOSED_ -> say(set, CLOSED, R.version, 0, 0, 0)
        :: R.status != CLOSED_ && R.round > 1 -> say(set, REOPENED, R.version, 0, 0, 0)
        :: else
        fi;
        set = 0
    :: else
    fi
}

/* _within_reach */
#ifdef NO_HIGHEST
#define OUT_OF_REACH false
#else
#define OUT_OF_REACH (kind != RULED && version + (kind == OFFERED -> 1 : 0) > HIGHEST && version > R.version)
#endif

/* A case leaves a holder by way of a center that the holder has asked, or by a ruling that was truly given. */
#define TELLS_OF_RULINGS(src) (kind == RULED || src == ARBITER || src == ORIGIN)
#define LEFT_BY_RIGHT(src) (((BIT(src) | path) & old_pending) != 0 || \
                            (TELLS_OF_RULINGS(src) && !OVERRULED(top, version)))

/* hear.hear, and Page.attempt: a refusal leaves the record as it was. */
inline take_in(src) {
    superseded = false;
    refused = false;
    old_version = R.version; old_path = R.path; old_out = R.out; old_pending = R.pending;
    known_before = R.known;
    mine_before = R.known && R.holder == me;
    if
    :: OUT_OF_REACH       -> refused = true
    :: !OUT_OF_REACH      ->
    if
    :: kind == OFFERED    -> hear_offered(src)
    :: kind == ASSIST     -> hear_assist(src)
    :: kind == TO_ARBITER -> hear_to_arbiter(src)
    :: kind == RULED      -> hear_ruled(src)
    :: kind == ACCEPTED   -> hear_accepted(src)
    :: kind == DECLINED   -> hear_declined(src)
    :: kind == GRANTED    -> hear_granted(src)
    :: kind == LOST       -> hear_lost(src)
    :: kind == ASKED_BACK -> hear_asked_back(src)
    :: kind == WITHDRAWN  -> hear_withdrawn(src)
    :: kind == RESOLVED   -> hear_resolved(src)
    :: kind == CLOSED     -> hear_closed(src)
    :: kind == REOPENED   -> hear_reopened(src)
    fi
    fi;
    assert(!mine_before || R.holder == me || LEFT_BY_RIGHT(src));            /* nobody is passed by */
    if
    :: known_before && !refused && (!superseded || kind == RULED) -> aftermath()
    :: else
    fi;
    assert(R.version >= old_version && (R.path & old_path) == old_path);     /* knowledge never shrinks */
    printf("center %d hears %e of version %d from %d: %d holds it at version %d%c\n", me, kind, version, src, R.holder,
           R.version, (refused -> '!' : (superseded -> '?' : '.')));
    enclose(0, 0, 0, 0)
}
