"""What Acme has agreed on."""
