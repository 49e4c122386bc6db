"""rasa_sdk actions, one module per topic: they read the tracker, ask the knowledge base, and word the answer.

May import ``knowledge``, ``bot.appointments`` and ``bot.storage``; never ``rasa``, never a channel.
"""
