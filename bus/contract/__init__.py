"""The wire contract: the messages that centers exchange, their envelope, and which role may send what."""
