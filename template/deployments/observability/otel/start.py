    instrument()
