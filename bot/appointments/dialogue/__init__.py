"""What is said while an appointment is made, moved or cancelled: reading a message, choosing slots, the next question.

Pure: no database, no Rasa. `reading` reads a message, `names` finds names in it, `wishes` chooses among free slots,
`planner` says what to ask next. May import `dates`, `codes`, `contacts`, `rules`; imported by actions.
"""
