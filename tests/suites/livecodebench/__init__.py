"""Problems of our own in LiveCodeBench's official format, with answers in its official formats."""
