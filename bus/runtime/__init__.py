"""A running center: the only room with loops, threads, signals and sockets."""
