"""Attachments: files that travel beside a case, kept by their hash."""
