"""A center at work. Only here are loops, threads, signals and sockets."""
