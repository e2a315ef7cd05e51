"""The programs of the measured processes. Each prints ``ready``, waits for a line, and prints when it began and
ended."""
