"""How tests stand up centers, on three levels.

- a step: ``step.BareCenter``, whose steps the test calls itself; no thread, no loop, a road that the test carries.
  ``signing_county`` and ``recovering_county`` are several of them. Fixtures ``media`` and ``party``.
- a center: ``center.on_harness``, one adapter at work with its vendor's system and played peers;
  ``center.resting_process``, a process none of whose loops runs; ``lone_center``, ``bus run`` as a process of its own.
- a county: ``county.Counties``, several centers at work that hand cases to each other. Fixture ``make_county``.
"""
