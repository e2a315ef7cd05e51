"""Private servers for tests: a RabbitMQ node and a PostgreSQL, on loopback, with data of their own.

Nothing is shared with a server that already runs on the machine. If a Docker daemon answers, the server is a container;
otherwise it is a process of the Debian packages. ``BUS_TEST_SERVICES=private`` or ``=container`` decides it by hand.
"""

from verification.services.allocation import ServiceUnavailable
from verification.services.cluster import RabbitCluster
from verification.services.network import Host, Namespace, Network
from verification.services.pgbouncer import PgBouncer
from verification.services.postgres import PostgresNode
from verification.services.rabbitmq import RabbitNode
from verification.services.vhosts import create_vhost, delete_vhost, fresh_vhost

__all__ = [
    "Host",
    "Namespace",
    "Network",
    "PgBouncer",
    "PostgresNode",
    "RabbitCluster",
    "RabbitNode",
    "ServiceUnavailable",
    "create_vhost",
    "delete_vhost",
    "fresh_vhost",
]
