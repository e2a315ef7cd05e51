"""The release before beside the present program."""
