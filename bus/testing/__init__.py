"""Test tools for third parties: for an adapter, a transport or a center of their own."""
