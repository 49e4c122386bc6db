"""Appointments: rules as data, free slots, booking that the database itself guards, calendar files, mail, reminders.

May import ``knowledge`` and ``storage``; knows neither Rasa nor the web. Dates in Italian are in `dates`.

Units of work (``unit(connection, step, …)``, results are JSON, so they fit `ActionContext.once` and ``read``); a
`history.Step` says who acts, where and when: ``Step.at(clock, channel, conversation=id)``.

- `calendar`: ``free_slots`` (list of local moments), ``why_not`` (why a time or a day cannot be had), ``stored_rules``
- `slots.nearest(slots, wished, accept=…)`: the three nearest; pure
- `booking`: ``hold`` → ``confirm`` (by the id in the held appointment), ``release_hold``, ``cancel``, ``move``;
  outcomes are listed at `booking.Outcome`; `views`: ``open_appointments`` and ``held_start`` (of the conversation)
- `access.find_by_code`: the appointment of a typed code, with the limit on wrong tries; `codes.found_code(text)`
- `contacts`: ``parsed_name``, ``parsed_contact``, ``parsed_reason`` raise ``Invalid(problem)``
- `calendar_files.calendar_file`, `notices` and `mail` (confirmations, reminders), `delivery` (the job that sends them)
"""
