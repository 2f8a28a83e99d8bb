"""The report page, the paper's tables and figures, and model cards."""
