"""The plug-pulling suite: what can go wrong goes wrong, at random, over the real stack. docs: `make chaos`."""
