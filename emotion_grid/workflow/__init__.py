"""What the Snakefile and its rules ask for: the study of a start, the inputs, options and resources of rules, and the image."""
