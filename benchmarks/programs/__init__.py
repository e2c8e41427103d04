"""What runs in the peers' environments; each program imports its own library only."""
