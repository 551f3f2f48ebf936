"""Rules about the settings of the server."""
