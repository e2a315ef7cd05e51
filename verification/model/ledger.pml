/* What was truly committed, which no center knows: tests/unit/custody_model/ledger.py over the product's own code. */

byte took[VERSIONS];        /* 1 + who became the holder at this version */
byte held;                  /* who has ever held the case */
byte top;                   /* the highest version committed: its holder is the custodian */
byte told;                  /* who was told of that commit, and who made it */
byte rounds;                /* rounds that a holder has resolved */
byte replied;               /* rounds that the origin has closed */
byte seen[N];               /* offers that have ever waited here for a decision */

/* A commit point. One version has one holder, once; nothing but a ruling passes a hand-over by. */
inline commit(aVersion, aHolder) {
    assert(aVersion < VERSIONS && took[aVersion] == 0);
    assert(aVersion > top || OVERRULED(aVersion, top));
    took[aVersion] = (aHolder) + 1;
    held = held | BIT(aHolder);
    if
    :: aVersion > top -> top = aVersion; told = BIT(me)
    :: else
    fi
}

inline note_told(aKind, aVersion, aMore, addressee) {
    if
    :: aVersion == top && (aKind == GRANTED || aKind == RULED || (aKind == ACCEPTED && aMore == 0)) ->
        told = told | BIT(me) | BIT(addressee)
    :: else
    fi
}
