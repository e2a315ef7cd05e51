"""What third parties need to test an adapter, a transport or a center of their own."""
