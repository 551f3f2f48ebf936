"""The only package that talks to the user's server."""
