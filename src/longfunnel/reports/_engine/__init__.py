"""The machinery that every report stands on: the question, the statement, the answer."""
