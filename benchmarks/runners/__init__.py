"""The processes that are measured. Each says ``ready``, waits for a line, and tells when it began and ended."""
