"""How large indexes will be when they are built."""
