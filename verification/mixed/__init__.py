"""Mixed releases: the previous and the present program in one county: ``python -m verification.mixed``, or ``make
mixed``.

A county upgrades center by center, so that for days both releases exchange messages. Here each center runs one of them,
over one real RabbitMQ; simulators, stories and checker are those of the present program.
"""
