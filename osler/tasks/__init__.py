"""What a person asks for; the only place where medical choices are made."""
