"""The website's channel: WebSocket, its HTTP fallback, the widget's files and the demonstration pages (docs/websocket.md).

Imported by ``bot.app`` alone; imports ``bot.conversations`` and what is below it.
"""
