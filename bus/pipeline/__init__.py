"""The flow of a case through a center, one file a step: intake, relay, receive, handle."""
