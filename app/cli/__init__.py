"""The command line: a client of the REST API, the server's commands, and the offline verifier."""
