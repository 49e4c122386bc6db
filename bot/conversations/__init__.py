"""The life of a message: inbox, turn, stored answer. May import ``assistant`` and what lies below; never a channel."""
