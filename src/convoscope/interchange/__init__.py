"""Files of other programs. Whatever they say, none of their code is run, and what they may claim is bounded."""
