"""The roads between centers; the only folder that knows a broker."""
