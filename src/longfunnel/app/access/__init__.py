"""Who may enter and what they may ask: accounts, the second factor, rights, and the seal on secrets."""
