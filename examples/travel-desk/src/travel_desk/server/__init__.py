"""What is served over HTTP and WebSocket: it begins runs, and reads their logs."""
