"""Alarms: a finding that lasts becomes an incident, of which receivers are told by webhook and by mail."""
