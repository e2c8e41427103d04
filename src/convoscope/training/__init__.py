"""Training: optimizers, schedules, losses, metrics, checks of data, callbacks, and the loop that joins them."""
