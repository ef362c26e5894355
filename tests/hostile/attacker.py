# The first cell of every hostile notebook: what an attacker knows, and how a case tells of its success.

TARGETS = {}


def attempt(what, function, *arguments):
    """Try something that must be refused, and say how it went."""
    try:
        got = function(*arguments)
    except BaseException as error:
        print(f"refused: {what}: {type(error).__name__}: {str(error)[:200]}", flush=True)
        return None
    print(f"SUCCEEDED: {what}: {got!r}"[:1000], flush=True)
    return got


def system_call(number, *arguments):
    """Make a system call that the C library may not know."""
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(each) if isinstance(each, int) else each for each in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read(path):
    """Return the beginning of a file."""
    with open(path, "rb") as file:
        return file.read(300)
