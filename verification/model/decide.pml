/* bus/custody/decide.py: commands, by the people at a center's desk. */

#define RETURNS_BEFORE_ARBITER 2

/* What a center does some time, unless the duty is taken from it before. With SILENT_DESKS nobody need answer an
 * offer; then whoever made it complains. */
#ifdef SILENT_DESKS
#define MUST_ANSWER(a)   false
#define MUST_COMPLAIN(a) (r[a].out != 0 && MAY_COMPLAIN(a))
#define MUST_RULE(a)     (MAY_RULE(a) && (r[a].arbitration != NOBODY || r[a].out != 0))
#else
#define MUST_ANSWER(a)   WAITS(a)
#define MUST_COMPLAIN(a) false
#define MUST_RULE(a)     (MAY_RULE(a) && r[a].arbitration != NOBODY)
#endif

#ifdef NO_STEP_LIMIT
#define BELOW_NEXT_STEP true
#else
#define BELOW_NEXT_STEP (R.version % STEP != STEP - 1)
#endif
#ifdef OFFERS_TWICE
#define MAY_OFFER (R.known && R.holder == me && R.status == OPEN_)
#else
#define MAY_OFFER HOLDS(me)
#endif
#define MAY_OFFER_TO(them) (offers < OFFERS && MAY_OFFER && ((them) & (R.path | R.returners | BIT(me))) == 0 && \
                            ONES(R.returned) < RETURNS_BEFORE_ARBITER && BELOW_NEXT_STEP)

inline offer_to(them, mode) {
    offers++;
    R.out = offers;
    R.out_open = mode;
    R.out_version = R.version;
    R.pending = them;
    enclose(R.path, R.returners, R.returned, R.round);
    say(them, OFFERED, R.version, offers, R.arbiter, mode)
}

inline accept_offer() {
    n = R.in;
    if
    :: R.in_open ->
        R.bid = true;
        say(BIT(R.offerer), ACCEPTED, R.in_version, n, 0, BY_OPEN_OFFER)
    :: else ->
        R.holder = me;
        R.version = R.in_version + 1;
        R.path = R.path | BIT(R.offerer) | BIT(me);
        commit(R.version, me);
#ifdef NEWS_TO_OFFERER_ONLY
        set = BIT(R.offerer);
#else
        set = R.path;
#endif
        clear_in(me);
        enclose(R.path, 0, 0, 0);
        say(set, ACCEPTED, R.version, n, 0, 0);
        set = 0
    fi;
    n = 0
}

inline decline_offer() {
    say(BIT(R.offerer), DECLINED, R.in_version, R.in, 0, 0);
    clear_in(me)
}

inline withdraw() {
    say(R.pending, ASKED_BACK, R.out_version, R.out, 0, 0);
#ifdef UNILATERAL_WITHDRAWAL
    clear_out(me)
#else
    R.withdrawing = true
#endif
}

inline ask_arbiter(ground) {
    R.arbitration = R.arbiter;
    enclose(R.path, R.returners, R.returned, R.round);
    say(BIT(R.arbiter), TO_ARBITER, R.version, 0, R.holder, R.pending | ground)
}

inline rule(aHolder) {
    set = R.concerned | R.pending | R.path | BIT(aHolder);
#ifdef RULING_ONE_UP
    R.version = R.version + 1;
#else
    R.version = (R.version / STEP + 1) * STEP;
#endif
    R.holder = aHolder;
    R.path = R.path | BIT(aHolder);
    clear_out(me);
    clear_in(me);
    R.arbitration = NOBODY;
    R.concerned = 0;
    commit(R.version, aHolder);
    enclose(R.path, R.returners, R.returned, R.round);
    say(set, RULED, R.version, 0, aHolder, 0);
    set = 0
}

inline resolve() {
    R.status = RESOLVED_;
    R.result = true;
    rounds = rounds | BIT(R.round);
    enclose(0, 0, 0, R.round);
    say(R.path, RESOLVED, R.version, 0, 0, 0)
}

inline close() {
    R.status = CLOSED_;
    R.arbitration = NOBODY;
    R.concerned = 0;
    replied = replied | BIT(R.round);
    enclose(0, 0, 0, R.round);
    say(R.path, CLOSED, R.version, 0, 0, 0)
}

inline reopen() {
    R.round++;
    R.status = OPEN_;
    R.result = false;
    enclose(0, 0, 0, R.round);
    say(R.path, REOPENED, R.version, 0, 0, 0)
}
