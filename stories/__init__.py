"""The stories of the four centers, as their people live them: played by the demo and by the tests of journeys."""
