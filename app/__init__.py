"""PushPull: one control plane for pushed and pulled environments."""

__version__ = "0.2.0"
