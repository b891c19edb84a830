"""What `make grade` is made of: walls, fresh questions, marks and pages."""
