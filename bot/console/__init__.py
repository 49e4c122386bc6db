"""The staff console: server-rendered pages under ``/console``, their accounts, roles and live updates.

Imported by ``bot.app`` (wiring) and ``bot.commands``; may import ``conversations`` and everything below,
never a channel. Each route declares its permission (``routing``), or the application does not start.
"""
