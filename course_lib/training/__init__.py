"""The loop that trains every network, what it learns from, and each one's recipe."""
