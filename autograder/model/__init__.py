"""What is graded, as plain data: the course, submissions, results."""
