"""The release before and the present program in one county: ``python -m verification.mixed``, or ``make mixed``.

A county upgrades center by center, so that for days both releases speak to each other. Here each center runs one of
them, over one real RabbitMQ; the vendors' systems, the stories and the judge are those of the present program.
"""
