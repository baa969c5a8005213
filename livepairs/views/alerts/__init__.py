"""The alerts page and the bell: history, rules with their rehearsal, delivery, and one event explained."""
