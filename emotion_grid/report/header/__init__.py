"""The report's first screen: the answer, significant differences, the study in numbers, and warnings."""
