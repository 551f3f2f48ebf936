"""Rules about connections, pools and what might be kept away from the server."""
