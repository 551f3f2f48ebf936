"""Rules about locks, queues and workers."""
