"""What a running `play` is doing, for another program to show: `lstm-composer monitor`."""
