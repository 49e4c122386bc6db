"""Appointments: understanding Italian dates (`dates`), booking rules. May import ``knowledge`` and ``storage``."""
