"""The training loop and what it needs: stopping, resuming, fine-tuning, the guard against collapse."""
