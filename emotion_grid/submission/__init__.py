"""What is handed in to SemEval-2025 Task 11: the answers of one row of the comparison to the task's test texts."""
