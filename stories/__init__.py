"""The stories of the four centers, from their people's view: played by the demo and by the journey tests."""
