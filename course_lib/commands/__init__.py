"""`python -m course_lib`: one command a file."""
