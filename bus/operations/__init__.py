"""What operators do: look at the backlog, replay, discard, erase, prove, measure."""
