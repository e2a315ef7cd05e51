"""The HTTP server of a center: forms and attachments in, health and metrics out."""
