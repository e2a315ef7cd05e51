"""接诉即办指挥中心 · command center: tickets of residents, dispatched to whoever must act at once."""
