"""What the operating system gives: processes, threads, priorities, files, streams, the terminal."""
