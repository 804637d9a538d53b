"""Operations: what they do, what they refuse, and what an attacker makes of them."""
