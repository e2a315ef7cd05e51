"""The model of the custody protocol, and the Spin model checker, which searches it exhaustively."""
