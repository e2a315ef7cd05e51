"""What travels: the messages that centers exchange, their envelope, and the rules of who may say what."""
