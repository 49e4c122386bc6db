"""Finding the record and the fact that answer a question. Pure search: no wording, no dialogue."""
