"""The laboratory: the bundled repository, its Git server with faults, and a pipeline that only waits."""
