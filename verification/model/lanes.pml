/* One lane of road.pml: whatever is lost, repeated, re-ordered or crashed, every message is applied once and in order,
 * a row leaves the outbox only when its message is applied, and when the mischief ends the outbox runs empty.
 * The recipient gets to know the case some time, from a third center: what comes before is parked, and comes again.
 */

#ifndef DEPTH
#define DEPTH 3
#endif
#define LANES 1

typedef Message { byte number }
#define COPY_OUT(m) m.number = said
#define CLEAR(m)    m.number = 0

byte said;          /* messages laid out, numbered from 1 */
byte heard;         /* the last one applied */
bool case_known;

inline hear(l, i) {
    if
    :: !case_known -> early = true
    :: else ->
        assert(lane[l].at[i].m.number == heard + 1);
        heard++
    fi
}

#include "road.pml"

active proctype Sender() {
    do
    :: d_step { said < DEPTH -> said++; lay_out(0); mischief = false }
    :: said == DEPTH -> break
    od
}

active proctype ThirdCenter() {
    d_step { case_known = true; mischief = false }
}

init {
    byte i;
    atomic {
        do
        :: i < DEPTH ->
            run Relay(0, i); run Accept(0, i, 1, 0); run Receipt(0, i); run Mischief(0, i, 1, 0);
            i++
        :: else -> break
        od
    }
}

#define GONE(i)     (said > i && !lane[0].at[i].waiting)
#define LAST        (DEPTH - 1)
#define TOO_EARLY(i) (GONE(i) && heard <= i)

active proctype Truth() {
end: do
    :: TOO_EARLY(0) || TOO_EARLY(1) || TOO_EARLY(LAST) -> assert(false)
    od
}

ltl delivered { (<> [] !mischief) -> <> (GONE(0) && GONE(1) && GONE(LAST)) }
