"""mapscope for Python: what the gdb and lldb front-ends share. Imports neither of them, and nothing from outside the
standard library."""

# Status of the last map-... command (commands.md, section 7): 0 yes, 1 no, 2 wrong usage, 3 failed, 4 partial.
status: int = 0
