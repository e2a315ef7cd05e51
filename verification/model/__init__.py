"""The model of the custody protocol, and Spin, which searches it exhaustively."""
