/* bus/custody/merge.py: the rules that every message shares. */

inline believe(aHolder, aVersion, aPath) {
    if
    :: aVersion <= R.version -> R.path = R.path | aPath
    :: else ->
        if
        :: OVERRULED(R.version, aVersion) && R.status == RESOLVED_ && me != ORIGIN -> R.status = OPEN_; R.result = false
        :: else
        fi;
        R.holder = aHolder;
        R.version = aVersion;
        R.path = R.path | aPath | BIT(aHolder);
        if
        :: R.out != 0 && R.out_version < aVersion -> clear_out(me)
        :: else
        fi;
        if
        :: R.in != 0 && R.in_version < aVersion -> clear_in(me)
        :: else
        fi;
        if
        :: R.arbiter != me -> R.arbitration = NOBODY
        :: else
        fi
    fi
}

inline in_round(aRound) {
    if
    :: aRound > R.round ->
        R.round = aRound;
        R.status = OPEN_;
        R.result = false;
        if
#ifndef RULING_AWAITED_FOR_EVER
        :: R.arbiter != me -> R.arbitration = NOBODY
#endif
        :: else
        fi
    :: else
    fi
}

inline first(aHolder) {
    R.known = true;
    R.holder = aHolder;
    R.version = version;
    R.path = BIT(ORIGIN) | path | BIT(aHolder);
    R.returners = returners;
    R.returned = returned;
    if
    :: round == 0 -> R.round = 1
    :: else -> R.round = round
    fi;
    R.arbiter = NOBODY;
    R.arbitration = NOBODY
}

inline told_arbiter(name) {
    if
    :: R.arbiter == NOBODY -> R.arbiter = name
    :: else
    fi
}

/* could_hold and speaks_as_holder, as the grounds of refusal that they are. EARLY_NEWS (record.pml) is the ground to wait. */
#define COULD_NOT_HOLD (R.holder == me && !LENT(me) && version > R.version && !OVERRULED(R.version, version))
#define NO_HOLDER(src) (COULD_NOT_HOLD || (version == R.version && src != R.holder))
