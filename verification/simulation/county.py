"""The whole county of one seed: who gets a turn, what time it is, who dies, who comes back, and when all is done."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random
from uuid import UUID

from bus.context import Rules
from bus.contract.ids import deal_from
from verification.simulation.disk import Disk
from verification.simulation.fault_profile import Weather
from verification.simulation.keys import master, name_of, notary
from verification.simulation.node import Seat
from verification.simulation.operator import Operator
from verification.simulation.random_source import Crash, Luck
from verification.simulation.virtual_transport import Road

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC).timestamp()
STEPS = ("receive", "work", "send", "hand_in")
COMPLAINTS = 5
"""So often people look whether a case that rests is closed, before we do."""
CALM_TICKS = 400
"""So many ticks without any fault must be enough for every case to be closed."""


class Land:
    """The disks that seeds use one after the other: making tables anew for each would cost more than a seed does."""

    def __init__(self) -> None:
        self._disks: list[Disk] = []

    def disks(self, count: int) -> list[Disk]:
        """So many empty ones."""
        while len(self._disks) < count:
            self._disks.append(Disk(len(self._disks)))
        for one in self._disks[:count]:
            one.luck = None
            one.wipe()
        return self._disks[:count]


class County:
    """Play it with ``play``; look at ``seats`` afterwards."""

    def __init__(self, seed: int, weather: Weather, land: Land) -> None:
        self.seed, self.weather = seed, weather
        self.luck = Luck(seed, weather)
        self.now = MORNING
        self.ticks = 0
        self.happened: Counter[str] = Counter()
        self.trace: list[str] | None = None
        """Filled in line by line where somebody wants to read it."""
        self.look: Callable[[], object] = lambda: None
        """Called between storm and calm, while nothing moves and nothing has healed yet."""
        self._digest = hashlib.sha256()
        self._calm = False
        self._waited = 0
        self._unlucky: Seat | None = None
        deal_from(self._identities(Random(seed ^ 0x1D)))
        self.road = Road(self.luck, lambda: self.now)
        self._free = land.disks(weather.centers + weather.joins)
        names = [name_of(number) for number in range(weather.centers + weather.joins)]
        self._names = iter(names)
        self._arbiter = names[0] if weather.arbiter else None
        self.seats: list[Seat] = []
        self.operators: dict[str, Operator] = {}
        self.cases = 0
        for _ in range(weather.centers):
            self._add()

    def _identities(self, draw: Random) -> Callable[[], UUID]:
        """UUIDv7 (RFC 9562) of the virtual time: 48 bits of milliseconds, version, variant, and 74 bits drawn."""

        def deal() -> UUID:
            chance = draw.getrandbits(74)
            high, low = chance >> 62, chance & (2**62 - 1)
            return UUID(int=(int(self.now * 1000) << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)

        return deal

    def _add(self) -> None:
        name = next(self._names)
        rules = Rules(name, self._arbiter, notary=notary(name, signs=self.weather.signs))
        disk = self._free[len(self.seats)]
        disk.vault.master = master(signs=self.weather.signs)
        seat = Seat(rules, disk, self.road, self.luck, lambda: self.now)
        self.seats.append(seat)
        self.operators[seat.name] = Operator(seat)
        self._tell("join", name)

    @property
    def alive(self) -> tuple[str, ...]:
        """The centers of the county, as everybody has been told."""
        return tuple(seat.name for seat in self.seats if not seat.gone)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that happened: the same seed gives the same."""
        return self._digest.hexdigest()

    def _tell(self, what: str, name: str, more: object = "") -> None:
        self.happened[what] += 1
        line = f"{self.now:.3f} {name} {what} {more}\n"
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    # -- playing -----------------------------------------------------------------------------------------------------

    def play(self) -> bool:
        """The storm, then the calm. Whether everything came to rest."""
        plan = self._plan()
        for tick in range(self.weather.storm):
            for event in plan.get(tick, ()):
                event()
            self._tick()
        self.look()
        self._calm = True
        self.luck.weather = self.weather.calm()
        for tick in range(CALM_TICKS):
            # what waits for somebody who is gone is sent again and again, and a heap of it looks like work for ever
            if not self._tick() or (tick > CALM_TICKS // 2 and self._at_rest()):
                if self._at_rest() and not self._mend() and not self._complain():
                    return True
                self._leap()
            if tick % 20 == 19:
                self._look_again()
                self._mend()
        return False

    def _plan(self) -> dict[int, list[Callable[[], object]]]:
        """Tick → what happens at it: residents come, centers join and leave."""
        draw, storm = self.luck.draw, self.weather.storm
        plan: dict[int, list[Callable[[], object]]] = {}

        def at(tick: int, event: Callable[[], object]) -> None:
            plan.setdefault(tick, []).append(event)

        for _ in range(self.weather.cases):
            at(draw.randrange(max(1, storm * 2 // 3)), self._resident)
        for _ in range(self.weather.joins):
            at(draw.randrange(storm), self._add)
        if self.weather.restores:
            seat, saved = draw.choice(self.seats), draw.randrange(storm - 2)
            at(saved, seat.back_up)
            at(draw.randrange(saved + 1, storm), partial(self._restore, seat))
        for _ in range(self.weather.leaves):
            at(draw.randrange(storm // 2, storm), self._leave)
        return plan

    def _resident(self) -> None:
        here = [seat for seat in self.seats if not seat.gone]
        self.luck.draw.choice(here).resident()
        self.cases += 1

    def _leave(self) -> None:
        """A center is taken away for good, without a word; never the arbiter."""
        here = [seat for seat in self.seats if not seat.gone and seat.name != self._arbiter]
        seat = self.luck.draw.choice(here)
        seat.die()
        seat.gone = True
        self.road.remove(seat.name)
        self._tell("leave", seat.name)

    def _restore(self, seat: Seat) -> None:
        if seat.gone or not seat.put_back(self.alive):
            return
        self._tell("restore", seat.name)
        if self.happened["restore"] < self.weather.restores:
            self._unlucky = seat
            if self.luck.draw.random() < 0.5:  # somebody copies the store while it recovers
                seat.back_up()

    def _lose_again(self) -> None:
        """Who has lost its store and recovered loses it once more, now or never."""
        seat = self._unlucky
        if seat is not None and not seat.recovers and self.luck.draw.random() < 0.3:
            self._unlucky = None
            self._restore(seat)

    def _tick(self) -> bool:
        """Everybody gets a turn, in an order that is drawn; whether anybody had something to do."""
        self.ticks += 1
        draw = self.luck.draw
        self.now += draw.uniform(0.05, self.weather.stride)
        busy = False
        for seat in draw.sample(self.seats, len(self.seats)):
            if not seat.gone:
                busy |= self._turn(seat)
        self._lose_again()
        return busy

    def _turn(self, seat: Seat) -> bool:
        draw, busy = self.luck.draw, False
        try:
            if seat.turns is None:
                if seat.back_at > self.now and not self._calm:
                    return True
                busy = True
                self._tell("start", seat.name)
                seat.start()
            self._staff(seat)
            for step in draw.sample(STEPS, len(STEPS)):
                if self.luck.happens(self.luck.weather.lazy):
                    continue
                if self.luck.happens(self.luck.weather.kill):
                    raise Crash  # noqa: TRY301 - the same end as at a point inside a step
                did = seat.hand_in() if step == "hand_in" else seat.round(step)
                if did:
                    busy = True
                    self._tell(step, seat.name)
        except Crash:
            seat.die()
            self._tell("crash", seat.name)
            return True
        return busy

    def _staff(self, seat: Seat) -> None:
        if seat.turns is None or len(seat.unanswered) > 20:
            return
        for case_id in seat.pick(self.luck.draw, calm=self._calm):
            seat.act(case_id, self.alive, calm=self._calm, waited=self._waited > 0)

    # -- rest --------------------------------------------------------------------------------------------------------

    def _at_rest(self) -> bool:
        here = [seat for seat in self.seats if not seat.gone]
        idle = all(not seat.unanswered and not seat.office.todo and not seat.recovers for seat in here)
        return idle and self._next() is None

    def _next(self) -> float | None:
        """When the next thing is due anywhere."""
        gone = [seat.name for seat in self.seats if seat.gone]
        return min((due for seat in self.seats if not seat.gone for due in seat.dues(gone)), default=None)

    def _leap(self) -> None:
        """Nothing is due now: on to when something is."""
        due = self._next()
        if due is not None:
            self.now = max(self.now, due)

    def _mend(self) -> bool:
        """The operators go through what is parked, and tell who recovers that the gone will not answer; whether there
        was anything."""
        for gone in (seat.name for seat in self.seats if seat.gone):
            for seat in self.seats:
                if not seat.gone:
                    seat.excuse(gone)
        there = [self.operators[seat.name].round() for seat in self.seats if not seat.gone]  # everybody, not the first
        return any(there)

    def _complain(self) -> bool:
        """Everything rests, and some case is not closed: somebody waits for what will never come, and says so. Whether
        anybody could."""
        self._waited += 1
        for seat in self.seats:
            if not seat.gone:
                seat.office.todo.update(dict.fromkeys(seat.store.unanswered()))
        return self._waited <= COMPLAINTS and any(seat.office.todo for seat in self.seats if not seat.gone)

    def _look_again(self) -> None:
        """Staff looks through all its cases: what has changed without a message for the desk is found so."""
        for seat in self.seats:
            if not seat.gone:
                seat.office.todo.update(seat.office.known)


def lines_of(county: County) -> Sequence[str]:
    """What happened, for people; empty unless ``trace`` was a list from the start."""
    return county.trace or ()
