"""From notes to messages at their time: scheduler, dispatcher, clock out, and what is kept of it."""
