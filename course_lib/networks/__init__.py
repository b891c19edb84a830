"""Every network of the course, with its loss and the loading of its weights."""
