"""Every network of the course, and how each is loaded from its weights."""
