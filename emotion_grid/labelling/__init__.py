"""People who label the texts of a study on a page: the order of the texts, their answers, the page, and tables of what they said."""
