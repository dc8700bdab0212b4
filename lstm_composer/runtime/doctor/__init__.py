"""What this machine has for playing, and what is missing: found out, and said in words."""
